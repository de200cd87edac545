"""Programs that talk to hosts: what they fetch, what they send, and who listens."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import urlsplit

from maestro.policy.network import effects_of_request, where_of_host
from maestro.policy.shell.text import EMPTY, ENVIRONMENT, NETWORK, SECRET, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

_CURL_VALUES = (
    (
        """
            -A -b -c -C -d -D -e -E -F -h_ -H -K -m -o -P -Q -r -t -T -u -U -w -x -X -y -Y -z
            --abstract-unix-socket --alt-svc --aws-sigv4 --cacert --capath --cert --cert-type --ciphers --config
            --connect-timeout
            --connect-to --continue-at --cookie --cookie-jar --create-file-mode --crlfile --data --data-ascii
            --data-binary --data-raw --data-urlencode --delegation --dns-servers --doh-url --dump-header
            --engine
            --expect100-timeout --form --form-string --ftp-port --header --interface --json --keepalive-time
            --key --limit-rate --local-port --max-filesize --mail-from --mail-rcpt --mail-auth --max-redirs
            --max-time --netrc-file --noproxy
            --oauth2-bearer
            --output --output-dir --pass --pinnedpubkey --post301_ --preproxy --proto --proto-default
            --proto-redir --proxy --proxy-header --proxy-user --pubkey --quote --range --rate --referer
            --request --request-target
            --resolve --retry --retry-delay --retry-max-time --socks4 --socks5 --socks5-hostname --speed-limit
            --speed-time --stderr --telnet-option --time-cond --tls-max --trace --trace-ascii --unix-socket
            """
        "--upload-file --url --url-query --user --user-agent --variable --write-out"
    )
    .replace("-h_ ", "")
    .replace("--post301_ ", "")
)
_CURL_BODIES = (
    "-d",
    "--data",
    "--data-ascii",
    "--data-binary",
    "--data-raw",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "--form-string",
)


def curl(use: Use) -> Text:
    parsed = use.parse(values=_CURL_VALUES)
    if parsed.asks_for_help or parsed.has("-V", "--version", "-h", "--manual", "-M"):
        return EMPTY
    for path in parsed.values("-K", "--config"):
        _options_of(use, path)
    bodies = [_body(use, value) for value in parsed.values(*_CURL_BODIES)]
    bodies += [use.read(path) if path.value != "-" else use.stdin for path in parsed.values("-T", "--upload-file")]
    body = joined(bodies, "&")
    method = parsed.value("-X", "--request").value.upper() or (
        "POST"
        if parsed.has(*_CURL_BODIES) and not parsed.has("-G", "--get")
        else "PUT"
        if parsed.has("-T", "--upload-file")
        else "HEAD"
        if parsed.has("-I", "--head")
        else "GET"
    )
    urls = [*parsed.operands, *parsed.values("--url")]
    if not urls and parsed.has("-T", "--upload-file", *_CURL_BODIES):
        use.network("", "send")
    _credentials(use)
    _unchecked(use, urls, "-k", "--insecure", "--proxy-insecure")
    _ftp_and_mail(use)
    content = _requests(use, method, urls, body, _headers(use))
    for path in parsed.values("-o", "--output"):
        use.write(_in_folder(path, parsed.value("--output-dir")), content)
    if parsed.has("-O", "--remote-name", "--remote-name-all", "-J"):
        for url in urls:
            use.write(_in_folder(_name_of(url), parsed.value("--output-dir")), content)
    for path in parsed.values("-c", "--cookie-jar", "-D", "--dump-header", "--trace", "--trace-ascii", "--stderr"):
        use.write(path)
    if parsed.has("-o", "--output", "-O", "--remote-name") or "/dev/null" in parsed.value("-o", "--output").value:
        return anything("number") if parsed.has("-w", "--write-out") else EMPTY
    return content


def _options_of(use: Use, path: Text) -> None:
    """A file of options may name any address, and any file to send."""
    content = use.stdin if path.value == "-" else use.read(path)
    if not content.known:
        use.opaque("unresolved", f"options that stand in {path.value}")
        return
    for line in content.value.splitlines():
        name, _, value = re.sub(r"\s*[=:]?\s+", " ", line.strip(), count=1).partition(" ")
        if name and not name.startswith("#"):
            option = name if name.startswith("-") else f"--{name}"
            use.run([Text("curl"), Text(option), *([Text(value.strip(' "'))] if value else [])])


def _in_folder(path: Text, folder: Text) -> Text:
    return Text(posixpath.join(folder.value, path.value), marks=path.marks) if folder.value else path


def _name_of(url: Text) -> Text:
    try:
        name = posixpath.basename(urlsplit(url.value if "://" in url.value else "http://" + url.value).path)
    except ValueError:
        name = ""
    return Text(name or "index.html", marks=url.marks)


def _body(use: Use, value: Text) -> Text:
    """`@file` sends a file's content."""
    found = re.match(r"(?:[^@=]*=)?[@<]([^;]+)", value.value)
    if found and not value.value.startswith("{"):
        names = [found[1]] if found[1] == "-" else found[1].split(",")
        content = joined(use.stdin if name == "-" else use.read(Text(name, marks=value.marks)) for name in names)
        return content.having(*value.marks)
    return value


