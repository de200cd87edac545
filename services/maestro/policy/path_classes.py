"""Which paths mean more than their bytes? Patterns by class, as a person would write them.

A pattern without a slash is a file's name anywhere; one with a slash is the end of a path; one that begins with `/` or
`~/` stands where it says. `*` stays within one name, `**` does not; `/**` at the end also means the folder itself.
Letters match in either case, since some file systems do not tell them apart. `?` stands for a space, too.
"""

from __future__ import annotations

from typing import Literal

PathClass = Literal[
    "credential",
    "public-key",
    "guard",
    "start-up",
    "hook",
    "git-internal",
    "security",
    "audit-log",
    "personal",
    "production-data",
    "backup",
    "ci",
    "container",
    "deployment",
    "migration",
    "auth",
    "api",
    "architecture",
    "manifest",
    "lock-file",
    "package-source",
    "editor-task",
    "docs",
    "test",
    "source",
    "generated",
]

_BY_CLASS: dict[PathClass, str] = {
    "public-key": """
        *.pub *.crt *.cer known_hosts allowed_signers *.example *.sample *.template *.dist *.example.* *.sample.*
        *.template.* .env-example .env-sample *.pub.pem ~/.ssh/config ~/.gnupg/pubring.* cacert.pem ca-bundle.*
        /etc/ssl/certs/** .env.schema
    """,
    "credential": """
        .env .env.* *.env .envrc .flaskenv.local .dev.vars ~/.ssh/** .ssh/** id_rsa id_dsa id_ecdsa id_ed25519
        id_ed25519_sk id_ecdsa_sk *_rsa *_ed25519 *_ecdsa *.pem ?*.key *.ppk *.p8 *.p12 *.pfx *.jks *.keystore *.kdbx
        *.kdb *.agekey *.gpgkey *.asc.key *.keytab *.ovpn wallet.dat *.wallet .gnupg/** .password-store/**
        *.keychain *.keychain-db keychains/** keyrings/** .netrc _netrc .authinfo .authinfo.gpg .git-credentials
        git/credentials .pgpass pgpass.conf .my.cnf .mylogin.cnf .pypirc .npmrc .yarnrc.yml .dockercfg .htpasswd
        .docker/config.json .podman/auth.json containers/auth.json .kube/** kubeconfig *.kubeconfig
        /etc/kubernetes/*.conf /etc/rancher/**/*.yaml /var/run/secrets/** /run/secrets/** .aws/credentials
        .aws/config .aws/sso/** .aws/cli/cache/** .boto .s3cfg s3cmd.ini .config/gcloud/**
        application_default_credentials.json service-account*.json service_account*.json serviceaccount*.json
        *-sa-key.json gcp-key*.json firebase-adminsdk*.json client_secret*.json .azure/** .oci/** .aliyun/**
        .bluemix/** .config/doctl/** .config/hcloud/** .linode-cli .config/gh/hosts.yml .config/hub
        .config/glab-cli/** .config/configstore/** .config/netlify/** .fly/config.yml .cloudflared/**
        .wrangler/config/** .vercel/auth.json .local/share/com.vercel.cli/** .vault-token .vault_pass
        .vault_pass.txt .vault-password vault-password* .op/** .config/op/** .config/sops/** .config/age/**
        .config/rclone/** rclone.conf .databrickscfg .snowsql/config .snowflake/** .dbt/profiles.yml
        .pulumi/credentials.json .terraformrc .terraform.d/credentials.tfrc.json terraform.rc *.tfstate
        *.tfstate.backup *.auto.tfvars secret*.tfvars .cargo/credentials .cargo/credentials.toml .gem/credentials
        .bundle/config ~/.m2/settings*.xml ~/.gradle/gradle.properties .composer/auth.json auth.json
        .nuget/nuget.config .config/pypoetry/auth.toml .jupyter/jupyter_*_config.json .kaggle/kaggle.json
        kaggle.json .huggingface/token .cache/huggingface/token .config/huggingface/** .claude/.credentials.json
        .gemini/oauth_creds.json .codex/auth.json .config/github-copilot/** .local/share/opencode/auth.json
        credentials credentials.json credentials.y*ml credentials.toml credentials.ini credentials.csv
        credentials.xml credentials.db accesskeys.csv *_accesskeys.csv rootkey.csv passwords.txt passwords.csv
        password.txt passwd.txt *.secret *.secrets secret.json secret.y*ml secrets.json secrets.y*ml secrets.toml
        secrets.ini secrets.env secrets.properties secret.txt secrets.txt secrets/*.txt secrets/*.json
        secrets/*.y*ml secrets/*password* secrets/*token* secrets/*.env .secrets/** secrets.local.* master.key
        config/master.key .credentials/** jwt_secret* token.json tokens.json token.pickle oauth_token* .token
        access_token* refresh_token* api_key.txt apikey.txt api-keys.* .api_key .streamlit/secrets.toml
        local.settings.json wp-config.php krb5cc_* /etc/shadow* /etc/gshadow* /etc/master.passwd /etc/krb5.keytab
        /etc/ssl/private/** /etc/ssh/ssh_host_*_key /etc/security/opasswd /etc/ppp/*-secrets /etc/wireguard/**
        /etc/openvpn/** /etc/letsencrypt/** /etc/networkmanager/system-connections/** /proc/*/environ /proc/*/mem
        /proc/kcore /dev/mem /dev/kmem /var/lib/sss/** ntds.dit windows/system32/config/sam
        windows/system32/config/system windows/system32/config/security microsoft/credentials/**
        microsoft/protect/** login?data login?data?for?account logins.json key3.db key4.db cookies.sqlite
        cookies.binarycookies signons.sqlite .mozilla/** .config/google-chrome/** .config/chromium/** .electrum/**
        google/chrome/user?data/** bravesoftware/** .ethereum/keystore/** .bitcoin/** .config/solana/** .metamask/**
        .local/state/maestro/*.key .local/state/maestro/join/** operator.key .bash_history .zsh_history
        .psql_history .mysql_history .python_history .sh_history .node_repl_history .rediscli_history .irb_history
        fish_history consolehost_history.txt terraform.tfvars *prod*.tfvars id_rsa.* id_ed25519.* id_ecdsa.*
        credentials.*.json
    """,
    "guard": """
        .claude/agents/** .claude/commands/** .claude/skills/** .claude/plugins/** .claude/output-styles/**
        .codex/agents/** .codex/prompts/** .codex/skills/** .gemini/commands/** .gemini/extensions/**
        .cursor/commands/** .cursor/agents/** .opencode/agent/** .opencode/agents/** .opencode/command/**
        .opencode/commands/** .agents/skills/** .github/agents/** .github/prompts/** .github/chatmodes/** .devin/**
        .flow/maestro/** .config/maestro/** .local/state/maestro/** /etc/maestro/** .claude/settings*.json
        .claude/hooks/** .claude.json claude_desktop_config.json /etc/claude-code/**
        claudecode/managed-settings.json .mcp.json mcp.json mcp_settings.json .codex/config.toml .codex/rules/**
        .codex/hooks* .codex/*.rules .codex/requirements.toml .cursor/mcp.json .cursor/cli.json
        .cursor/cli-config.json .cursor/permissions.json .cursor/hooks.json .cursor/hooks/** .cursor/sandbox.json
        .cursorignore .windsurf/mcp_config.json .gemini/settings.json .gemini/policies/**
        .gemini/trustedfolders.json .gemini/hooks/** .geminiignore .qwen/settings.json .continue/permissions.yaml
        .continue/config.* .aider.conf.yml opencode.json opencode.jsonc .opencode/opencode.json* .config/opencode/**
        .opencode/plugin*/** .roo/mcp.json .roomodes .cline/** .kilocode/mcp.json .amp/settings.json .config/amp/**
        .config/goose/** .goose/** .crush.json crush.json .openhands/config.toml .openhands/hooks*
        .copilot/config.json .copilot/mcp-config.json .github/hooks/** .factory/settings.json .augment/settings.json
        .plandex/** .agents/permissions* .agents/hooks/** .dcg.toml .config/dcg/** .dcg/** .dippy .dippy/**
        .config/dippy/** .nah.y*ml .config/nah/** .shellfirm/** .config/shellfirm/** .tirith/** .config/tirith/**
        .safety-net.json .gitleaks.toml .gitleaksignore .secrets.baseline .trufflehog* .semgrepignore .trivyignore
        .snyk .nsprc .bandit .checkov.y*ml .tfsec/** osv-scanner.toml
    """,
    "start-up": """
        ~/.bashrc ~/.bash_profile ~/.bash_login ~/.bash_logout ~/.bash_aliases ~/.bash_env ~/.profile ~/.zshrc
        ~/.zshenv ~/.zprofile ~/.zlogin ~/.zlogout ~/.kshrc ~/.mkshrc ~/.cshrc ~/.tcshrc ~/.login ~/.logout ~/.env
        ~/.config/fish/** ~/.config/nushell/** ~/.oh-my-zsh/** ~/.xinitrc ~/.xsession ~/.xprofile ~/.xsessionrc
        ~/.pam_environment ~/.config/environment.d/** ~/.config/autostart/** ~/.config/systemd/**
        ~/.config/plasma-workspace/** ~/library/launchagents/** /library/launchagents/** /library/launchdaemons/**
        ~/.inputrc /system/library/launch*/** /library/startupitems/** /etc/profile /etc/profile.d/** /etc/bash*
        /etc/zsh/** /etc/zshenv /etc/zshrc /etc/csh.* /etc/environment /etc/environment.d/** /etc/rc.local
        /etc/rc*.d/** /etc/init.d/** /etc/init/** /etc/systemd/** /usr/lib/systemd/** /lib/systemd/** /etc/cron*
        /etc/cron*/** /var/spool/cron/** /etc/anacrontab /etc/at.* /etc/ld.so.* /etc/ld.so.conf.d/**
        /etc/update-motd.d/** /etc/xdg/autostart/** /etc/udev/** /etc/modules* /etc/modprobe.d/** /etc/inittab
        /etc/apt/apt.conf* /etc/apt/apt.conf.d/** /etc/dpkg/** /etc/yum/** /etc/logrotate.d/**
        /etc/networkmanager/dispatcher.d/** /etc/skel/** ~/.gitconfig ~/.config/git/config /etc/gitconfig ~/.hgrc
        ~/.vimrc ~/.config/nvim/** ~/.vim/** ~/.emacs ~/.emacs.d/** ~/.tmux.conf ~/.screenrc ~/.gdbinit ~/.lldbinit
        ~/.pythonrc ~/.pythonstartup ~/.irbrc ~/.pryrc ~/.rprofile ~/.ssh/rc ~/.ssh/config ~/.local/bin/** ~/bin/**
        ~/.config/powershell/** microsoft.powershell_profile.ps1 windowspowershell/** start?menu/programs/startup/**
        sitecustomize.py usercustomize.py site-packages/*.pth .envrc .gdbinit .autoenv /boot/** /efi/**
    """,
    "hook": """
        .git/hooks/** .husky/** .githooks/** githooks/** .git-hooks/** .hg/hgrc .pre-commit-config.y*ml
        .pre-commit-hooks.y*ml lefthook.y*ml .lefthook/** lefthook-local.y*ml .overcommit.yml .lintstagedrc*
        lint-staged.config.* .simple-git-hooks.* .git-templates/**
    """,
    "git-internal": """
        .git/**
    """,
    "security": """
        /etc/passwd* /etc/group* /etc/sudoers* /etc/sudoers.d/** /etc/doas.conf /etc/pam.* /etc/pam.d/**
        /etc/security/** /etc/ssh/** /etc/login.defs /etc/shells /etc/securetty /etc/nsswitch.conf /etc/hosts*
        /etc/resolv.conf /etc/selinux/** /etc/apparmor*/** /etc/audit/** /etc/audisp/** /etc/rsyslog*
        /etc/rsyslog.d/** /etc/syslog* /etc/fail2ban/** /etc/iptables/** /etc/nftables* /etc/ufw/**
        /etc/firewalld/** /etc/sysctl* /etc/sysctl.d/** /etc/polkit-1/** /usr/share/polkit-1/** /etc/ssl/**
        /etc/pki/** /etc/ca-certificates* /etc/ca-certificates/** /usr/local/share/ca-certificates/**
        /usr/share/ca-certificates/** /etc/crypto-policies/** /etc/krb5.conf /etc/ldap* /etc/ldap/** /etc/sssd/**
        /etc/exports /etc/fstab /etc/docker/** /etc/containerd/** /etc/kubernetes/** /etc/nginx/** /etc/apache2/**
        /etc/httpd/** /etc/postgresql/** /etc/mysql/** /etc/apt/** /etc/yum.repos.d/** /etc/xinetd* /etc/inetd.conf
        /proc/sys/** /sys/** authorized_keys authorized_keys2 .ssh/authorized_keys ~/.ssh/known_hosts ~/.rhosts
        /etc/hosts.equiv pg_hba.conf tcc.db codeowners windows/system32/drivers/etc/hosts
        library/preferences/com.apple.alf.plist .github/rulesets/**
    """,
    "audit-log": """
        /var/log/** /var/adm/** /var/run/utmp /run/utmp /private/var/log/** ~/.claude/projects/** audit.log
        audit.jsonl audit-log* auditlog* /var/db/diagnostics/**
    """,
    "personal": """
        ~/documents/** ~/pictures/** ~/photos/** ~/desktop/** ~/movies/** ~/music/** ~/videos/** ~/mail/**
        ~/maildir/** ~/.thunderbird/** ~/library/mail/** ~/library/messages/** ~/library/calendars/**
        ~/library/application?support/addressbook/** ~/.local/share/evolution/** ~/.config/signal/**
        ~/.config/slack/** ~/library/safari/** /var/mail/** /var/spool/mail/** chat.db places.sqlite
        ~/.local/share/telegramdesktop/** *.mbox *.pst *.vcf
    """,
    "production-data": """
        /var/lib/postgresql/** /var/lib/mysql/** /var/lib/mongo*/** /var/lib/redis/** /var/lib/docker/**
        /var/lib/etcd/** /var/lib/kubelet/** /var/lib/elasticsearch/** /var/lib/rabbitmq/** /srv/** *prod*.db
        *prod*.sqlite* *prod*.sql *prod*.dump *prod*.rdb production/**/*.csv
    """,
    "backup": """
        backups/** backup/** /var/backups/** *.bak.sql *.sql.gz *.sql.bz2 *.pgdump *.dump
    """,
    "ci": """
        .github/workflows/** .github/actions/** .github/dependabot.y*ml .gitlab-ci.y*ml .gitlab/ci/**
        .gitlab/**/*.y*ml .circleci/** jenkinsfile* *.jenkinsfile .jenkins/** azure-pipelines*.y*ml
        .azure-pipelines/** .azuredevops/** .travis.y*ml bitbucket-pipelines.y*ml .buildkite/** .drone.y*ml
        .drone.jsonnet appveyor.y*ml .appveyor.y*ml .woodpecker* .woodpecker/** cloudbuild*.y*ml buildspec*.y*ml
        .cirrus.y*ml .semaphore/** codemagic.y*ml .ci/** ci/*.y*ml .teamcity/** .tekton/** wercker.yml
        .forgejo/workflows/** .gitea/workflows/** action.y*ml renovate.json* .renovaterc* .github/renovate.json*
        .goreleaser.y*ml .releaserc* codecov.y*ml dagger.json ci/*.sh .github/scripts/** release-please-config.json
        .mergify.yml
    """,
    "container": """
        dockerfile dockerfile.* dockerfile-* *.dockerfile containerfile* *.containerfile docker-compose*.y*ml
        compose.y*ml compose.*.y*ml compose-*.y*ml docker-bake.* .dockerignore .devcontainer/** .devcontainer.json
        docker-entrypoint* entrypoint.sh vagrantfile *.pkr.hcl podman-compose*.y*ml *.container singularity
        *.def.sif apko.yaml docker/**/*.sh
    """,
    "deployment": """
        *.tf *.tf.json *.tfvars *.hcl terragrunt.hcl pulumi*.y*ml cdk.json cdk.context.json manifests/**/*.y*ml
        helm/** helmfile*.y*ml chart.y*ml kustomization.y*ml skaffold.y*ml tiltfile argocd/** fluxcd/**
        .ebextensions/** .platform/** serverless.y*ml serverless.ts template.y*ml samconfig.toml fly.toml
        vercel.json netlify.toml render.yaml procfile app.yaml app.json.heroku heroku.yml wrangler.toml
        wrangler.json* firebase.json .firebaserc firestore.rules storage.rules database.rules.json ansible/**/*.y*ml
        playbook*.y*ml site.y*ml ansible.cfg *.nomad nomad/** deploy/** deployment/** deployments/**
        *-deployment.y*ml *.service *.timer nginx.conf nginx/** caddyfile haproxy.cfg supervisord.conf infra/**
        terraform/** cloudformation/** bicep/** *.bicep crossplane/** okteto.yml deploy.sh deploy.y*ml deploy.json
        deploy.toml infrastructure/**/*.y*ml infrastructure/**/*.json charts/**/*.y*ml charts/**/*.tpl
        inventory/*.ini inventory/*.y*ml kubernetes/**/*.y*ml k8s/**/*.y*ml k8s/**/*.json railway.json railway.toml
        traefik.y*ml traefik.toml
    """,
    "migration": """
        migrations/** migration/** migrate/** alembic/** alembic.ini db/migrate/** db/schema.rb db/structure.sql
        prisma/schema.prisma schema.prisma *.prisma v[0-9]*__*.sql r__*.sql flyway* liquibase* changelog-master.*
        db/changelog/** changelogs/** schema.sql structure.sql *.up.sql *.down.sql sqitch.plan drizzle/**
        drizzle.config.* supabase/migrations/** *_migration.* *.migration.ts *-migration.* knexfile.* ormconfig.*
        schema/*.sql ddl/**
    """,
    "api": """
        openapi*.y*ml openapi*.json swagger*.y*ml swagger*.json asyncapi*.y*ml asyncapi*.json *.openapi.y*ml *.proto
        *.graphql *.graphqls *.gql *.thrift *.avsc *.avdl *.wsdl *.xsd *.raml *.smithy *.capnp *.fbs *.tsp
        *.schema.json api.yaml api.yml api.json routes.rb urls.py routes.php routes/*.php buf.yaml *.wit *.idl
    """,
    "architecture": """
        pnpm-workspace.y*ml go.work settings.gradle* rush.json docs/adr/** docs/adrs/** adr/** doc/adr/**
        .importlinter workspace.json module-federation.config.* workspace.bazel module.bazel
    """,
    "manifest": """
        pyproject.toml setup.py setup.cfg requirements*.txt requirements*.in requirements/*.txt requirements/*.in
        *-requirements.txt *_requirements.txt constraints*.txt pipfile environment.y*ml conda.y*ml package.json
        cargo.toml go.mod gemfile *.gemspec pom.xml build.gradle build.gradle.kts libs.versions.toml composer.json
        *.csproj *.fsproj *.vbproj packages.config directory.packages.props paket.dependencies mix.exs rebar.config
        deps.edn project.clj build.sbt package.swift podfile cartfile pubspec.y*ml deno.json* import_map.json
        bower.json jsr.json *.cabal stack.yaml shard.yml dub.json conanfile.* vcpkg.json cpanfile description.r
        elm.json flake.nix shell.nix default.nix brewfile apt.txt packages.txt manifest.in.deps jsonnetfile.json
        requirements.y*ml galaxy.yml
    """,
    "lock-file": """
        package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.y*ml bun.lock bun.lockb cargo.lock go.sum
        poetry.lock uv.lock pdm.lock pipfile.lock gemfile.lock composer.lock packages.lock.json podfile.lock
        package.resolved pubspec.lock mix.lock deno.lock flake.lock gradle.lockfile conda-lock.y*ml pylock*.toml
        .terraform.lock.hcl pixi.lock
    """,
    "package-source": """
        .npmrc .yarnrc .yarnrc.yml bunfig.toml pip.conf pip.ini .pip/** .config/pip/** uv.toml .cargo/config
        .cargo/config.toml .bundle/config .gemrc nuget.config .condarc gradle-wrapper.properties gradle-wrapper.jar
        .mvn/wrapper/** .mvn/settings.xml .goproxy init.gradle* .mvn/extensions.xml .mvn/jvm.config
        .yarn/releases/** .yarn/plugins/**
    """,
    "editor-task": """
        .vscode/tasks.json .vscode/settings.json .vscode/launch.json .idea/workspace.xml *.code-workspace
        .idea/runconfigurations/** .zed/settings.json .zed/tasks.json .exrc .nvimrc .nvim.lua .dir-locals.el
        .fleet/settings.json .vim/** .lvimrc
    """,
    "docs": """
        *.md *.mdx *.rst *.adoc *.asciidoc *.txt *.org *.tex *.pod *.1 docs/** doc/** documentation/** license
        licence copying notice authors contributors changelog changes history readme contributing code_of_conduct
        maintainers *.png *.jpg *.jpeg *.gif *.svg *.webp *.ico .github/issue_template/**
        .github/pull_request_template* examples/**/readme* locales/** locale/** i18n/**/*.json *.po
    """,
    "test": """
        tests/** test/** __tests__/** __mocks__/** __snapshots__/** spec/** specs/** e2e/** testdata/** test-data/**
        test_data/** fixtures/** testing/** integration-tests/** test_*.* *_test.* *.test.* *.spec.* *_spec.*
        *-test.* *test.java *tests.cs *test.kt *tests.java *test.php *tests.swift *_tests.rs tests.rs tests.py
        conftest.py *.snap benches/** benchmarks/** cypress/** playwright/** src/test/** evals/**/cases/**
        *.stories.* corpus/** testcases/** test-fixtures/** *.golden golden/** mocks/**
    """,
    "source": """
        *.py *.js *.jsx *.mjs *.cjs *.ts *.tsx *.mts *.cts *.vue *.svelte *.go *.rs *.rb *.java *.kt *.kts *.scala
        *.clj *.ex *.exs *.erl *.hs *.ml *.c *.h *.cc *.cpp *.hpp *.cs *.fs *.vb *.swift *.m *.mm *.php *.pl *.lua
        *.r *.jl *.dart *.zig *.nim *.groovy *.sh *.bash *.zsh *.fish *.ps1
    """,
    "generated": """
        node_modules/** __pycache__/** *.pyc *.pyo .pytest_cache/** .mypy_cache/** .ruff_cache/** .tox/** .nox/**
        .venv/** venv/** *.egg-info/** .eggs/** htmlcov/** coverage/** .coverage coverage.xml .nyc_output/**
        .next/** .nuxt/** .svelte-kit/** .turbo/** .parcel-cache/** .cache/** .gradle/** .hypothesis/** .vite/**
        .angular/cache/** cmake-build-*/** bazel-*/** .terraform/** *.tsbuildinfo .eslintcache .stylelintcache *.o
        *.obj *.class *.log *.tmp *.swp .ds_store lib-cov/** .serverless/**
    """,
}
PATTERNS: dict[PathClass, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _BY_CLASS.items()}

TOP_LEVEL_GENERATED = ("dist", "build", "target", "out", "_build", "site", "obj", "tmp", "logs")
"""Folders that a build makes where they stand at the project's top; deeper, `build` is often somebody's package."""
