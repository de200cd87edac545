"""Programs that open connections of their own: netcat, socat, openssl, name servers, mail."""

from __future__ import annotations

import re

from maestro.policy.network import where_of_host
from maestro.policy.shell.text import EMPTY, ENVIRONMENT, NETWORK, OUTPUT, SECRET, Text, anything, joined
from maestro.policy.shell.use import Use

_NC_VALUES = """
    -e -c -i -w -p -s -q -x -X -P -I -O -T -V -G -L_ -o -g --exec --sh-exec --lua-exec --output --proxy
    --proxy-type --proxy-auth --source --source-port --idle-timeout --wait --delay --max-conns --allow
    --allowfile --deny --ssl-cert --ssl-key
    """


def netcat(use: Use) -> Text:
    parsed = use.parse(values=_NC_VALUES.replace("-L_ ", ""))
    if parsed.asks_for_help or parsed.has("-h"):
        return EMPTY
    commands = [value for value in parsed.values("-e", "-c", "--exec", "--sh-exec", "--lua-exec") if value.value]
    if commands:
        use.opaque("remote", "a program whose input and output are a connection")
        for command in commands:
            use.shell(command)
    listens = parsed.has("-l", "--listen", "-L")
    host = "" if listens else parsed.words()[0] if parsed.operands else ""
    if listens:
        use.add("network", "", "remote", "listen")
    elif parsed.has("-z"):
        use.add("network", host, where_of_host(host), "scan")
        return anything("number")
    else:
        use.network(host, "send" if use.stdin.value else "get")
    _sent(use, host)
    loopback = bool(host) and where_of_host(host) == "loopback"
    return anything(NETWORK, *(["loopback"] if loopback else []))


def _sent(use: Use, host: str) -> None:
    if use.stdin.marks & {SECRET, ENVIRONMENT}:
        use.add("credential", host, "remote", "send")


_SOCAT_RUNS = re.compile(r"(?:^|,)(?:exec|system|shell)(?:-\w+)?(?::(.*)|$)", re.I | re.S)


def socat(use: Use) -> Text:
    parsed = use.parse(values="-b -t -T -u_ -lf -x_ -L -W")
    if parsed.asks_for_help or parsed.has("-V", "-h"):
        return EMPTY
    connects = False
    for address in parsed.operands:
        kind = address.value.partition(":")[0].partition(",")[0].lower()
        if found := _SOCAT_RUNS.search(address.value):
            use.opaque("remote", "a program whose input and output are a connection")
            use.shell(
                Text((found[1] or "sh").partition(",pty")[0].partition(",stderr")[0].strip("'\""), marks=address.marks)
            )
        elif kind.startswith(("tcp", "udp", "openssl", "ssl", "sctp", "socks", "proxy", "dtls", "vsock", "tun", "ip")):
            connects = True
            listens = "listen" in kind or kind.endswith("-l")
            host = "" if listens else address.value.partition(":")[2].partition(":")[0]
            use.add("network", host, where_of_host(host) if host else "remote", "listen" if listens else "send")
        elif kind in ("file", "open", "create", "gopen") or address.value.startswith(("/", "./")):
            path = Text(
                address.value.partition(":")[2].partition(",")[0]
                if ":" in address.value
                else address.value.partition(",")[0]
            )
            use.read(path)
            if kind == "create" or "create" in address.value or "append" in address.value or "trunc" in address.value:
                use.write(path)
    return anything(NETWORK) if connects else use.output()


def openssl(use: Use) -> Text:
    words = [word.value for word in use.arguments]
    if not words or words[0] in ("version", "help", "list", "speed", "prime", "ciphers", "errstr"):
        return EMPTY
    parsed = use.parse(
        values="""
            -in -out -inkey -key -keyout -passin -passout -pass -k -K -iv -days -subj -newkey -CA -CAkey
            -CAcreateserial_ -connect -config -extfile -signkey -algorithm -pkeyopt -host -port -servername
            -cert -certfile -name -engine -rand -salt_ -e_ -md -S -saltlen -iter -paramfile -text_ -CAfile
            -CApath -verify -keyform -inform -outform -starttls -accept -www_ -provider -provider-path
            -writerand -kfile -sigopt -signature -sign -export_ -reqexts -extensions -set_serial -digest
            -startdate -enddate -checkend -purpose -propquery
            """,
        single=True,
    )
    command = words[0]
    for option in ("-engine", "-provider", "-provider-path"):
        if "/" in parsed.value(option).value:
            use.opaque("unresolved", "loads a library")
    public = command in (
        "x509",
        "verify",
        "crl",
        "req",
        "asn1parse",
        "s_client",
        "dgst",
        "sha256",
        "md5",
        "ocsp",
        "pkcs7",
    )
    sources = [path for path in parsed.values("-in") if not (public and not re.search(r"key|priv", path.value))]
    sources += parsed.values("-inkey", "-key", "-CAkey", "-kfile", "-signkey")
    inputs = [use.read(path) for path in sources]
    content = joined(inputs) if inputs else use.stdin
    if command in ("s_client", "s_server", "s_time"):
        host = parsed.value("-connect", "-host").value.rpartition(":")[0] or parsed.value("-host").value
        listens = command == "s_server"
        sends = bool(use.stdin.value) and use.stdin.value.strip() not in ("Q", "QUIT")
        use.add(
            "network",
            host,
            where_of_host(host) if host else "remote",
            "listen" if listens else "send" if sends and not use.stdin.known else "get",
        )
        if "stdin" in use.stdin.marks and not use.stdin.known and re.search(r"shell", " ".join(use.stdin.marks)):
            use.opaque("remote", "a shell whose input and output are a connection")
        _sent(use, host)
        return anything(NETWORK)
    _openssl_keys(use, command)
    output = anything(
        *content.marks, *(["decoded"] if parsed.has("-d") or (command == "base64" and parsed.has("-d")) else [])
    )
    for path in parsed.values("-out", "-keyout"):
        use.write(path, output)
    return output