def _unchecked(use: Use, urls: list[Text], *options: str) -> None:
    """Nobody knows whose answer it is, where certificates are not checked; of this machine everybody does."""
    if use.parsed.has(*options) and any(where_of_host(_host(url.value)) != "loopback" for url in urls):
        use.add("security-config", "certificates are not checked", "", "checks turned off")


def _headers(use: Use) -> dict[str, str]:
    headers = {}
    for value in use.parsed.values("-H", "--header"):
        name, _, text = value.value.partition(":")
        headers[name.strip().lower()] = text.strip()
        if value.value.startswith("@"):
            use.read(Text(value.value[1:]))
    return headers


def _credentials(use: Use) -> None:
    parsed = use.parsed
    sent = [
        *parsed.values("-u", "--user", "-U", "--proxy-user", "--oauth2-bearer", "--pass"),
        *parsed.values("--netrc-file"),
    ]
    if any(value.value for value in sent) or parsed.has("-n", "--netrc", "--netrc-optional", "--netrc-file"):
        use.add("credential", "log-in", "", "send")
    for path in parsed.values("--key", "-E", "--cert"):
        use.read(Text(path.value.partition(":")[0] if ":" in path.value[2:] else path.value, marks=path.marks))
    for value in parsed.values("-b", "--cookie"):
        if re.search(r"session|token|auth|jwt", value.value, re.I):
            use.add("credential", "cookie", "", "send")


def _requests(use: Use, method: str, urls: list[Text], body: Text, headers: dict[str, str]) -> Text:
    marks = {NETWORK}
    local = bool(urls)
    if not urls and headers.keys() & {"authorization", "x-api-key", "cookie", "proxy-authorization"}:
        use.add("credential", "header", "", "send")
    for url in urls:
        if not _host(url.value).isascii() or "xn--" in _host(url.value):
            use.add("network", _host(url.value), "unresolved", "get")  # it may look like another
        if (url.marks | body.marks) & {SECRET, ENVIRONMENT}:
            use.add("credential", url.value, "remote", "send")
        if "personal" in url.marks | body.marks:
            use.add("personal-data", url.value, "remote", "send")
        if re.match(r"(?:gopher|dict|telnet|tftp|ldaps?|smb|scp|sftp|mqtt|imaps?|pop3s?)://", url.value):
            use.add("network", url.value, where_of_host(_host(url.value)), "send")
        for effect in effects_of_request(method, url.value, body.value, headers):
            use.add(effect.kind, effect.target, effect.where, effect.detail)
            marks |= {SECRET} if effect.kind == "credential" else set()
        local = local and where_of_host(_host(url.value)) == "loopback"
    return anything(*marks, *(["loopback"] if local else []))


def _ftp_and_mail(use: Use) -> None:
    """What curl does with other protocols than HTTP."""
    parsed = use.parsed
    for text in parsed.values("-Q", "--quote"):
        if re.match(r"[-+*]?\s*(?:DELE|RMD|RNFR|RNTO|rm|rmdir|rename)\b", text.value):
            use.add("data-destroy", text.value, "", "files of a host")
        else:
            use.add("network", text.value, "remote", "send")
    if parsed.has("--mail-from", "--mail-rcpt") or any(
        word.value.startswith(("smtp:", "smtps:")) for word in parsed.operands
    ):
        use.add("network", "mail", "remote", "send")


def _host(url: str) -> str:
    try:
        return urlsplit(url if "://" in url else "http://" + url).hostname or ""
    except ValueError:
        return ""


_WGET_VALUES = """
        -O -o -a -e -i -B -t -T -w -Q -P -U -l -A -R -D -I -X --output-document --output-file --append-output
        --execute --input-file --base --tries --timeout --wait --quota --directory-prefix --user-agent --level
        --accept --reject --domains --exclude-domains --include-directories --exclude-directories --post-data
        --post-file --body-data --body-file --method --header --user --password --http-user --http-password
        --ftp-user --ftp-password --proxy-user --proxy-password --ca-certificate --certificate --private-key
        --load-cookies --save-cookies --referer --limit-rate --cut-dirs --max-redirect --use-askpass
        --secure-protocol --bind-address --dns-timeout
        --connect-timeout --read-timeout --waitretry --default-page --restrict-file-names --prefer-family
        --rejected-log --accept-regex --reject-regex --regex-type --progress --warc-file --config --compression
        """


