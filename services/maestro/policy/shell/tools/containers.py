"""Containers and clusters."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_COMPOSE = """
        {0} restart|stop|kill|down|pause|rm ~*maestro*|*gatekeeper* : guard/service
        {0} up|start|restart|stop|pause|unpause|build|create|watch|scale|attach|wait !-V : service/container
        {0} down -v|--volumes : data-destroy/volumes
        {0} down --rmi : data-destroy/images
        {0} down|kill : service/container
        {0} rm -v : data-destroy/volumes
        {0} rm : service/container
        {0} config|ps|logs|images|top|port|events|version|ls|convert|stats|volumes : read
        {0} pull : network@known/get
        {0} push : deploy/image
        {0} exec|run : @compose-run
        {0} cp : @container-copy
"""
_VALUES = """
    -f --file -p --project-name --profile --env-file -t --tag -H --host -c --context --config -l --log-level
    --build-arg --target --platform --filter --format -n --tail --since --until --scale --index --message -m
    --author -a --change -o --output --cache-from --cache-to --progress --secret --ssh --network --add-host
    --label --push_ --builder --iidfile --metadata-file --username -u --project-directory --driver -d_ -s
    --stop-timeout --time --signal
    """

TOOLS: dict[str, Tool] = {
    "docker": Tool(
        f"""
        run|create : @docker-run
        container run|create : @docker-run
        exec : @docker-exec
        container exec : @docker-exec
        system prune --volumes : data-destroy/volumes
        system prune -a|--all : data-destroy/images
        system prune -f|--force : data-destroy/containers
        system prune : data-destroy/containers
        volume rm|remove|prune : data-destroy/volumes
        {_COMPOSE.format("compose").strip()}
        compose publish : deploy
        rm|rmi -v|--volumes : data-destroy/volumes
        rm : delete@outside/container
        rmi : delete@outside/image
        container|image|network|builder|buildx|context|config|plugin|manifest|checkpoint rm|remove|\
        prune : delete@outside/container
        image|container|network|volume|context|plugin|node|service|stack|secret|config|swarm|buildx|manifest|\
        builder|trust ls|list|inspect|ps|logs|top|stats|history|diff|port|du|show|tree : read
        ps|images|logs|inspect|top|stats|port|diff|history|version|info|search|events|wait|attach|context|\
        scout|sbom : read
        buildx build --push : deploy/image
        build --push : deploy/image
        + build|buildx|builder|image ~http:*|https:*|git@*|github.com* : opaque/remote
        build|buildx|builder|image : run-code@project/image
        build : run-code@project/image
        push|image push : deploy/image
        image|manifest|plugin push : deploy/image
        pull : network@known/get
        image pull : network@known/get
        login : credential/write
        logout : credential/delete
        secret|config : credential/write
        swarm leave -f|--force : data-destroy/swarm
        swarm|service|stack|node|trust : deploy
        cp : @container-copy
        container cp : @container-copy
        tag|commit|save|load|import|export|rename|image|manifest : write@project/image
        stop|restart|kill|pause|rm ~*maestro*|*gatekeeper* : guard/service
        start|stop|restart|kill|pause|unpause|update|container : service/container
        network|volume|context|plugin : service/container
        system df|info|events : read
        machine rm|reset : data-destroy/machine
        machine|system|desktop|model|mcp|extension|offload|debug|init : service/container
        pod|kube|play|generate|unshare|secret|healthcheck|auto-update|volume : service/container
        """,
        values=_VALUES,
        flags="-f --force -a --all -q --quiet --volumes --no-cache --rm -it -d --pull --no-trunc -v",
        dry="--dry-run",
        help="",
    ),
    "docker-compose": Tool(_COMPOSE.replace("{0} ", ""), values=_VALUES, dry="--dry-run", help="-h"),
    "podman-compose": Tool(_COMPOSE.replace("{0} ", ""), values=_VALUES, dry="--dry-run", help="-h"),
    "docker-machine": Tool(
        """
            ls|env|ip|status|inspect|version|url|config|active : read
            rm : data-destroy/machine
            ssh : deploy
            create : money/machine
            : deploy
            """
    ),
    "buildah": Tool(
        """
            images|containers|inspect|info|version : read
            rm|rmi|prune : delete@outside/image
            push : deploy/image
            run : @after-dashes
            login : credential/write
            : run-code@project/image
            """
    ),
    "skopeo": Tool(
        """
            inspect|list-tags|manifest-digest : read
            delete : data-destroy/image
            copy|sync : deploy/image
            login : credential/write
            : read
            """
    ),
    "crane": Tool(
        """
            delete : data-destroy/image
            ls|digest|manifest|config|catalog|validate|version|export|pull : read
            auth : credential/write
            : deploy/image
            """
    ),
    "regctl": Tool("~delete : data-destroy/image\n~ls|list|get|inspect : read\n: deploy/image"),
    "crictl": Tool(
        """
            ps|images|inspect|logs|pods|info|stats|version|inspecti|inspectp : read
            rm|rmi|rmp : data-destroy/containers
            exec : runs
            : service/container
            """
    ),
    "ctr": Tool(
        """
            ~ls|list|info|check|usage : read
            ~rm|remove|delete|del : data-destroy/containers
            run : security-config/container
            : service/container
            """
    ),
    "lxc": Tool(
        """
            config|profile|image|network|storage show|list|get|info : read
            list|info|version : read
            delete : data-destroy/machine
            exec : @after-dashes
            config ~security.privileged* : security-config/container
            config device : security-config/container
            : service/container
            """
    ),
    **dict.fromkeys("lxc-start lxc-stop lxc-create".split(), Tool(": service/container")),
    "lxc-destroy": Tool(": data-destroy/machine"),
    "lxc-attach": Tool(": @after-dashes"),
    "systemd-nspawn": Tool(": security-config/container"),
    "runc": Tool("list|state|spec|events|ps : read\ndelete|kill : service/container\n: security-config/container"),
    "apptainer": Tool("exec|shell|run : security-config/container\n: run-code@project/image"),
    "singularity": Tool("exec|shell|run : security-config/container\n: run-code@project/image"),
    "kubectl": Tool(
        """
        get secret|secrets|secret/*|secrets/*|*,secret*|secret,* : credential/read
        get|describe|logs|log|top|explain|api-resources|api-versions|version|cluster-info|diff|wait|options|\
        completion|events|plugin|kustomize : read
        describe secret|secrets : credential/read
        config view --raw : credential/read
        config set-credentials|set-cluster|delete-cluster|delete-context|delete-user|\
        unset : security-config/cluster settings
        config use-context|set-context|rename-context|set : deploy/context
        config : read
        create secret : credential/write
        delete secret|secrets|secret/* : credential/delete
        create token : credential/write
        create serviceaccount|sa|role|clusterrole|rolebinding|clusterrolebinding : security-config/rights
        auth can-i|whoami : read
        auth : security-config/rights
        certificate|csr : security-config/certificates
        delete pod|pods|po|pod/*|pods/*|po/*|job|jobs|job/* !--all|-A|--all-namespaces : deploy/removed
        delete : data-destroy/cluster resources
        drain --delete-emptydir-data|--delete-local-data|--force : data-destroy/node
        drain|cordon|uncordon|taint : deploy/node
        exec : @kubectl-exec
        run : @kubectl-run
        debug : security-config/node
        + cp : @container-copy
        cp : deploy/files
        port-forward : network@loopback/listen
        proxy --address=0.0.0.0|--accept-hosts|--www : security-config/cluster settings
        proxy : network@loopback/listen
        replace --force : data-destroy/cluster resources
        patch|edit|label|annotate secret|secrets|secret/* : credential/write
        scale --replicas=0 : deploy
        apply --prune : data-destroy/cluster resources
        apply|create|replace : @kubectl-apply
        rollout status|history : read
        argo|rollouts get|list|status : read
        set|scale|autoscale|expose|patch|edit|label|annotate|rollout|attach|apply|create|argo|rollouts|cnpg|\
        cert-manager : deploy
        krew install|upgrade|uninstall : dependency@system
        krew : read
        neat|tree|ctx|ns|view-allocations|stern|tail|who-can|get-all|images|lineage|df-pv|resource-capacity : read
        view-secret : credential/read
        : unknown
        """,
        values="""
            -n --namespace -c --container -f --filename -k --kustomize_ -l --selector -o --output --context
            --cluster --user --kubeconfig -s --server --token --as --as-group --field-selector --sort-by
            --template --type -p --patch --patch-file --image --replicas --port --target-port --name --tail
            --since --since-time --timeout --for --grace-period --from-literal --from-file --from-env-file
            --resource-version --revision --to-revision --overrides --env --labels --limits --requests --max
            --min --cpu-percent --record_ --field-manager --max-log-requests --certificate-authority
            --client-key --client-certificate --pod-selector --address --local-port --www --www-prefix --port
            --profile --username
            --password
            """.replace("--kustomize_ ", "").replace("--record_ ", ""),
        reads="-f_ --kubeconfig_ --from-file --from-env-file --client-key",
        dry="--dry-run=client --dry-run=server --dry-run",
    ),
    "kubectx": Tool("-d : security-config/cluster settings\n$ : read\n-c|--current : read\n: deploy/context"),
    "kubens": Tool("$ : read\n-c|--current : read\n: deploy/context"),
    "k9s": Tool("version|info : read\n: deploy"),
    "stern": Tool(": read"),
    "kubetail": Tool(": read"),
    "kustomize": Tool("edit|create : write@project\n: read"),
    "helm": Tool(
        """
        uninstall|delete|del|un : data-destroy/release
        get values|all|manifest|notes|hooks|metadata : read
        list|ls|status|history|hist|show|inspect|search|template|lint|version|env|verify|diff|completion|help : read
        repo add|remove|rm : deploy/settings
        repo|dependency|dep : dependency@declared
        plugin list|ls : read
        plugin : dependency@system/plugin
        registry : credential/write
        push : deploy/package
        create|package|pull|fetch : write@project
        secrets : credential/read
        install|upgrade|rollback|test : deploy
        """,
        values="""
            -n --namespace -f --values --set --set-string --set-file --version --kube-context --kubeconfig
            --timeout -o --output --repo --username --password --description --history-max --name-template
            --post-renderer --max --revision -d --destination --app-version
            """,
        shells="--post-renderer",
        dry="--dry-run",
    ),
    "helmfile": Tool(
        """
            diff|list|template|lint|status|build|deps|fetch|repos|version|show-dag : read
            destroy|delete : data-destroy/release
            : deploy
            """,
        values="-f -e -n -l --environment --selector --file",
    ),
    "kind": Tool(
        """
            get|version|completion|export : read
            load|build : run-code@project
            delete : data-destroy/cluster
            : service/cluster
            """
    ),
    "minikube": Tool(
        """
            status|ip|logs|version|profile|addons|service|dashboard|docker-env : read
            addons|profile|node|image|cache list|ls : read
            delete : data-destroy/cluster
            kubectl : @after-dashes
            ssh : service/cluster
            : service/cluster
            """
    ),
    "k3d": Tool("~list|get|version : read\n~delete : data-destroy/cluster\n: service/cluster"),
    "k3s": Tool("kubectl : @kubectl-after\ncheck-config : read\n: service/cluster"),
    "k3s-uninstall.sh": Tool(": data-destroy/cluster"),
    "microk8s": Tool(
        """
            status|inspect|version|config : read
            kubectl : @kubectl-after
            reset : data-destroy/cluster
            : service/cluster
            """
    ),
    "kubeadm": Tool(
        """
            reset : data-destroy/cluster
            token : credential/write
            version|config : read
            certs check-expiration : read
            : security-config/cluster
            """
    ),
    "kops": Tool(
        """
            delete : data-destroy/cluster
            get|validate|version|toolbox : read
            update|rolling-update|create|edit|replace --yes : deploy
            export : credential/read
            : deploy
            """
    ),
    "eksctl": Tool("get|version|info|completion|utils : read\ndelete : data-destroy/cluster\n: deploy"),
    "oc": Tool(
        """
            get|describe secret|secrets : credential/read
            get|describe|logs|status|projects|project|version|whoami|explain|api-resources|rsh-none|events|\
            adm top : read
            whoami -t : credential/read
            login|logout : credential/write
            delete : data-destroy/cluster resources
            adm : security-config/rights
            exec|rsh : @kubectl-exec
            : deploy
            """,
        values="-n -o -l -f -c --token",
        dry="--dry-run",
    ),
    "rancher": Tool(
        """
            ~rm|delete : data-destroy/cluster resources
            ~ls|list|ps|inspect : read
            login|tokens : credential/write
            : deploy
            """
    ),
    "argocd": Tool(
        """
            login|logout|account|repocreds : credential/write
            app|proj|cluster|repo|appset delete|rm|remove : data-destroy/application
            app|proj|cluster|repo|appset list|get|history|diff|logs|manifests|resources|wait : read
            version|context : read
            : deploy
            """
    ),
    "flux": Tool(
        """
            get|logs|check|tree|export|version|events|stats|diff|trace : read
            delete|uninstall : data-destroy/application
            create secret : credential/write
            : deploy
            """
    ),
    "istioctl": Tool(
        """
            analyze|proxy-status|ps|version|proxy-config|pc|describe|validate|dashboard|x : read
            uninstall : data-destroy/mesh
            : deploy
            """
    ),
    "linkerd": Tool("check|version|stat|top|tap|edges|diagnostics|viz : read\n: deploy"),
    "cilium": Tool("status|version|connectivity : read\nuninstall : data-destroy/network\n: deploy"),
    "velero": Tool(
        """
            get|describe|logs|version : read
            ~delete : data-destroy/backup
            backup|schedule : deploy
            restore : data-change
            : deploy
            """
    ),
    "skaffold": Tool(
        """
            delete : data-destroy/application
            render|diagnose|version|config|schema|inspect|init : read
            build|test : run-code@project
            : deploy
            """
    ),
    "tilt": Tool("up|ci : service/container\ndown : service/container\n: read"),
    "garden": Tool("deploy : deploy\ncleanup|delete : data-destroy/application\n: run-code@project"),
    "devspace": Tool("purge : data-destroy/application\ndeploy|dev : deploy\n: read"),
    "okteto": Tool("destroy : data-destroy/application\n: deploy"),
    "werf": Tool(
        "dismiss|cleanup|purge : data-destroy/application\nbuild|render|lint|config : run-code@project\n: deploy"
    ),
    "nomad": Tool(
        """
            ~status|inspect|plan|validate|version|logs|list|read|info : read
            job stop -purge : data-destroy/job
            job|alloc|node|system|namespace stop|delete|purge|gc|drain : data-destroy/job
            acl|operator|var : security-config
            alloc exec : deploy
            : deploy
            """,
        single=True,
    ),
    "kompose": Tool(": write@project"),
    "kubeseal": Tool(": credential/write"),
    "popeye": Tool(": read"),
    "vagrant": Tool(
        """
            destroy : data-destroy/machine
            status|global-status|version|port|ssh-config|validate : read
            box list|outdated : read
            box remove|prune : delete@home/box
            ssh : @vagrant-ssh
            snapshot delete : data-destroy/snapshot
            up|halt|suspend|resume|reload|provision|snapshot|package|init|plugin|rsync : service/machine
            : service/machine
            """,
        values="-c --command",
    ),
    "multipass": Tool(
        """
            list|info|version|find|get : read
            delete|purge : data-destroy/machine
            exec : @after-dashes
            : service/machine
            """
    ),
    "virsh": Tool(
        """
            list|dominfo|domstate|nodeinfo|version|dumpxml|net-list|pool-list|vol-list : read
            undefine|destroy|vol-delete|pool-delete|snapshot-delete|vol-wipe|net-destroy|net-undefine : \
            data-destroy/machine
            : service/machine
            """
    ),
    "VBoxManage": Tool(
        """
            list|showvminfo|--version|guestproperty : read
            unregistervm|closemedium : data-destroy/machine
            : service/machine
            """
    ),
    "vboxmanage": Tool("list|showvminfo : read\nunregistervm|closemedium : data-destroy/machine\n: service/machine"),
    "qemu-img": Tool("info|check|compare|map : read\n: write@project/image"),
    "colima": Tool("status|list|version|ssh-config : read\ndelete : data-destroy/machine\n: service/machine"),
    "limactl": Tool(
        "list|info|validate : read\ndelete|factory-reset : data-destroy/machine\nshell : runs\n: service/machine"
    ),
    "orb": Tool("list|info|status : read\ndelete|reset : data-destroy/machine\n: service/machine"),
    "proxmox": Tool(": service/machine"),
    "qm": Tool("list|status|config|pending : read\ndestroy : data-destroy/machine\n: service/machine"),
    "pct": Tool("list|status|config : read\ndestroy : data-destroy/machine\n: service/machine"),
    "dive": Tool(": read"),
    "ctop": Tool(": read"),
    "lazydocker": Tool(": service/container"),
    "dokku": Tool(
        """
            *:destroy|*:delete|*:unlink : data-destroy/application
            config|config:show|config:get|config:export : credential/read
            config:set|config:unset : deploy/settings
            *:list|*:info|*:report|apps|logs|ps|version|urls|*:exists|*:links|*:logs : read
            *:export|*:backup : personal-data/read
            *:import : data-change
            ssh-keys:*|acl:*|certs:* : security-config/keys
            run|enter : deploy
            : deploy
            """
    ),
}