def _openssl_keys(use: Use, command: str) -> None:
    parsed = use.parsed
    if command in ("genrsa", "genpkey", "ecparam", "gendsa") and not (
        command == "ecparam" and not parsed.has("-genkey")
    ):
        use.add("credential", parsed.value("-out").value or "key", "", "write")
    if command in ("req", "x509") and parsed.has("-keyout", "-newkey"):
        use.add("credential", parsed.value("-keyout").value or "key", "", "write")
    if command in ("pkcs12", "pkcs8", "rsa", "ec", "pkey", "dsa") and not parsed.has("-pubin", "-pubout", "-nokeys"):
        use.add("credential", parsed.value("-in").value or "key", "", "read")
    if any(value.value.startswith("pass:") for value in parsed.values("-pass", "-passin", "-passout")) or parsed.has(
        "-k", "-K"
    ):
        use.add("credential", "pass phrase", "", "send")


def resolver(use: Use) -> Text:
    """dig, nslookup, host: a question that somebody else sees; one that is made of something carries it out."""
    parsed = use.parse(values="-t -c -p -q -b -f -k -y -x_ -type -query")
    for path in parsed.values("-f"):
        use.read(path)
    unknown = any(not word.known and word.marks & {OUTPUT, SECRET, "encoded", "personal"} for word in use.arguments)
    use.add("network", " ".join(parsed.words()[:1]), "remote" if unknown else "known", "send" if unknown else "get")
    secret = [word for word in use.arguments if word.marks & {SECRET, "encoded"}]
    if secret:
        use.add("credential", "in a name that is asked for", "remote", "send")
    return anything(NETWORK)


def ping(use: Use) -> Text:
    parsed = use.parse(values="-c -i -I -s -t -W -w -p -m -M -Q -S -T -l -n_ -D_ -f -q")
    host = parsed.words()[0] if parsed.operands else ""
    unknown = any(word.marks & {OUTPUT, SECRET, "encoded"} for word in use.arguments)
    use.add("network", host, where_of_host(host) if unknown else "known", "send" if unknown else "get")
    return anything("number")


def mail(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -s -a -A -c -b -r -S -F -f -q -u -e_ -H_ -E_ --subject --attach --to --cc --bcc --from --body
            --server --auth-user --auth-password -t_
            """
    )
    if parsed.asks_for_help:
        return EMPTY
    contents = [use.stdin, *(use.read(path) for path in parsed.values("-a", "-A", "--attach") if path.value)]
    marks = joined(contents).marks
    use.add("network", " ".join(parsed.words()), "remote", "send")
    if SECRET in marks:
        use.add("credential", "mail", "remote", "send")
    elif any(mark == "personal" or mark.startswith(("file:/", "file:~")) for mark in marks):
        use.add("personal-data", "mail", "remote", "send")
    for path in parsed.values("-q"):
        use.read(path)
    for setting in parsed.values("-S"):
        if found := re.match(r"(?:sendmail|mta)=(.*)", setting.value):
            use.shell(Text(found[1]))
    return EMPTY


PROGRAMS = {
    "nc": netcat,
    "ncat": netcat,
    "netcat": netcat,
    "nc.traditional": netcat,
    "nc.openbsd": netcat,
    "telnet": netcat,
    "socat": socat,
    "openssl": openssl,
    "libressl": openssl,
    "dig": resolver,
    "nslookup": resolver,
    "host": resolver,
    "drill": resolver,
    "dog": resolver,
    "kdig": resolver,
    "ping": ping,
    "ping6": ping,
    "mail": mail,
    "mailx": mail,
    "mutt": mail,
    "sendmail": mail,
    "msmtp": mail,
    "ssmtp": mail,
    "swaks": mail,
    "sendemail": mail,
    "neomutt": mail,
}
