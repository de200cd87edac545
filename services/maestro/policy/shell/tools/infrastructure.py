"""Infrastructure as code, configuration management, deployment tools, payments and paid services."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "terraform": Tool(
        """
        destroy : data-destroy/infrastructure
        apply -destroy : data-destroy/infrastructure
        state rm|push : data-destroy/state
        state mv|replace-provider : deploy/state
        state pull : credential/read
        state list : read
        state show : read
        workspace delete : data-destroy/state
        workspace list|show : read
        workspace : write@project
        output -raw|-json|--raw|--json : credential/read
        output : read
        show|plan|validate|providers|version|graph|metadata|console|test|get|modules|fmt-check : read
        init -migrate-state|-reconfigure|-force-copy : deploy/state
        init : dependency@declared
        fmt : write@project/format
        taint|untaint|import|refresh|apply|force-unlock|query|stacks : deploy
        force-unlock : deploy/state
        login|logout : credential/write
        """,
        values="-var_ -target -out -state -lock-timeout -backup -parallelism -backend-config_ -var-file",
        flags="""
            -auto-approve -no-color -json -raw -destroy -input -lock -refresh-only -upgrade -recursive -check
            -diff -compact-warnings -force -reconfigure -migrate-state
            """,
        single=True,
        help="-help -h",
    ),
    "terragrunt": Tool(
        """
        destroy|destroy-all : data-destroy/infrastructure
        run-all|run destroy : data-destroy/infrastructure
        --all ~destroy : data-destroy/infrastructure
        run-all|run plan|validate|output|show|init : read
        state rm|push : data-destroy/state
        plan|validate|output|show|graph|version|hclfmt|render|find|list|plan-all|validate-all|output-all|init|\
        graph-dependencies|render-json : read
        : deploy
        """
    ),
    "terraform-docs": Tool(": write@project"),
    "tfswitch": Tool(": dependency@system"),
    "tfenv": Tool("list|list-remote|version-name : read\n: dependency@system"),
    "infracost": Tool(": read"),
    "terraformer": Tool(": write@project"),
    "pulumi": Tool(
        """
        destroy|down : data-destroy/infrastructure
        stack rm : data-destroy/state
        state delete : data-destroy/state
        config set --secret : credential/write
        config --show-secrets : credential/read
        stack output|export --show-secrets : credential/read
        config set|rm|rm-all|set-all|cp|refresh : deploy/settings
        stack|config|plugin|org|policy|schema|env check|get-default|validate-config|search|ls|list|output|get|\
        history|graph|export : read
        preview|pre|stack|about|version|whoami|logs|history|convert|config : read
        login|logout : credential/write
        new : write@project
        install : dependency@declared
        cancel|import|refresh|up|update|watch|state|deployment|env|config|package : deploy
        """,
        values="-s --stack -C --cwd -c --config -m --message -t --target -p --parallel",
    ),
    "cdk": Tool(
        """
            destroy : data-destroy/infrastructure
            ls|list|synth|synthesize|diff|doctor|docs|metadata|context|notices|acknowledge|version : read
            init : write@project
            bootstrap|deploy|watch|import|rollback|gc|migrate|refactor : deploy
            """,
        values="-c --context --profile -a --app -o --output --require-approval --parameters",
        shells="-a --app",
    ),
    "cdktf": Tool(
        """
            destroy : data-destroy/infrastructure
            deploy|apply : deploy
            synth|diff|plan|list|output|debug|get|provider : read
            : write@project
            """
    ),
    "sam": Tool(
        """
            delete : data-destroy/infrastructure
            build|local|validate|logs|list|init|docs|traces|pipeline : run-code@project
            : deploy
            """
    ),
    "serverless": Tool(
        """
            remove : data-destroy/infrastructure
            print|info|logs|package|metrics : read
            login : credential/write
            : deploy
            """
    ),
    "sls": Tool("remove : data-destroy/infrastructure\nprint|info|logs|package|metrics : read\n: deploy"),
    "sst": Tool(
        """
            remove : data-destroy/infrastructure
            secret list : credential/read
            secret : credential/write
            dev : run-code@project
            version|diagnostic : read
            : deploy
            """
    ),
    "chalice": Tool(
        """
            delete : data-destroy/infrastructure
            local|package|url|logs|gen-policy|new-project : run-code@project
            : deploy
            """
    ),
    "zappa": Tool(
        "undeploy : data-destroy/infrastructure\nstatus|tail|template : read\nmanage|invoke : deploy\n: deploy"
    ),
    "up": Tool("stack delete : data-destroy/infrastructure\n: deploy"),
    "claudia": Tool("destroy : data-destroy/infrastructure\n: deploy"),
    "cloudformation": Tool(": deploy"),
    "rain": Tool("rm : data-destroy/infrastructure\nls|logs|cat|diff|fmt|tree|check : read\n: deploy"),
    "copilot-aws": Tool(": deploy"),
    "ecs-cli": Tool("down : data-destroy/infrastructure\nps|images|logs : read\n: deploy"),
    "ecs-deploy": Tool(": deploy"),
    "crossplane": Tool("~render|validate|version|trace : read\n: deploy"),
    "packer": Tool("validate|inspect|fmt|version|console|init : read\nbuild : money/image\n: deploy"),
    "ansible": Tool(
        """
        --list-hosts|--version|--syntax-check : read
        -C|--check : read
        -m=ping|setup|debug : read
        -m=shell|command|raw|script|ansible.builtin.shell|ansible.builtin.command : @ansible-shell
        -a !-m : @ansible-shell
        : deploy
        """,
        values="""
            -i --inventory -m --module-name -a --args -u --user -l --limit -f --forks -e --extra-vars
            --vault-password-file --private-key --key-file --become-user --become-method -B -P -t -M
            """,
        reads="--vault-password-file --private-key --key-file",
    ),
    "ansible-playbook": Tool(
        """
            -C|--check|--list-tasks|--list-hosts|--list-tags|--syntax-check : read
            ~*destroy*|*teardown*|*wipe* : data-destroy/playbook
            : deploy
            """,
        values="""
            -i --inventory -u --user -l --limit -f --forks -e --extra-vars -t --tags --skip-tags
            --vault-password-file --private-key --key-file --become-user --start-at-task
            """,
        reads="--vault-password-file --private-key --key-file",
    ),
    "ansible-vault": Tool("view|decrypt|edit|encrypt|encrypt_string|rekey|create : credential/read"),
    "ansible-inventory": Tool(": read"),
    "ansible-doc": Tool(": read"),
    "ansible-config": Tool(": read"),
    "ansible-console": Tool(": deploy"),
    "ansible-pull": Tool(": opaque/remote"),
    "salt": Tool("~test.ping|grains.items|pillar.items|* test.* : read\n~cmd.run* : deploy/remote command\n: deploy"),
    "salt-call": Tool(": deploy", dry="test=True"),
    "salt-key": Tool("-L : read\n: security-config/keys"),
    "salt-ssh": Tool(": deploy"),
    "puppet": Tool(
        """
            apply|agent --noop : read
            parser|lookup|facts|config|resource|module|help : read
            cert|ca : security-config/certificates
            : deploy
            """
    ),
    "bolt": Tool("~show : read\n: deploy"),
    "chef-client": Tool("-W|--why-run : read\n: deploy"),
    "chef-solo": Tool("-W|--why-run : read\n: deploy"),
    "knife": Tool(
        """
            ~list|show|status|search|diff : read
            ~delete : data-destroy/node
            ssh : deploy/remote command
            vault|data : credential
            : deploy
            """
    ),
    "fab": Tool("-l|--list : read\n: deploy"),
    "cap": Tool("-T|--tasks : read\n-n|--dry-run : read\n: deploy"),
    "mina": Tool(": deploy"),
    "dep": Tool("~deploy|rollback : deploy\n: run-code@project"),
    "kamal": Tool(
        """
            config|details|version|docs : read
            app|audit|accessory|proxy|traefik details|logs|containers|images : read
            remove : data-destroy/application
            accessory remove : data-destroy/application
            secrets : credential/read
            : deploy
            """
    ),
    "waypoint": Tool("destroy : data-destroy/application\n: deploy"),
    "piku": Tool("destroy : data-destroy/application\n: deploy"),
    "pm2": Tool(
        """
            list|ls|status|show|describe|logs|monit|jlist|info|prettylist|env : read
            deploy : deploy
            delete|kill|stop|restart|reload|start|save|resurrect|scale : service
            startup|unstartup : security-config/start-up
            install : dependency@system
            : service
            """
    ),
    "supervisorctl": Tool("status|tail|avail|pid|maintail : read\n: service"),
    "nginx": Tool("-t|-T|-v|-V : read\n: service", values="-s -c -p -g -e"),
    "apachectl": Tool(
        "configtest|status|fullstatus|-t|-S|-M|-v|-V|-l : read\n-t|-S|-M|-v|-V|-l|-L : read\n: service",
        values="-c -f -d -k -D -e -E",
    ),
    "caddy": Tool(
        """
            validate|version|list-modules|environ|fmt|adapt|build-info|hash-password : read
            trust|untrust : security-config/certificates
            file-server|respond|reverse-proxy : network@loopback/listen
            : service
            """
    ),
    "traefik": Tool(": service"),
    "haproxy": Tool("-c|-v : read\n: service"),
    "certbot": Tool(
        """
            certificates|show_account|plugins : read
            --dry-run : read
            revoke|delete : security-config/certificates
            : security-config/certificates
            """
    ),
    "acme.sh": Tool("--list|--info : read\n: security-config/certificates"),
    "mkcert": Tool("-CAROOT : read\n: security-config/certificates"),
    # money
    "stripe": Tool(
        """
        login|logout : credential/write
        config --list : credential/read
        config : credential/write
        logs|status|version|open|docs|samples|resources|feedback|community : read
        fixtures|trigger|listen|serve : money/test events
        : money
        """,
        values="-d --data --api-key --limit --project-name -e --expand",
    ),
    **dict.fromkeys(
        """
            paypal braintree square adyen plaid wise mollie razorpay checkout paddle chargebee recurly
            lemonsqueezy gocardless coinbase
            """.split(),
        Tool(": money"),
    ),
    "twilio": Tool("login|profiles:* : credential/write\n*:list|*:fetch|plugins : read\n: money"),
    **dict.fromkeys(
        "sendgrid mailgun postmark mailchimp resend vonage nexmo plivo messagebird sinch telnyx".split(),
        Tool(": money/messages"),
    ),
    **dict.fromkeys(
        """
            openai anthropic replicate cohere mistral together groq deepgram elevenlabs stability runpod
            runpodctl lambda-cloud vastai paperspace fal e2b
            """.split(),
        Tool("~list|get|status|--version : read\n: money/model"),
    ),
    "modal": Tool(
        """
            ~list|logs : read
            secret : credential/write
            app stop : deploy
            deploy : deploy
            token : credential/write
            : money/compute
            """
    ),
    "huggingface-cli": Tool(
        """
            login|logout : credential/write
            whoami|env|scan-cache : read
            download : network@known/get
            upload|repo : network@remote/send
            : unknown
            """
    ),
    "hf": Tool(
        """
            auth : credential/write
            download : network@known/get
            upload|repo : network@remote/send
            jobs : money/compute
            : read
            """
    ),
    "wandb": Tool("login|logout : credential/write\nstatus|--version : read\n: network@remote/send"),
    "kaggle": Tool("~list|download|files : network@known/get\n: network@remote/send"),
    "dvc": Tool(
        """
            push|gc -c|--cloud : network@remote/send
            gc : data-destroy/cache
            pull|fetch|import|get : network@known/get
            status|diff|list|metrics|params|plots|doctor|dag|version : read
            remote : security-config/remote
            remove|destroy : delete@project
            : run-code@project
            """
    ),
    "mlflow": Tool("gc : data-destroy\n~delete : data-destroy\n: run-code@project"),
    "xmrig": Tool(": money/mining,unknown,security-config/mining"),
    **dict.fromkeys(
        """
            minerd cpuminer ethminer cgminer bfgminer nbminer t-rex lolminer phoenixminer xmr-stak cryptonight
            srbminer-multi nheqminer ccminer claymore gminer teamredminer minergate
            """.split(),
        Tool(": money/mining"),
    ),
    "bitcoin-cli": Tool(
        """
            getblockchaininfo|getblockcount|getnetworkinfo|getbalance|help|getmempoolinfo : read
            dumpprivkey|dumpwallet|importprivkey|walletpassphrase|backupwallet : credential/read
            : money
            """
    ),
    **dict.fromkeys(
        "geth cast solana near cosmos lncli eth ethereal".split(),
        Tool("~balance|block|call|version|validators|chain-id : read\n: money/wallet"),
    ),
    "foundry": Tool(": run-code@project"),
    "forge": Tool(
        """
            ~--broadcast : money/wallet
            --broadcast : money/wallet
            install|update|remove : dependency@runtime
            : run-code@project
            """
    ),
    "hardhat": Tool("run|deploy --network : money/wallet\n: run-code@project"),
    "anchor": Tool("deploy|upgrade : money/wallet\n: run-code@project"),
}
TOOLS["apache2ctl"] = TOOLS["apachectl"]
TOOLS["httpd"] = TOOLS["apache2"] = TOOLS["apachectl"]
