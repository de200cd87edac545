"""Tools of languages that build, test, run and fetch, all in one."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "cargo": Tool(
        """
        add --dev|--build : dependency@dev
        add : @cargo-added
        remove|rm --dev : dependency@dev/removed
        remove|rm : dependency@runtime/removed
        install --list : read
        install --git : dependency@system/unusual source
        install : dependency@system
        uninstall : dependency@system/removed
        update : dependency@runtime/updated
        publish --dry-run : read
        publish : deploy/package
        yank|owner : deploy/package
        login|logout : credential/write
        run|r : @run
        fetch|generate-lockfile|vendor : dependency@declared
        new|init : write@project
        clean : run-code@project/clean
        search|tree|metadata|locate-project|pkgid|verify-project|read-manifest|info|report|version|audit|\
        outdated|deny|license|geiger|bloat|expand|machete|udeps|semver-checks|msrv : read
        test|t|bench|nextest|tarpaulin|llvm-cov|insta|mutants|fuzz|miri|criterion|hack|careful : run-code@project/test
        build|b|check|c|clippy|fmt|doc|d|rustc|rustdoc|fix|package|xtask|watch|make|wasi|ndk|zigbuild|cross|\
        dist|binstall-none|component|leptos|tauri|espflash|embed|flamegraph|sort|edit|careful|config|deb|\
        readme|rdme|spellcheck|sweep : run-code@project
        binstall : dependency@system
        release --execute|-x : deploy/package
        release : read
        sqlx|diesel : migration
        shuttle|lambda : deploy
        """,
        values="""
            -p --package --features -F --bin --example --test --bench --target --target-dir --manifest-path
            --message-format -j --jobs --profile --branch --tag --rev --git --path --registry --index --root
            --version --color -Z --config --rename --exclude --vers --token
            """,
        flags="--dev --build --release --all --workspace --dry-run",
        dry="--dry-run",
    ),
    "rustup": Tool(
        """
            show|which|doc|man|--version|check : read
            target|component|toolchain list : read
            self uninstall : dependency@system/removed
            run : @rustup-run
            default|override|set : write@home/toolchain
            : dependency@system
            """
    ),
    "go": Tool(
        """
        get -tool : dependency@dev
        get : dependency@runtime
        install ~*@* : dependency@system
        install : run-code@project/build
        run : @run
        mod download|verify|graph|why : dependency@declared
        mod tidy : dependency@declared
        mod edit : dependency@runtime
        mod init|vendor : write@project
        work : write@project
        test : run-code@project/test
        build|vet|fmt|generate|fix|tool : run-code@project
        env -w|-u : write@home
        doc|list|env|version|help|bug|telemetry : read
        clean -modcache : delete@generated
        clean : run-code@project/clean
        """,
        values="""
            -o -run -bench -count -timeout -coverprofile -tags -ldflags -gcflags -exec -toolexec -mod -modfile
            -p -C -benchtime -cpu -parallel -covermode -coverpkg -memprofile -cpuprofile -outputdir -vettool
            -overlay -pgo
            """,
        shells="-exec -toolexec -vettool",
        flags="-v -u -x -n -race -short -json -a -i -cover -w -all -src -benchmem -failfast -html",
        single=True,
        help="-help",
    ),
    "bazel": Tool(
        """
            clean --expunge : delete@generated
            run : run-code@project
            query|info|version|help|cquery|aquery : read
            : run-code@project
            """
    ),
    "cmake": Tool(
        """
            + --install : write@system/install
            -E rm|remove|remove_directory|rm : deletes
            -E copy|copy_directory|rename|touch|make_directory|echo|env : write@project
            -P : code
            : run-code@project/build
            """,
        values="-B -S -G -D -C -P_ -T -A --build --preset --target -t --config --install --prefix -j",
    ),
    "dotnet": Tool(
        """
        add package|reference : dependency@runtime
        add * package : dependency@runtime
        package add|update : dependency@runtime
        package search|list : read
        remove package : dependency@runtime/removed
        remove * package : dependency@runtime/removed
        package remove : dependency@runtime/removed
        list|--info|--version|--list-sdks|--list-runtimes|sln : read
        tool install|update -g|--global : dependency@system
        tool install|update : dependency@dev
        tool restore|list|run : dependency@declared
        tool uninstall : dependency@system/removed
        ef database update : migration
        ef database drop --dry-run : read
        ef database drop : data-destroy
        ef migrations list|script|has-pending-model-changes : read
        ef migrations : migration
        ef dbcontext : read
        nuget push|delete : deploy/package
        nuget add|update|remove|enable|disable source : security-config/package source
        nuget locals : delete@generated
        restore : dependency@declared
        workload restore : dependency@declared
        workload install|update : dependency@system
        user-secrets list|set|remove|clear : credential/write
        user-secrets : credential/write
        dev-certs : security-config/certificates
        new|sln|format : write@project
        publish|pack|build|test|run|watch|msbuild|clean|vstest : run-code@project
        help : read
        """,
        values="""
            -c --configuration -f --framework -o --output -v --verbosity -s --source --project -p
            --startup-project --version -r --runtime --filter --context --connection
            """,
    ),
    "nuget": Tool(
        """
            install|update : dependency@runtime
            push|delete : deploy/package
            restore : dependency@declared
            sources|setapikey : security-config/package source
            : read
            """
    ),
    "flutter": Tool(
        """
            pub add --dev : dependency@dev
            pub add ~dev:* : dependency@dev
            pub add|remove|upgrade|downgrade : dependency@runtime
            pub get|outdated|deps : dependency@declared
            pub publish --dry-run : read
            pub publish : deploy/package
            upgrade|downgrade|channel : dependency@system
            doctor|devices|emulators|--version|analyze|config : read
            clean : run-code@project/clean
            : run-code@project
            """,
        values="-d --target -t --flavor",
    ),
    "dart": Tool(
        """
            pub add --dev : dependency@dev
            pub add ~dev:* : dependency@dev
            pub add|remove|upgrade|downgrade : dependency@runtime
            pub global|publish : dependency@system
            pub : dependency@declared
            format|fix : write@project/format
            analyze|info|doc : read
            : run-code@project
            """
    ),
    "swift": Tool(
        """
            package resolve|update|show-dependencies|describe|dump-package : dependency@declared
            package : run-code@project
            : run-code@project
            """
    ),
    "mix": Tool(
        """
            deps.get|deps.compile|deps|deps.tree|hex.outdated : dependency@declared
            deps.update|deps.unlock : dependency@runtime/updated
            ecto.drop|ecto.reset : data-destroy
            ecto.migrate|ecto.rollback|ecto.create|ecto.setup|ecto.load|ecto.gen.migration : migration
            ecto.migrations|ecto.dump : read
            hex.publish : deploy/package
            phx.gen.secret : credential/write
            archive.install|local.hex|local.rebar|escript.install : dependency@system
            release|compile|test|format|credo|dialyzer|docs|help|phx.server|phx.routes|run|xref : \
            run-code@project
            : run-code@project
            """,
        values="-e",
    ),
    "rebar3": Tool("hex publish : deploy/package\n: run-code@project"),
    "sbt": Tool("~publish*|*/publish : deploy/package\n: run-code@project"),
    "bundle": Tool(
        """
            add --group=dev*|-g=dev*|--group=test|--group=*test* : dependency@dev
            add : dependency@runtime
            remove : dependency@runtime/removed
            update : dependency@runtime/updated
            exec : @bundle-exec
            install|check|lock|cache|package|pristine|binstubs : dependency@declared
            config : security-config/package source
            list|show|info|outdated|audit|licenses|viz|platform|env|doctor|open : read
            clean : delete@generated
            init|gem : write@project
            $ : dependency@declared
            """,
        values="--group -g --version -v --source --git --path --jobs -j --gemfile --without --with",
    ),
    "jupyter": Tool(
        """
            kernelspec|--version|--paths list : read
            kernelspec remove|uninstall : delete@home
            notebook|lab|server list : read
            nbconvert --execute : run-code@project
            : run-code@project
            """
    ),
    "virtualenv": Tool(": write@project/environment"),
    "pyenv": Tool(
        "install|uninstall : dependency@system\nexec : runs\nglobal|local|shell|rehash : write@project\n: read"
    ),
    "rbenv": Tool(
        "install|uninstall : dependency@system\nexec : runs\nglobal|local|shell|rehash : write@project\n: read"
    ),
    "nodenv": Tool("install|uninstall : dependency@system\nexec : runs\n: read"),
    "nvm": Tool("install|uninstall|alias|reinstall-packages : dependency@system\nexec|run : runs\n: read"),
    "fnm": Tool("install|uninstall|default : dependency@system\nexec : runs\n: read"),
    "volta": Tool("install|uninstall|pin|fetch : dependency@system\nrun : runs\n: read"),
    "n": Tool("ls|list|ls-remote|lsr|which|--version : read\n: dependency@system"),
    "corepack": Tool(": dependency@declared"),
    "asdf": Tool(
        """
            plugin add|remove|update : dependency@system
            install|uninstall : dependency@system
            exec : runs
            global|local|set|reshim : write@project
            : read
            """
    ),
    "mise": Tool(
        """
            install|i|use|uninstall|upgrade|plugins : dependency@system
            exec|x : @after-dashes
            run|r * : run-code@project/task
            trust : security-config/trust
            : read
            """
    ),
    "sdk": Tool(
        "install|uninstall|upgrade|update|selfupdate : dependency@system\nuse|default|env : write@home\n: read"
    ),
}
