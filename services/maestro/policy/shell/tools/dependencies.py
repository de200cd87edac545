"""Package managers of systems and languages that a table is enough for."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_APT = Tool(
    """
    +--allow-unauthenticated|--allow-insecure-repositories|--force-yes|\
    --allow-downgrade-to-insecure-repositories : security-config/checks turned off
    search|show|list|policy|depends|rdepends|changelog|showsrc|showpkg|stats|moo|madison|download|source|\
    check|indextargets|showhold|showmanual : read
    add|edit-sources : security-config/package source
    autoclean|clean : delete@generated
    : dependency@system
    """,
    values="-o -c -t --target-release --option",
    dry="-s --simulate --dry-run --just-print --no-act",
    flags="-y --yes -q --quiet --no-install-recommends --fix-broken --reinstall -f",
)
_DNF = Tool(
    """
    +--nogpgcheck|--no-gpg-checks|--allow-unsigned-rpm : security-config/checks turned off
    search|info|list|changelog|repolist|provides|repoquery|check-update|history|deplist|makecache|help : read
    group|module|modules list|info : read
    config-manager|copr : security-config/package source
    clean : delete@generated
    --import : security-config/trust
    : dependency@system
    """,
    values="-c --enablerepo --disablerepo --repo --installroot -x --exclude --setopt --releasever",
    dry="--assumeno",
)
_PACMAN = Tool(
    """
    -Q|-Qi|-Ql|-Qs|-Qo|-Ss|-Si|-Sl|-F|-V|-T|-Qe|-Qdt|--query|--version : read
    -S -s : read
    -S -i : read
    -S|-R|-U|--sync|--remove|--upgrade|-D : dependency@system
    : dependency@system
    """,
    values="--config --dbpath --root -r -b --cachedir --ignore",
    dry="-p --print",
)
_BREW = Tool(
    """
    -S|--prefix|--cellar|--cache|--caskroom|--repository|--repo|--config|--env|--version : read
    tap-info|homepage|fetch|dr|ls|abv|--prefix|list|info|search|deps|uses|outdated|doctor|config|home|desc|\
    leaves|log|cat|formulae|casks|options|missing|commands|shellenv|--prefix|--cellar|--cache|help|analytics|\
    audit|style|readall|livecheck : read
    services list|info : read
    services : service
    bundle dump|check|list : read
    bundle cleanup -f|--force : dependency@system/removed
    bundle : dependency@declared
    cleanup|autoremove -n|--dry-run : read
    cleanup : delete@generated
    tap $ : read
    link|unlink|pin|unpin|switch : write@system
    : dependency@system
    """,
    values="-f_ --cask_ --file --appdir",
    flags="--cask --formula --force -f --zap",
    dry="-n --dry-run",
)

TOOLS: dict[str, Tool] = {
    **dict.fromkeys("apt apt-get aptitude nala apt-cache apt-file apt-mark apt-fast".split(), _APT),
    "add-apt-repository": Tool(": security-config/package source"),
    "apt-add-repository": Tool(": security-config/package source"),
    "apt-key": Tool("list|finger|export : read\n: security-config/trust"),
    "dpkg": Tool(
        """
            -l|-L|-s|-S|-I|-c|--list|--listfiles|--status|--search|--info|--contents|--print-architecture|\
            -p|--get-selections|--compare-versions|-V|--verify|--audit : read
            : dependency@system
            """
    ),
    "dpkg-query": Tool(": read"),
    "dpkg-reconfigure": Tool(": dependency@system"),
    "dpkg-deb": Tool(": write@project"),
    **dict.fromkeys("dnf yum microdnf dnf5 tdnf zypper urpmi rpm-ostree".split(), _DNF),
    "rpm": Tool(
        """
            -q|-qa|-qi|-ql|-qf|--query|-V|--verify|-K|--checksig : read
            --import|-e=x : security-config/trust
            : dependency@system
            """,
        values="--root --dbpath",
        dry="--test",
        help="--help",
        shells="--pipe",
    ),
    "zypper": Tool(
        """
            search|se|info|if|list-updates|lu|repos|lr|packages|pa|patterns|pt|refresh|ref|what-provides|\
            verify|ps : read
            addrepo|ar|removerepo|rr|modifyrepo|mr : security-config/package source
            clean|cc : delete@generated
            : dependency@system
            """,
        dry="--dry-run -D",
    ),
    "apk": Tool(
        """
            info|search|list|version|policy|stats|audit|verify|dot|manifest|fetch : read
            cache clean : delete@generated
            : dependency@system
            """,
        values="-p --root -X --repository -t --virtual --cache-dir",
        dry="-s --simulate",
    ),
    **dict.fromkeys("pacman yay paru pamac trizen aura".split(), _PACMAN),
    "brew": _BREW,
    "port": Tool(
        """
            search|info|list|installed|deps|contents|variants|outdated|provides : read
            clean : delete@generated
            : dependency@system
            """
    ),
    "choco": Tool(
        """
            search|list|info|outdated|find|config : read
        source list|get : read
            source|apikey : security-config/package source
            : dependency@system
            """,
        dry="--noop --whatif",
    ),
    "scoop": Tool(
        """
            search|list|info|status|which|home|cat|config : read
        bucket list|known : read
            cache rm : delete@generated
            : dependency@system
            """
    ),
    "winget": Tool("search|list|show|source|features|validate|hash : read\n: dependency@system"),
    "snap": Tool(
        """
            list|find|info|version|changes|services|connections|interfaces|logs|known|warnings : read
            connect : security-config/rights
            restart|start|stop : service
            : dependency@system
            """
    ),
    "flatpak": Tool(
        """
            list|search|info|remotes|history|ps|remote-ls|remote-info : read
            remote-add|remote-delete|remote-modify : security-config/package source
            override|permission-set : security-config/rights
            run : unknown
            kill : service
            : dependency@system
            """
    ),
    "nix-env": Tool(
        "-q|--query|--list-generations : read\n--delete-generations : delete@system\n: dependency@system",
        values="-f -A -p",
        dry="--dry-run",
    ),
    "nix": Tool(
        """
        registry add|remove|pin : write@home
        store gc|delete : delete@system
        flake update|lock : dependency@runtime/updated
            search|show-config|eval|flake|path-info|log|why-depends|store|doctor|derivation|registry : read
            profile install|remove|upgrade|add : dependency@system
            run|shell ~github:*|git*|http* : opaque/remote
            store gc|delete : delete@system
            : run-code@project
            """
    ),
    "nix-shell": Tool("--run|--command|-p|--packages : run-code@project\n: run-code@project", shells="--run --command"),
    "nix-build": Tool(": run-code@project"),
    "nix-store": Tool("-q|--query|--verify : read\n--delete|--gc : delete@system\n: write@system"),
    "nix-collect-garbage": Tool("--dry-run : read\n: delete@system"),
    "nix-channel": Tool("--list : read\n: dependency@system"),
    "nixos-rebuild": Tool("dry-run|dry-build|dry-activate|build : read\n: dependency@system"),
    "home-manager": Tool("build|generations|packages|news|option : read\n: dependency@system"),
    "guix": Tool("search|show|size|describe|lint : read\n: dependency@system"),
    "emerge": Tool("--search|-s|--info|-p|--pretend : read\n: dependency@system"),
    "xbps-install": Tool("-n|--dry-run : read\n: dependency@system"),
    "xbps-remove": Tool(": dependency@system"),
    "xbps-query": Tool(": read"),
    "pkg": Tool(
        "info|search|query|version|audit|which|stats|rquery : read\nclean : delete@generated\n: dependency@system",
        dry="-n --dry-run",
    ),
    "pkg_add": Tool(": dependency@system"),
    "pkg_delete": Tool(": dependency@system"),
    "opkg": Tool("list|list-installed|info|files|search|find : read\n: dependency@system"),
    "softwareupdate": Tool("-l|--list|--history : read\n: dependency@system"),
    "mas": Tool("list|search|info|outdated|account : read\n: dependency@system"),
    "xcode-select": Tool("-p|--print-path|-v : read\n: dependency@system"),
    "eopkg": Tool("search|info|list-installed|li : read\n: dependency@system"),
    "swupd": Tool("search|info|bundle-list : read\n: dependency@system"),
    "gem": Tool(
        """
            list|search|info|specification|contents|dependency|environment|outdated|query|which|stale|help|\
            check|server|rdoc|fetch|unpack|list|environment|help : read
            sources -l|--list : read
            sources -a|--add|-r|--remove : security-config/package source
            push|yank : deploy/package
            owner|signin|signout|cert : credential/write
            build : write@project
            cleanup -n|--dryrun : read
            uninstall|cleanup : dependency@system/removed
            exec : @package-runner
            : dependency@system
            """,
        values="-v --version -i --install-dir -P -s --source",
        dry="--explain",
    ),
    "composer": Tool(
        """
            require --dev : dependency@dev
            require|req : dependency@runtime
            remove|rm --dev : dependency@dev/removed
            remove|rm : dependency@runtime/removed
            update|upgrade|u --lock : dependency@declared
            update|upgrade|u : dependency@runtime/updated
            global require|install|update|remove : dependency@system
            install|i|dump-autoload|dumpautoload|check-platform-reqs : dependency@declared
            config --auth|-a : credential/write
            config : write@project
            exec : @composer-exec
            run|run-script|test|lint : run-code@project
            self-update|selfupdate : dependency@system
            create-project : unknown
            clear-cache : delete@generated
            : read
            """,
        values="-d --working-dir",
        dry="--dry-run",
    ),
    "pear": Tool("list|search|info : read\n: dependency@system"),
    "pecl": Tool("list|search|info : read\n: dependency@system"),
    "cpan": Tool("-l|-D|-O|-v : read\n: dependency@system"),
    "cpanm": Tool("--installdeps : dependency@declared\n--info : read\n: dependency@runtime"),
    "carton": Tool("install : dependency@declared\nexec : runs\n: dependency@runtime"),
    "luarocks": Tool(
        """
            list|search|show|which|path|config : read
            upload : deploy/package
            make|build|lint : run-code@project
            : dependency@runtime
            """
    ),
    "opam": Tool("list|show|search|info|env|switch|config|var : read\n: dependency@runtime"),
    "hex": Tool(": dependency@runtime"),
    "raco": Tool("pkg install|remove|update : dependency@runtime\n: run-code@project"),
    "cabal": Tool(
        "install : dependency@system\nupdate : read\nupload : deploy/package\nlist|info : read\n: run-code@project"
    ),
    "stack": Tool(
        """
            install : dependency@system
            upload : deploy/package
            exec : @after-dashes
            ls|list|path|query : read
            : run-code@project
            """
    ),
    "ghcup": Tool("list : read\n: dependency@system"),
    "juliaup": Tool("status : read\n: dependency@system"),
    "elm": Tool("install : dependency@runtime\npublish : deploy/package\n: run-code@project"),
    "bower": Tool(
        """
            install ~* : dependency@runtime
            install : dependency@declared
            list|info|search|lookup : read
            : dependency@runtime
            """
    ),
    "jspm": Tool("install : dependency@runtime\n: run-code@project"),
    "pod": Tool(
        """
            install : dependency@declared
            update : dependency@runtime/updated
            repo push : deploy/package
            trunk push : deploy/package
            lib|spec lint : read
            search|list|outdated|env : read
            : write@project
            """
    ),
    "carthage": Tool(
        "bootstrap|checkout|build|archive : dependency@declared\nupdate : dependency@runtime/updated\n: read"
    ),
    "vcpkg": Tool("list|search|version|help|depend-info : read\n: dependency@runtime"),
    "conan": Tool(
        """
            search|list|info|inspect|graph|profile|version : read
            install : dependency@declared
            upload : deploy/package
            remove : dependency@runtime/removed
            remote add|remove|set-user|login : security-config/package source
            : run-code@project
            """
    ),
    "helm-docs": Tool(": write@project"),
    "ansible-galaxy": Tool(
        """
            list|search|info : read
            init|collection|role init|build|list : write@project
            ~-r|requirements* : dependency@declared
            collection|role install : dependency@runtime
            publish : deploy/package
            install : dependency@runtime
            : dependency@runtime
            """
    ),
    "krew": Tool("list|search|info : read\n: dependency@system"),
    "code-extension": Tool(": dependency@system"),
    "ng": Tool(
        """
            add : dependency@runtime
            update $ : read
            update : dependency@runtime/updated
            deploy : deploy
            : run-code@project
            """
    ),
    "expo": Tool("install : dependency@runtime\npublish : deploy\nlogin|logout : credential/write\n: run-code@project"),
    "eas": Tool(
        "submit|update|deploy : deploy\nbuild : money/build\nsecret|credentials|login : credential/write\n: read"
    ),
    "shards": Tool("install|check|list : dependency@declared\nupdate : dependency@runtime/updated\n: run-code@project"),
    "nimble": Tool("install : dependency@runtime\npublish : deploy/package\n: run-code@project"),
    "pkgx": Tool(": unknown"),
    "devbox": Tool("add|rm|update : dependency@dev\nrun : @after-first\n: run-code@project"),
    "pip-compile": Tool(": dependency@declared", values="-o --output-file", writes="-o --output-file"),
    "pip-sync": Tool(": dependency@declared"),
    "easy_install": Tool(": dependency@runtime"),
    "ncu": Tool("-u|--upgrade : dependency@runtime/updated\n: read"),
    "npm-check": Tool("-u|--update|-y|--update-all : dependency@runtime/updated\n: read"),
    "npm-check-updates": Tool("-u|--upgrade : dependency@runtime/updated\n: read"),
    "degit": Tool(": git-remote/fetch"),
    "tlmgr": Tool("info|search|list : read\n: dependency@system"),
    "R-install": Tool(": dependency@runtime"),
}
