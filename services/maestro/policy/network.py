"""What would this request do? From host, method, path, headers and body; nothing is asked over the network.

Hosts are known by what they are for: this machine, a cloud's metadata, services that cost money, collectors of other
people's data. A host that nobody described may be read; sending to it is asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from maestro.policy.effects import Effect, Where
from maestro.policy.paths import effects_of_path

READING = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"))


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: SplitResult
    host: str
    body: str
    headers: Mapping[str, str]

    @property
    def reads(self) -> bool:
        return self.method in READING

    @property
    def path(self) -> str:
        return unquote(self.url.path).lower() or "/"

    def target(self) -> str:
        """Host and path, without what may be secret."""
        return f"{self.host}{self.url.path}"[:200]


def effects_of_request(
    method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None
) -> tuple[Effect, ...]:
    """The effects of one HTTP request; sorted, never empty. Never raises."""
    url = "".join(char for char in url.strip() if char >= " ")
    if url.lower().startswith("file:") or (url.startswith(("/", "~/", "./")) and not url.startswith("//")):
        return effects_of_path("read" if method.upper() in READING else "write", url)
    request = _parsed(method, url, body, headers or {})
    if request is None:
        return (Effect("network", url[:200], "unresolved", "send"),)
    return tuple(sorted(set(_effects(request))))


def _parsed(method: str, url: str, body: str, headers: Mapping[str, str]) -> Request | None:
    if "://" not in url:
        url = f"https:{url}" if url.startswith("//") else f"https://{url}"
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return None
    if not host or re.search(r"[\s${}`<>\\]", host) or "%" in host:
        return None
    return Request((method or "GET").strip().upper(), parts, host, body, headers)


def _effects(request: Request) -> Iterator[Effect]:
    where = where_of_host(request.host)
    yield from _secrets(request, where)
    if _is_metadata(request.host):
        yield Effect("credential", request.target(), "remote", "read")
    if where == "loopback":
        yield from _on_this_machine(request)
        return
    yield Effect("network", request.target(), where, "get" if _only_reads(request) else "send")
    yield from _by_service(request, where)
    yield from _by_path(request, where)


def _only_reads(request: Request) -> bool:
    """A query can carry a file out as well as a body can."""
    longest = max((len(value) for _, value in parse_qsl(request.url.query)), default=0)
    return request.reads and not request.body and longest < 200 and "$" not in request.url.query


# --- hosts ------------------------------------------------------------------------------------------------------


def where_of_host(host: str) -> Where:
    """`loopback`, `production` (by its name), `known` (forges) or `remote`."""
    host = host.strip("[]").rstrip(".").lower()
    address = _address(host)
    if host == "localhost" or host.endswith(".localhost") or host in ("host.docker.internal", "ip6-localhost"):
        return "loopback"
    if address is not None and (address.is_loopback or address.is_unspecified):
        return "loopback"
    if re.search(r"(?:^|[.-])(?:prod|production|prd|live)(?:$|[.\d-])", host):
        return "production"
    return "known" if re.fullmatch(_FORGES, host) else "remote"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Also the ways of writing an address that hide it: `2130706433`, `0x7f.1`, `::ffff:127.0.0.1`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not re.fullmatch(r"[0-9a-fx.]+", host) or not re.match(r"\d", host):
            return None
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


_METADATA_NAMES = frozenset(
    ("metadata.google.internal", "metadata", "metadata.goog", "instance-data", "instance-data.ec2.internal")
)
_METADATA_ADDRESSES = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"),
    )
)


def _is_metadata(host: str) -> bool:
    address = _address(host)
    return host in _METADATA_NAMES or address in _METADATA_ADDRESSES or (address is not None and address.is_link_local)


_FORGES = r"(?:.*\.)?(?:github\.com|githubusercontent\.com|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht)"

_PAYMENT = (
    r"(?:.*\.)?(?:api\.stripe\.com|braintreegateway\.com|braintree-api\.com|api(?:-m)?(?:\.sandbox)?\.paypal\.com|adyen\.com|"
    r"adyenpayments\.com|squareup\.com|squareupsandbox\.com|api\.checkout\.com|api\.razorpay\.com|api\.mollie\.com|"
    r"klarna\.com|plaid\.com|authorize\.net|recurly\.com|chargebee\.com|api\.paddle\.com|vendors\.paddle\.com|"
    r"api\.lemonsqueezy\.com|gocardless\.com|dwolla\.com|api\.coinbase\.com|api\.binance\.com|api\.kraken\.com|"
    r"(?:api\.)?(?:transferwise|wise)\.com|worldpay\.com|api\.paystack\.co|api\.flutterwave\.com|api\.mercadopago\.com|"
    r"api\.xendit\.co|api\.midtrans\.com|api\.brex\.com|api\.ramp\.com|api\.mercury\.com|api\.shopify\.com|myshopify\.com)"
)
_MESSAGING = (
    r"(?:.*\.)?(?:api\.sendgrid\.com|mailgun\.net|mandrillapp\.com|api\.mailchimp\.com|postmarkapp\.com|"
    r"sparkpost\.com|api\.resend\.com|mailjet\.com|api\.(?:brevo|sendinblue)\.com|customer\.io|loops\.so|klaviyo\.com|"
    r"email(?:-smtp)?\.[\w-]+\.amazonaws\.com|sns\.[\w-]+\.amazonaws\.com|twilio\.com|nexmo\.com|vonage\.com|plivo\.com|"
    r"messagebird\.com|sinch\.com|telnyx\.com|bandwidth\.com|clicksend\.com|textlocal\.in|infobip\.com|onesignal\.com|"
    r"lob\.com|mailersend\.com|elasticemail\.com|convertkit\.com|activecampaign\.com|api-us1\.com|hubapi\.com)"
)
_MODELS = (
    r"(?:.*\.)?(?:api\.openai\.com|openai\.azure\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com|"
    r"aiplatform\.googleapis\.com|bedrock(?:-runtime|-agent)?\.[\w-]+\.amazonaws\.com|api\.mistral\.ai|api\.cohere\.(?:ai|com)|"
    r"openrouter\.ai|api\.groq\.com|api\.together\.(?:xyz|ai)|api\.replicate\.com|api\.deepseek\.com|api\.x\.ai|"
    r"api\.perplexity\.ai|api\.stability\.ai|api\.elevenlabs\.io|api-inference\.huggingface\.co|api\.fireworks\.ai|"
    r"api\.ai21\.com|api\.voyageai\.com|api\.assemblyai\.com|api\.deepgram\.com|fal\.run|api\.runpod\.(?:io|ai)|"
    r"api\.moonshot\.\w+|dashscope\.aliyuncs\.com|api\.cerebras\.ai|api\.runwayml\.com|api\.tavily\.com|serpapi\.com)"
)
_OTHER_PAID = (
    r"(?:.*\.)?(?:maps\.googleapis\.com|translation\.googleapis\.com|vision\.googleapis\.com|api\.godaddy\.com|"
    r"api\.namecheap\.com|api\.easypost\.com|api\.goshippo\.com|googleads\.googleapis\.com|api\.deepl\.com|"
    r"api\.clearbit\.com|api\.checkr\.com|api\.docusign\.\w+|[\w-]+\.docusign\.net|textract\.[\w-]+\.amazonaws\.com|"
    r"rekognition\.[\w-]+\.amazonaws\.com|translate\.[\w-]+\.amazonaws\.com)"
)
_COLLECTORS = (
    r"(?:.*\.)?(?:webhook\.site|requestbin\.(?:com|net)|pipedream\.net|requestcatcher\.com|beeceptor\.com|hookbin\.com|"
    r"ngrok(?:-free)?\.(?:io|app|dev)|serveo\.net|localhost\.run|loca\.lt|trycloudflare\.com|burpcollaborator\.net|"
    r"oastify\.com|oast\.\w+|interact\.sh|dnslog\.cn|canarytokens\.com|pastebin\.com|hastebin\.com|dpaste\.\w+|paste\.ee|"
    r"paste\.rs|ix\.io|sprunge\.us|termbin\.com|0x0\.st|transfer\.sh|file\.io|bashupload\.com|gofile\.io|anonfiles\.com|"
    r"temp\.sh|catbox\.moe|oshi\.at|discord(?:app)?\.com|hooks\.slack\.com|api\.telegram\.org|rentry\.co)"
)
_SECRET_STORES = (
    r"(?:.*\.)?(?:secretsmanager\.[\w-]+\.amazonaws\.com|ssm\.[\w-]+\.amazonaws\.com|kms\.[\w-]+\.amazonaws\.com|"
    r"vault\.azure\.net|secretmanager\.googleapis\.com|cloudkms\.googleapis\.com|api\.doppler\.com|1password\.com|"
    r"[\w-]+\.hashicorp\.cloud|api\.bitwarden\.com|infisical\.com|vault(?:\.[\w.-]+)?)"
)
_IDENTITY = (
    r"(?:.*\.)?(?:iam\.amazonaws\.com|iam\.googleapis\.com|sts\.amazonaws\.com|graph\.microsoft\.com|okta\.com|auth0\.com|"
    r"cloudresourcemanager\.googleapis\.com|login\.microsoftonline\.com|onelogin\.com|organizations\.[\w-]+\.amazonaws\.com)"
)
_CLOUDS = (
    r"(?:.*\.)?(?:amazonaws\.com|management\.azure\.com|googleapis\.com|api\.digitalocean\.com|api\.cloudflare\.com|"
    r"api\.hetzner\.cloud|api\.linode\.com|api\.vultr\.com|api\.scaleway\.com|api\.heroku\.com|api\.vercel\.com|"
    r"api\.netlify\.com|api\.render\.com|api\.fly\.io|api\.machines\.dev|api\.fastly\.com|backboard\.railway\.app|"
    r"api\.supabase\.com|api\.mongodb\.com|cloud\.mongodb\.com|api\.datadoghq\.com|api\.pagerduty\.com|api\.akamai\.com|"
    r"app\.terraform\.io|api\.pulumi\.com|api\.planetscale\.com|console\.neon\.tech|api\.ovh\.com|dev\.azure\.com)"
)
_BY_HOST = [
    (re.compile(_PAYMENT), "payment"),
    (re.compile(_MESSAGING), "mail or messages"),
    (re.compile(_MODELS), "model"),
    (re.compile(_OTHER_PAID), "paid service"),
]


def _by_service(request: Request, where: Where) -> Iterator[Effect]:
    host, target = request.host, request.target()
    for regex, what in _BY_HOST:
        if regex.fullmatch(host) and not host.startswith(
            ("docs.", "status.", "help.", "support.", "developer.", "www.")
        ):
            yield Effect("money", target, where, what)
            if what == "payment" and re.search(r"/(?:customers?|payers?|accounts?|persons?)\b", request.path):
                yield Effect("personal-data", target, where, "read" if request.reads else "write")
    if re.fullmatch(_COLLECTORS, host) and not _only_reads(request):
        yield Effect("network", target, where, "collector")
    if re.fullmatch(_SECRET_STORES, host):
        yield Effect("credential", target, where, "read" if request.reads else "write")
    if re.fullmatch(_IDENTITY, host) and not request.reads:
        yield Effect("security-config", target, where, "accounts")
    if re.fullmatch(_CLOUDS, host) and not request.reads:
        yield Effect("data-destroy" if request.method == "DELETE" else "deploy", target, where, "cloud")


# --- paths ------------------------------------------------------------------------------------------------------

_SECRET_PATH = re.compile(
    r"/(?:v1/)?(?:secrets?|credentials?|api[-_]?keys?|access[-_]?keys?|tokens?|deploy[-_]?keys|ssh[-_]?keys|private[-_]?keys?|"
    r"service[-_]?account[-_]?keys?|latest/meta-data|computemetadata|\.env[\w.]*|\.git/config|\.aws/credentials|user/keys|"
    r"actions/secrets|vault)(?:/|$)"
)
_SECURITY_PATH = re.compile(
    r"/(?:users?/[^/]+/(?:roles?|permissions?)|roles?|permissions?|acls?|policies|polic(?:y|ies)/.*|firewalls?.*|collaborators?|members(?:hips?)?|"
    r"branches/[^/]+/protection|rulesets?|audit[-_]?logs?|security.*|iam|sso|mfa|admins?|security[-_]groups?|dns_records|"
    r"webhooks?|hooks|keys|_security|_cluster/settings)(?:/|$)"
)
_PEOPLE_PATH = re.compile(
    r"/(?:customers?|patients?|employees?|users?|members?|people|persons?|contacts?|subscribers?|profiles?|accounts?)(?:/|$|\?)"
)
_MONEY_PATH = re.compile(
    r"/(?:charges?|payments?|payment_intents|refunds?|payouts?|transfers?|invoices?|subscriptions?|orders?|purchases?|checkout|billing|"
    r"withdraw(?:als?)?|transactions?)(?:/|$)"
)
_DEPLOY_PATH = re.compile(
    r"/(?:deploy(?:s|ments?|hooks?)?|releases?|rollback|rollout|restart|scale|build_hooks|dispatches|promote|apis/apps|"
    r"api/v1/(?:namespaces|pods|nodes)|services/[^/]+/restart|servers?|instances?|droplets|clusters?)(?:/|$)"
)


_DESTROYS = re.compile(
    r"/(?:_?delete(?:_by_query|_series|_all|all|many)?|destroy|purge|truncate|drop|wipe|flush(?:all|db)?|clean_tombstones|erase)(?:/|$)"
)


def _by_path(request: Request, where: Where) -> Iterator[Effect]:
    path, target = request.path, request.target()
    if (_SECRET_PATH.search(path) and where != "known") or re.search(
        r"/(?:actions/secrets|user/keys|deploy-keys)", path
    ):
        yield Effect("credential", target, where, "read" if request.reads else "write")
    people = _PEOPLE_PATH.search(path) is not None and where != "known"
    if request.reads:
        if people:
            yield Effect("personal-data", target, where, "rows")
        return
    if request.method == "DELETE" or _DESTROYS.search(path):
        yield Effect("data-destroy", target, where, "delete")
    if people:
        yield Effect("personal-data", target, where, "write")
    if _SECURITY_PATH.search(path):
        yield Effect("security-config", target, where, "permissions")
    if _MONEY_PATH.search(path):
        yield Effect("money", target, where, "payment")
    if _DEPLOY_PATH.search(path):
        yield Effect("deploy", target, where)
    if re.search(r"/(?:graphql|rpc|query)$", path) and re.search(
        r"\b(?:delete|drop|remove|destroy|purge)\w*", request.body, re.I
    ):
        yield Effect("data-destroy", target, where, "delete")


# --- this machine -----------------------------------------------------------------------------------------------

_ENGINE_PORTS = frozenset((2375, 2376, 10250, 6443, 2379, 4243))
_DEBUG_PORTS = frozenset((9222, 9229, 5005))


def _on_this_machine(request: Request) -> Iterator[Effect]:
    try:
        port = request.url.port or 0
    except ValueError:
        port = 0
    yield Effect("network", request.target(), "loopback", "get" if request.reads else "send")
    if request.reads:
        if _SECRET_PATH.search(request.path):
            yield Effect("credential", request.target(), "loopback", "read")
        return
    if port in _ENGINE_PORTS:
        yield Effect("opaque", request.target(), "loopback", "a container engine's or cluster's own interface")
    if port in _DEBUG_PORTS:
        yield Effect("unknown", request.target(), "loopback", "debugger")
    if request.method == "DELETE" or _DESTROYS.search(request.path):
        yield Effect(
            "data-destroy" if port == 9200 or request.method != "DELETE" else "data-change",
            request.target(),
            "loopback",
            "delete",
        )
    if request.path.endswith(("/_shutdown", "/shutdown", "/actuator/env", "/actuator/restart")):
        yield Effect("service", request.target(), "loopback")
    if port == 8200 or _SECRET_PATH.search(request.path):
        yield Effect("credential", request.target(), "loopback", "write")


# --- secrets ----------------------------------------------------------------------------------------------------

_SECRET_HEADER = re.compile(
    r"authorization|proxy-authorization|cookie|x-api-key|api-key|x-auth.*|.*-token|.*secret.*|private-token", re.I
)
_SECRET_QUERY = re.compile(
    r"(?:.*_)?(?:api_?key|access_?token|token|secret|client_secret|password|passwd|pwd|auth|sig|signature|private_?key)",
    re.I,
)


def _secrets(request: Request, where: Where) -> Iterator[Effect]:
    from maestro.policy.secrets import secrets_in_text

    url = request.url
    in_url = bool(url.password) or any(_SECRET_QUERY.fullmatch(name) and value for name, value in parse_qsl(url.query))
    in_headers = any(_SECRET_HEADER.fullmatch(name) and value.strip() for name, value in request.headers.items())
    texts = [request.body, unquote(url.query), *request.headers.values()]
    if in_url or in_headers or any(secrets_in_text(text[:100_000], "body.json") for text in texts if len(text) >= 8):
        yield Effect("credential", request.host, where, "send")
    if request.body and re.search(
        r"(?:^|[=\s\"])@?(?:~|/root|/home/[^/\s]+)/\.(?:ssh|aws|gnupg|netrc)\b|/etc/shadow", request.body
    ):
        yield Effect("credential", request.host, where, "send")
    if request.body and re.search(
        r"\b\d{3}-\d{2}-\d{4}\b|\"(?:ssn|card_?number|cvv|date_of_birth|passport)\"\s*:", request.body, re.I
    ):
        yield Effect("personal-data", request.host, where, "send")