def wget(use: Use) -> Text:
    parsed = use.parse(
        values=_WGET_VALUES,
        known="""
            --quiet --continue --recursive --no-check-certificate --background --mirror --timestamping
            --server-response
            """,
        abbreviates=True,
    )
    if parsed.asks_for_help or parsed.has("-V", "-h"):
        return EMPTY
    for path in parsed.values("-i", "--input-file", "--load-cookies", "--private-key", "--certificate", "--config"):
        use.read(path)
    if parsed.has("--password", "--http-password", "--ftp-password", "--proxy-password"):
        use.add("credential", "log-in", "", "send")
    if parsed.has("--use-askpass"):
        use.shell(parsed.value("--use-askpass"))
    bodies = [
        *parsed.values("--post-data", "--body-data"),
        *(use.read(path) for path in parsed.values("--post-file", "--body-file")),
    ]
    _unchecked(use, parsed.operands, "--no-check-certificate")
    method = parsed.value("--method").value.upper() or (
        "POST" if bodies else "HEAD" if parsed.has("--spider") else "GET"
    )
    content = _requests(use, method, parsed.operands, joined(bodies), _headers(use))
    target = parsed.value("-O", "--output-document")
    for path in parsed.values("-o", "--output-file", "-a", "--append-output", "--save-cookies"):
        use.write(path)
    if target.value == "-":
        return content
    if parsed.has("--spider"):
        return EMPTY
    folder = parsed.value("-P", "--directory-prefix")
    for path in [target] if target.value else [_name_of(url) for url in parsed.operands]:
        use.write(_in_folder(path, folder), content)
    return EMPTY


def httpie(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -a --auth -A --auth-type -o --output --session --verify --cert --cert-key --timeout --proxy --style
            -s --print -p --pretty --max-redirects --bearer -d_ --body
            """
    )
    if parsed.asks_for_help:
        return EMPTY
    words = list(parsed.operands)
    method = ""
    if words and re.fullmatch(r"[A-Z]{3,8}", words[0].value):
        method = words.pop(0).value
    url, items = words[:1], words[1:]
    fields = [
        item
        for item in items
        if re.search(r"(?<![:=])(?::?=|@)(?!=)", item.value) and not re.match(r"[\w-]+:[^=]", item.value)
    ]
    body = joined([_body(use, Text(item.value.replace(":=@", "=@"), marks=item.marks)) for item in fields], "&")
    headers = {
        item.value.partition(":")[0].lower(): item.value.partition(":")[2]
        for item in items
        if re.match(r"[\w-]+:[^=]", item.value)
    }
    if parsed.has("-a", "--auth", "--bearer"):
        use.add("credential", "log-in", "", "send")
    content = _requests(
        use, method or ("POST" if fields or use.stdin.value else "GET"), url, joined([body, use.stdin]), headers
    )
    for path in parsed.values("-o", "--output"):
        use.write(path, content)
    return content


# --- raw connections ---------------------------------------------------------------------------


def download(use: Use) -> Text:
    """A table's `@download`: what it puts out comes from the network."""
    use.add("network", use.name, "remote", "get")
    return anything(NETWORK)


PROGRAMS = {
    "curl": curl,
    "wget": wget,
    "wget2": wget,
    "http": httpie,
    "https": httpie,
    "httpie": httpie,
    "xh": httpie,
    "xhs": httpie,
}


def aria(use: Use) -> Text:
    content = _requests(use, "GET", use.parsed.operands, EMPTY, {})
    folder = use.parsed.value("-d", "--dir")
    target = use.parsed.value("-o", "--out")
    for command in use.parsed.values("--on-download-complete", "--on-download-start"):
        use.shell(command)
    for path in [target] if target.value else [_name_of(url) for url in use.parsed.operands]:
        use.write(_in_folder(path, folder), content)
    return EMPTY


def fetched_files(use: Use) -> Text:
    """Files are fetched whose names the command does not say."""
    use.add("git-remote", " ".join(use.parsed.words()[:2]), "", "fetch")
    use.reader.state.files[UNKNOWN] = anything(NETWORK)
    return anything(NETWORK)


ACTIONS = {
    "@fetched-files": fetched_files,
    "@download": download,
    "@aria": aria,
}
