"""Command lines of cloud providers: thousands of commands, and one grammar: a service, a verb, a noun."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.buckets import storage
from maestro.policy.shell.remote_names import is_kept_secret
from maestro.policy.shell.text import EMPTY, NETWORK, Text, anything
from maestro.policy.shell.use import Use

_READ = re.compile(
    r"^(?:describe|list|ls|get|head|show|view|search|lookup|check|test|validate|estimate|preview|diff"
    r"|wait|status|info|help|version|browse|query|scan|select|filter|explain|simulate|detect|verify"
    r"|tail|read|lint|inspect|find|export-template|batch-get|ping|exists|summary|history|report"
    r"|log|logs|ps|open|which|whoami|top|dig|examples|feedback|topic|print|config-helper|env-list"
    r"|releases|domains|regions|sizes|can-i)(?:-|:|$)"
)
_DESTROY = re.compile(
    r"^(?:delete|destroy|terminate|remove|rm|rb|purge|deregister|disassociate|wipe|drop|empty|release"
    r"|abort|batch-delete|schedule-key-deletion|force-delete|del|prune|reset|unlink|nuke|erase|cancel"
    r"|evict|deprovision|decommission)(?:-|:|$)|:(?:delete|destroy|remove|reset|purge)$"
)
_SECURITY = re.compile(
    r"^(?:authorize|revoke|attach|detach|put|set|add|update|create|delete|remove|modify|disable|enable"
    r"|deactivate|grant|deny|allow|assume|associate|import|stop|pass|tag)-?.*(?:polic|role|permission"
    r"|acl|grant|security-group|ingress|egress|iam|user|group|public-access|trail|logging|detector"
    r"|guard|kms|key|mfa|login-profile|access|firewall|flow-log|encryption|trust|binding|credential"
    r"|cors|saml|oidc|identity)",
)
_SECURITY_SERVICES = frozenset(
    """
        iam sts organizations cloudtrail guardduty securityhub config kms acm wafv2 waf network-firewall
        accessanalyzer sso sso-admin identitystore inspector inspector2 macie2 shield access-approval role ad
        entra firewall nsg network-security-groups security policy policies org-policies service-accounts sa
        rbac audit audit-log defender sentinel lock
        """.split()
)
_SECRETS = re.compile(
    r"secretsmanager|secrets?$|keyvault|^secret|key-vault|^vault|ssm-secret|parameter-store"
    r"|credentials?$|access-keys?|api-keys?|apikeys|keys$|service-account-keys?|tokens?$"
    r"|connection-string|publishing-credentials|publish-profile|ssh-keys?|sshkey"
)
_PEOPLE = re.compile(r"cognito|identity-toolkit|auth0|users-export|user-pool")
_BILLED = re.compile(
    r"^(?:run-instances|create-db|create-cluster|create-cache|purchase|request-spot|create-nat|allocate"
    r"|create-instance|create-fleet|start-instance|create-domain|register-domain|create-capacity"
    r"|create-savings|create-reserved|create-hosted|buy|subscribe|upgrade-plan|create-endpoint"
    r"|create-training|create-notebook|invoke-model|create-environment|modify-reserved)"
)
_BILLED_NOUNS = frozenset(
    """
        vm vmss droplet droplets instance instances server servers linodes aks gke cluster clusters database
        databases sql db redis cosmosdb reservation reservations billing addons plan postgres mysql mongo volume
        disk disks kubernetes
        """.split()
)
_COST_SERVICES = frozenset(
    """
        savingsplans marketplace-catalog billing route53domains bedrock-runtime polly rekognition textract
        comprehend translate transcribe pinpoint ses sesv2 sns freetier payments
        """.split()
)


def words_of(use: Use) -> list[str]:
    parsed = use.parsed
    return [word for word in parsed.words() if word]


_AWS_VALUES = """
    --profile --region --output --query --endpoint-url --ca-bundle --cli-read-timeout --cli-connect-timeout
    --color --filters --instance-ids --bucket --key --name --function-name --stack-name --cluster --service
    --secret-id --user-name --role-name --policy-arn --group-id --protocol --port --cidr --table-name
    --db-instance-identifier --log-group-name --queue-url --topic-arn --image-id --instance-type
    --cli-input-json --cli-input-yaml --parameters --template-body --template-file --acl --policy
    --policy-document --policy-name --include --exclude --storage-class --metadata --content-type
    --cache-control --expires-in --payload --zip-file --user-pool-id --username --message --subject --value
    --type --max-items --starting-token --page-size --query-string --sql --statement --secret-string
    --skip-final-snapshot_
    """.replace(" --skip-final-snapshot_", "")


def aws(use: Use) -> Text:
    parsed = use.parse(
        values=_AWS_VALUES,
        known="""
            --no-cli-pager --dryrun --dry-run --recursive --delete --force --debug --no-verify-ssl
            --no-sign-request --quiet --with-decryption --yes
            """,
    )
    words = words_of(use)
    if (
        not words
        and use.name in ("vercel", "surge", "now", "render")
        and not parsed.asks_for_help
        and not parsed.has("-v", "--version")
    ):
        use.add("deploy", use.name, "", "cloud")
        return anything(NETWORK)
    if (
        not words
        or parsed.asks_for_help
        or "help" in words[-1:]
        or parsed.has("--dryrun", "--dry-run", "--generate-cli-skeleton")
    ):
        return EMPTY
    service, verb = words[0], words[1] if len(words) > 1 else ""
    if parsed.has("--no-verify-ssl"):
        use.add("security-config", "certificates are not checked", "", "checks turned off")
    if service == "s3":
        return storage(use, verb, parsed.operands[2:], delete=parsed.has("--delete"))
    if service == "configure":
        use.add(
            "read"
            if verb in ("list", "list-profiles") or (verb == "get" and "secret" not in " ".join(words))
            else "credential",
            "aws configure",
            "",
            "write" if verb not in ("export-credentials", "get") else "read",
        )
        return EMPTY
    if service in ("secretsmanager",) or (
        service == "ssm"
        and "parameter" in verb
        and (parsed.has("--with-decryption") or parsed.value("--type").value == "SecureString")
    ):
        metadata = verb in (
            "list-secrets",
            "describe-secret",
            "list-secret-version-ids",
            "get-random-password",
            "get-resource-policy",
        )
        _add(
            use,
            "read" if metadata else "credential",
            words,
            "" if metadata else "read" if verb.startswith(("get", "batch-get")) else "write",
        )
    elif (service, verb) in (
        ("ecr", "get-login-password"),
        ("ecr", "get-login"),
        ("sts", "get-session-token"),
        ("sts", "assume-role"),
        ("kms", "decrypt"),
        ("iam", "create-access-key"),
        ("iam", "create-login-profile"),
        ("ec2", "create-key-pair"),
        ("ec2", "get-password-data"),
        ("rds", "generate-db-auth-token"),
        ("sts", "get-federation-token"),
        ("sts", "assume-role-with-web-identity"),
        ("codeartifact", "get-authorization-token"),
        ("ec2", "delete-key-pair"),
        ("iam", "delete-access-key"),
        ("iam", "update-access-key"),
        ("ecr-public", "get-login-password"),
        ("lightsail", "get-instance-access-details"),
        ("eks", "get-token"),
    ):
        _add(use, "credential", words, "read")
    elif service in ("cognito-idp", "cognito-identity", "connect", "customer-profiles", "workmail"):
        reads_pool = verb in ("list-user-pools", "describe-user-pool", "list-user-pool-clients")
        _add(use, "read" if reads_pool else "personal-data", words, "")
    elif service == "ssm" and verb in ("send-command", "start-session", "start-automation-execution"):
        _add(use, "deploy", words, "remote command")
        for value in re.findall(r"commands=\[?[\"']?([^\]\"']+)", " ".join(word.value for word in use.arguments)):
            use.shell(Text(value))
    elif (
        service in ("athena", "redshift-data", "timestream-query", "rds-data", "dynamodb")
        and verb.startswith(("start-query-execution", "execute-statement", "batch-execute", "query"))
        and verb != "query"
    ):
        from maestro.policy.shell.programs.data import statement

        for text in parsed.values("--query-string", "--sql", "--statement", "--sqls"):
            statement(use, text, "")
        _add(use, "network", words, "send")
    elif service == "eks" and verb == "update-kubeconfig":
        _add(use, "credential", words, "write")
    elif service == "lambda" and verb == "invoke":
        _add(use, "deploy", words, "invoked")
    elif service in ("ecs", "eks") and verb in ("execute-command", "update-kubeconfig"):
        _add(use, "deploy" if verb == "execute-command" else "write", words, "")
    elif service in _COST_SERVICES and not _READ.match(verb):
        _add(use, "money", words, "")
    else:
        _by_verb(use, service, verb, words)
    return anything(NETWORK)


def _add(use: Use, kind: str, words: list[str], detail: str) -> None:
    use.reader.found.add(kind, f"{use.name} {' '.join(words[:3])}", "", detail)  # type: ignore[arg-type]


def _by_verb(use: Use, service: str, verb: str, words: list[str]) -> None:
    if _READ.match(verb):
        _add(use, "read", words, "")
    elif service in _SECURITY_SERVICES or _SECURITY.match(verb):
        _add(use, "security-config", words, "")
    elif _DESTROY.match(verb):
        kind = (
            "deploy"
            if verb.startswith(("cancel", "remove-tags", "disassociate", "abort", "deregister"))
            else "data-destroy"
        )
        _add(use, kind, words, "cloud")
    elif _BILLED.match(verb):
        _add(use, "money", words, "billed resource")
    elif not verb:
        _add(use, "unknown", words, "")
    else:
        _add(use, "deploy", words, "cloud")


_VERB_VALUES = """
    -g --resource-group -n --name -l --location --subscription -o --output --query -p --project --zone --region
    --account --configuration --format --filter --limit --sort-by --image --machine-type --size --sku --tier
    --admin-username --admin-password --vault-name --value --file -f --src --type --ids --server --database
    --app -a -t --token --org --team --remote -r --tag --role --member --assignee --scope --policy --network
    --subnet --source-ranges --rules --allow --version --data-file --secret --key --env -e --var --branch
    --node-pool --cluster --command --password --user -u --host --context --access-token --template --parameters
    --description -m --message -c --config --target --set-env-vars --update-env-vars --memory --timeout
    --runtime --entry-point --trigger-topic --source
    """


def cloud(use: Use) -> Text:
    """gcloud, az, doctl and others: nouns, then a verb."""
    if use.name == "gcloud" and any(word.value == "ssh" for word in use.arguments):
        for number, word in enumerate(use.arguments):
            if word.value.startswith("--command"):
                use.shell(
                    Text(word.value.partition("=")[2])
                    if "=" in word.value
                    else use.arguments[number + 1]
                    if number + 1 < len(use.arguments)
                    else EMPTY
                )
                use.add("deploy", "remote command")
                return anything(NETWORK)
    parsed = use.parse(
        values=_VERB_VALUES,
        known="""
            --quiet -q --yes -y --force --no-wait --async --dry-run --validate-only --confirm --all --verbose
            --json --prod
            """,
    )
    words = words_of(use)
    if (
        not words
        and use.name in ("vercel", "surge", "now", "render")
        and not parsed.asks_for_help
        and not parsed.has("-v", "--version")
    ):
        use.add("deploy", use.name, "", "cloud")
        return anything(NETWORK)
    if (
        not words
        or parsed.asks_for_help
        or parsed.has("--dry-run", "-h", "--what-if", "--validate-only", "--dryrun", "--plan")
        or words[0]
        in (
            "help",
            "version",
            "info",
            "feedback",
            "find",
            "interactive",
            "completion",
            "status",
            "whoami",
            "regions",
            "search",
            "cheat-sheet",
            "topic",
            "docs",
        )
    ):
        return EMPTY
    if words[0] in ("alpha", "beta", "preview"):
        words = words[1:] or [""]
    _cloud_words(use, words)
    return anything(NETWORK)


def _cloud_words(use: Use, words: list[str]) -> None:
    if "get-credentials" in words:
        _add(use, "credential", words, "write")
        return
    flat = [part for word in words for part in word.split(":")]
    flat = [word for number, word in enumerate(flat) if word != "ps" or number == len(flat) - 1]
    verbs = [word for word in flat if _READ.match(word) or _DESTROY.match(word)]
    reads = any(_READ.match(word) for word in flat) and not any(_DESTROY.match(word) for word in flat)
    destroys = any(_DESTROY.match(word) for word in flat[1:] or flat)
    joined = " ".join(flat)
    if is_kept_secret(use, flat):
        metadata = (
            flat[-1] in ("list", "ls") and not re.search(r"keys? list|credential|connection-string|config", joined)
        ) or (len(flat) > 1 and "list" in flat and use.name == "gcloud")
        _add(
            use,
            "read" if metadata else "credential",
            words,
            ""
            if metadata
            else "delete"
            if destroys
            else "read"
            if reads or "print" in joined or "access" in flat
            else "write",
        )
    elif flat[0] in ("login", "logout", "auth", "auth:login", "authorizations", "configure", "init", "token", "tokens"):
        _add(use, "read" if reads and "print" not in joined and "token" not in joined else "credential", words, "write")
    elif _PEOPLE.search(joined) or (
        re.search(r"\bauth(?:entication)? (?:export|import)|users? (?:export|import|list)", joined)
        and use.name in ("firebase", "auth0", "okta", "clerk")
    ):
        _add(use, "personal-data", words, "read" if reads else "")
    elif (any(word in _SECURITY_SERVICES for word in flat) and not reads) or (
        re.search(
            r"iam|policy-binding|firewall|role assignment|access-policy|add-members?|security-group"
            r"|(?:add|remove|set)-iam|acl|role create|sp create|service-accounts?|nsg|ssl|cors"
            r"|public-access|allow-|members? (?:add|remove)|access:(?:add|remove|update)|access (?:add"
            r"|remove|update)|certs?|features enable|keyring",
            joined,
        )
        and not reads
    ):
        _add(use, "security-config", words, "")
    elif destroys:
        harmless = (
            flat[-1] in ("remove", "reset", "release")
            and flat[0] in ("config", "extension", "components", "context", "remote")
        ) or flat[:1] in (["config"],)
        _add(use, "deploy" if harmless else "data-destroy", words, "cloud")
    elif reads and verbs:
        _add(use, "read", words, "")
    elif re.search(r"backups? restore|pitr|failover|restore", joined):
        _add(use, "data-destroy", words, "restore")
    elif (
        (flat[-1:] and "create" in flat and any(word in _BILLED_NOUNS for word in flat))
        or any(word in ("billing", "purchase", "buy", "upgrade-plan", "subscription") for word in flat)
        or joined.startswith(("addons create", "addons upgrade", "apps create --plan"))
    ):
        _add(use, "money", words, "billed resource")
    elif any(word in ("ssh", "exec", "run", "console", "shell", "invoke", "call", "tunnel", "proxy") for word in flat):
        _add(use, "deploy", words, "remote command")
        rest = use.parsed.rest or []
        if rest:
            use.run(rest)
    elif re.search(
        r"^(?:sql|pg|psql|mysql|postgres|db|d1|redis)\b.*(?:connect|psql|query|execute|shell)|^pg$|^pg:psql|^psql",
        joined,
    ):
        _sql_inside(use, words)
    elif re.search(r"db (?:migrate|push)|migrations? (?:apply|create)", joined):
        _add(use, "migration", words, "")
    elif flat[0] == "components" and "list" not in flat:
        _add(use, "dependency", words, "")
    elif flat[0] in (
        "config",
        "components",
        "extension",
        "context",
        "link",
        "dev",
        "build",
        "cache",
        "init",
        "new",
        "local",
        "emulators",
        "emulators:start",
        "types",
        "generate",
    ) and use.name not in ("heroku", "fly", "flyctl"):
        _add(use, "write" if flat[0] not in ("dev", "build", "emulators") else "run-code", words, "settings")
    else:
        _add(use, "deploy", words, "cloud")


def _sql_inside(use: Use, words: list[str]) -> None:
    from maestro.policy.shell.programs.data import statement

    asked = [*use.parsed.values("-c", "--command", "--query", "-q"), *use.parsed.values("--execute")]
    for text in asked:
        if text.value:
            statement(use, text, "")
    _add(use, "data-change" if not asked else "network", words, "" if not asked else "send")


PROGRAMS = {
    "aws": aws,
    "awslocal": aws,
    **dict.fromkeys(
        """
            gcloud az doctl linode-cli hcloud vultr-cli scw oci ibmcloud aliyun tccli openstack exo civo upcloud
            upctl ovh yc heroku fly flyctl vercel netlify wrangler railway render firebase amplify eb sam-none
            copilot-cli deployctl surge now
            cf cloudctl koyeb northflank platform upsun ali tencent digitalocean nova glance cinder
            neutron keystone gandi godaddy namecheap porter zeit zeabur appwrite convex auth0 okta clerk
            launchdarkly ldcli sentry-cli datadog-ci newrelic pd pagerduty statuspage
            atlas-none mongocli ccloud confluent aiven avn databricks snowsight fastly akamai bunny cloudinary
            mapbox twilio-none contentful sanity strapi shopify shopify-cli magento-cloud terminus acli lando
            ddev pantheon acquia
            """.split(),
        cloud,
    ),
}
