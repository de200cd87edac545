"""What does code in some other language do? By its literal calls: what runs, deletes, writes, reads or connects."""

from __future__ import annotations

import base64
import re

from maestro.policy.network import effects_of_request
from maestro.policy.paths import canonical, info
from maestro.policy.shell.state import is_secret_name
from maestro.policy.shell.text import EMPTY, NETWORK, UNKNOWN, Text
from maestro.policy.shell.use import Use

_STRING = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)"""
_STRINGS = re.compile(_STRING)
_ARGUMENT = r"\s*[\(\s]\s*(?:" + _STRING + r")?"

_RUNS = re.compile(
    r"(?<![\w.$>:])(?:(?:child_process|cp|require\(['\"](?:node:)?child_process['\"]\)|Kernel|IO|os|io"
    r"|Process|Open3|Shell|java\.lang\.Runtime\.getRuntime\(\)|Runtime\.getRuntime\(\)|sys\.process"
    r"|Deno|Bun|scala\.sys\.process)\s*(?:\.|::)\s*)?"
    r"(system|exec|execSync|execFile|execFileSync|spawn|spawnSync|fork|popen|popen2e?|popen3|capture2e?"
    r"|capture3|shell_exec|passthru|proc_open|pcntl_exec|execute|qx|shell|cmd|run|Command"
    r"|do\s+shell\s+script|process\.run|unix|dos|open_pipe|getoutput)" + _ARGUMENT
)
_CERTAIN = frozenset(
    """
        system exec execSync execFile execFileSync spawn spawnSync popen popen2 popen2e popen3 capture2
        capture2e capture3 shell_exec passthru proc_open pcntl_exec
        """.split()
)
_BACKTICKS = re.compile(r"(?:`([^`]+)`|%x[\({\[!/|]([^)}\]!/|]+)|qx[\({\[!/|]([^)}\]!/|]+))")
_DELETES = re.compile(
    r"(?<![\w$])(?:fs|fsp|fs\.promises|File|Dir|FileUtils|Pathname|os|Deno|Files|rimraf|shutil"
    r"|require\(['\"](?:node:)?fs(?:/promises)?['\"]\))?\s*(?:\.|::)?\s*"
    r"(unlinkSync|unlink|rmSync|rmdirSync|rmdir|rm_rf|rm_r|rm_f|rmtree|remove_entry_secure|remove_dir"
    r"|removeSync|delete_all|rm|remove|delete|deleteIfExists|rimraf|Remove-Item|remove_tree"
    r"|emptyDirSync)" + _ARGUMENT
)
_WRITES = re.compile(
    r"(writeFileSync|writeFile|appendFileSync|appendFile|createWriteStream|file_put_contents|fputs"
    r"|copyFileSync|renameSync|symlinkSync|File\.write|IO\.write|File\.binwrite|spit|write_file"
    r"|writeTextFile|Set-Content|Out-File|copy|rename|cp|download|Clear-Content|Add-Content)" + _ARGUMENT
)
_OPENS_TO_WRITE = re.compile(
    r"(?:fopen|open|File\.open|File\.new|openSync|io\.open|new\s+File(?:Writer"
    r"|OutputStream))\s*\(?\s*(?:\w+\s*,\s*)?(?:" + _STRING + r")?\s*,?\s*['\"]?(\+?[<>]{0,2}[rwa]?b?\+?)"
)
_PERL_OPEN = re.compile(r"open\s*\(?\s*[^,()]+,\s*['\"]([^'\"]*)['\"](?:\s*,\s*['\"]([^'\"]*)['\"])?")
_URL = re.compile(r"https?://[^\s'\"`)<>\\]+")
_SENDS = re.compile(r"\b(?:post|put|patch|POST|PUT|PATCH|delete_request|send|method:\s*['\"](?:POST|PUT))\b")
_NETWORK = re.compile(
    r"\b(?:fetch\s*\(|https?\.(?:get|request)|axios|net\.connect|net\.Socket|createConnection|TCPSocket"
    r"|UDPSocket|Socket\.new|Socket\.tcp|IO::Socket|socket\.|fsockopen|pfsockopen|stream_socket_client"
    r"|curl_init|Net::HTTP|open-uri|LWP|HTTP::Tiny|URI\.open|file_get_contents\s*\(\s*['\"]https?:"
    r"|XMLHttpRequest|Invoke-WebRequest|Invoke-RestMethod|DownloadString|DownloadFile|socket\s*\("
    r"|connect\s*\()"
)
_SOCKETS = re.compile(
    r"net\.connect|net\.Socket|new\s+.*Socket|TCPSocket|Socket\.tcp|IO::Socket|fsockopen|pfsockopen"
    r"|socket_create|stream_socket_client|socket\.tcp|tcp_connect|\bsocket\s+-|socket\(|/inet/tcp"
    r"|/dev/tcp|gen_tcp|TcpStream|Socket\("
)
_STARTS_SHELL = re.compile(
    r"/bin/(?:ba|da|z|k|a)?sh|\bexec\b|\bspawn|popen|shell_exec|proc_open|os\.execute|io\.popen|system"
    r"|cmd\.exe|\$c=|`\$"
)
_DECODES = re.compile(
    r"\b(?:eval|assert|Function|instance_eval|class_eval|load|load_string|loadstring|exec|create_function"
    r"|Invoke-Expression|iex|vm\.run\w+|doString)\b\s*\(?\s*([^;]*)"
)
_MADE = re.compile(
    r"base64|atob|Buffer\.from|unpack|decode|gzinflate|gzuncompress|str_rot13|fromCharCode|hex2bin"
    r"|pack\s*\(|reverse|\.join|chr\(|%x|unescape|DownloadString|fetch|http|readFileSync"
    r"|file_get_contents|STDIN|ARGV|\$_(?:GET|POST|REQUEST)|gets",
    re.I,
)
_ENVIRONMENT = re.compile(
    r"process\.env\b(?!\s*[.\[])|\bENV\b\s*(?:\.(?:to_h|inspect|each|to_a|map)|\)|\s*$)|%ENV\b"
    r"|getenv\s*\(\s*\)|\$_ENV\b(?!\[)|os\.environ\b(?!\[|\.get)|\$_SERVER\b(?!\[)"
    r"|System\.getenv\(\s*\)|Deno\.env\.toObject"
)
_VARIABLE = re.compile(
    r"(?:process\.env(?:\.|\[['\"])|ENV(?:\.fetch\(|\[)['\"]|\$ENV\{['\"]?|getenv\(\s*['\"]"
    r"|\$_ENV\[['\"]|Deno\.env\.get\(['\"]|os\.getenv\(['\"])(\w+)"
)
_STRINGLESS = re.compile(r"(?:open|Include|include|require|File|load|read|slurp|cat|LOAD|SOURCE)\W+((?:~|/)[\w./~-]+)")


def read_code(use: Use, code: Text) -> None:
    """Adds what is seen of it."""
    if NETWORK in code.marks:
        use.opaque("remote", "runs what comes from the network")
        return
    text = re.sub(r"\[\s*['\"](\w+)['\"]\s*\]\s*\(", r".\1(", code.value)
    if not code.known and text.strip().startswith(UNKNOWN):
        use.opaque("unresolved", "runs code that nobody can know beforehand")
    use.add("read", "code", "", use.name)
    _own_ways(use, text)
    _commands(use, text, code)
    _evaluations(use, text)
    _files(use, text)
    _hosts(use, text)
    _variables(use, text)


def _own_ways(use: Use, text: str) -> None:
    """What only one language does."""
    if use.name == "osascript":
        use.add("unknown", "osascript")
        if re.search(r"\bdelete\b|empty (?:the )?trash", text):
            use.add("delete", "osascript", "unresolved")
        if re.search(r"hidden answer|password|keystroke|passphrase|clipboard", text, re.I):
            use.opaque("unresolved", "asks a person for a secret, or types for them")
    elif use.name == "m4":
        for found in re.finditer(r"(?:esyscmd|syscmd)\(([^)]*)\)", text):
            use.shell(Text(found[1].strip("`'")), EMPTY)
        for found in re.finditer(r"(?:include|undivert|sinclude)\(`?([^)']*)", text):
            use.read(Text(found[1]))
    elif use.name in ("dc", "ed", "gnuplot"):
        for found in re.finditer(r"(?:^|\n|;)\s*!\s*([^\n]+)", text):
            use.shell(Text(found[1]), EMPTY)
    elif use.name == "julia":
        for found in re.finditer(r"(?:run|read|success|open)\(`([^`]*)`", text):
            use.shell(Text(found[1]), EMPTY)
        if re.search(r"\bdownload\(", text):
            use.add("network", "download", "remote", "get")


def _first(found: re.Match[str], offset: int = 2) -> str | None:
    groups = found.groups()[offset - 1 : offset + 2]
    return next((group for group in groups if group is not None), None)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


def _without_strings(text: str) -> str:
    return _STRINGS.sub('""', text)


_CHILD = re.compile(
    r"child_process['\"]\s*\)\s*(?:\.|\?\.)\s*\w+" + _ARGUMENT + r"|(?:process\.binding|mainModule|createRequire)\b"
)


def _hidden_children(use: Use, text: str, code: Text) -> None:
    """Ways round to node's `child_process` that are not called by its name."""
    for found in _CHILD.finditer(text):
        argument = _first(found, 1)
        if argument is not None:
            command = " ".join([_plain(argument), *_list_after(text, found.end())])
            use.shell(Text(re.sub(r"\$\{[^}]*\}", UNKNOWN, command), marks=code.marks), EMPTY)
        elif "binding" in found[0]:
            use.opaque("unresolved", "runs what cannot be seen")


def _commands(use: Use, text: str, code: Text) -> None:
    _hidden_children(use, text, code)
    names_bare = set(re.findall(r"\w+", _without_strings(text)))
    for found in _RUNS.finditer(text):
        if found[1].split()[-1] not in names_bare and found[1] not in names_bare:
            continue  # only inside a string
        argument = _first(found)
        if argument is not None:
            rest = _list_after(text, found.end())
            command = " ".join([_plain(argument), *rest])
            use.shell(Text(re.sub(r"\$\{[^}]*\}|#\{[^}]*\}", UNKNOWN, command), marks=code.marks), EMPTY)
        elif found[1] in _CERTAIN and not _is_method_of_pattern(text, found):
            use.opaque("unresolved", "runs a command that it makes")
    if use.name in ("ruby", "perl", "php", "irb", "pry", "groovy", "raku"):
        for quoted in _BACKTICKS.finditer(text):
            command = next(group for group in quoted.groups() if group is not None)
            use.shell(Text(re.sub(r"#\{[^}]*\}|\$\w+", UNKNOWN, command), marks=code.marks), EMPTY)
    if use.name == "perl" and (opened := _PERL_OPEN.search(text)):
        _perl_open(use, opened)
    if use.name == "awk":
        return
    if use.name in ("swipl", "ghc", "clojure", "elixir", "erl") and re.search(
        r"\bshell\s*\(|\bsh\b|os:cmd|System\.cmd|System\.Process", text
    ):
        strings = [next((group for group in found.groups() if group), "") for found in _STRINGS.finditer(text)]
        use.shell(Text(strings[0] if strings else UNKNOWN), EMPTY)


def _list_after(text: str, place: int) -> list[str]:
    """`spawn("rm", ["-rf", "/"])` and `system "rm", "-rf", "/"`: the strings that follow."""
    found = re.match(r"\s*,\s*\[?\s*((?:" + _STRING + r"\s*,?\s*)+)", text[place:])
    if not found:
        return []
    return [
        _plain(next((group for group in each.groups() if group is not None), ""))
        for each in _STRINGS.finditer(found[1])
    ]


def _is_method_of_pattern(text: str, found: re.Match[str]) -> bool:
    """`/x/.exec(...)` and `pattern.exec(...)` search; `db.exec` asks a database."""
    return (found[1] in ("exec", "system", "spawn") and text[: found.start()].rstrip().endswith((".", "->", "::"))) or (
        re.search(r"[\w)\]/]\.$", text[: found.start(1)]) is not None and found[1] == "exec"
    )


def _perl_open(use: Use, found: re.Match[str]) -> None:
    mode, path = found[1].strip(), (found[2] or "").strip()
    if mode.startswith("|") or mode.endswith("|") or mode in ("-|", "|-"):
        use.shell(Text(path or mode.strip("| ")), EMPTY)
    elif mode.startswith((">", "+<", "+>")):
        use.write(Text(path or mode.lstrip("+>< ")))
    else:
        use.read(Text(path or mode.lstrip("< ")))


_INCLUDES = re.compile(
    r"\b(?:include|require|source|dofile|load|import|sys\.source|devtools::source_url)(?:_once)?\b[\s(]*(?:url\s*\(\s*)?"
    r"['\"](?:https?|ftps?|data|php|expect|phar)(?:://|:)",
    re.I,
)


def _evaluations(use: Use, text: str) -> None:
    bare = _without_strings(text)
    if _INCLUDES.search(text):
        use.opaque("remote", "loads code from the network")
    for found in _DECODES.finditer(text):
        word = found[0].split("(")[0].strip().split()[0]
        if word == "exec" and "exec" in bare and use.name not in ("lua", "gjs"):
            continue
        if re.search(rf"\b{re.escape(word)}\b", bare) and _MADE.search(found[1]):
            use.opaque("decoded", "runs code that it decodes or fetches")
        elif inner := _STRINGS.match(found[1].strip()):
            read_code(use, Text(_plain(next((group for group in inner.groups() if group), ""))))
        elif re.match(r"\s*[\w$@]", found[1]) and word in (
            "eval",
            "Function",
            "loadstring",
            "load",
            "assert",
            "instance_eval",
        ):
            use.opaque("decoded", "runs code that it makes")


def _files(use: Use, text: str) -> None:
    bare = _without_strings(text)
    for found in _DELETES.finditer(text):
        argument = _first(found)
        word = found[1]
        if word in ("rm", "remove", "delete") and argument is None:
            continue
        if not re.search(rf"\b{re.escape(word)}\b", bare):
            continue
        recursive = (
            "rm_r" in word
            or "recursive" in text
            or word in ("rimraf", "rmtree", "remove_tree", "remove_dir", "removeSync", "emptyDirSync", "rm_rf")
        )
        use.delete(
            Text(_plain(argument), glob="*" in argument) if argument is not None else Text(UNKNOWN), recursive=recursive
        )
    for found in _WRITES.finditer(text):
        argument = _first(found)
        if argument is not None and re.search(rf"\b{re.escape(found[1].rpartition('.')[2])}\b", bare):
            use.write(Text(_plain(argument)))
    for found in _OPENS_TO_WRITE.finditer(text):
        argument = next((group for group in found.groups()[:3] if group is not None), None)
        if argument is None:
            continue
        mode = found[4] or ""
        if any(letter in mode for letter in "wa>+"):
            use.write(Text(_plain(argument)))
    _sensitive_strings(use, text)


def _sensitive_strings(use: Use, text: str) -> None:
    """A sensitive path in the code: read at least, whatever the function is called."""
    mentioned = [
        next((group for group in found.groups() if group is not None), "") for found in _STRINGS.finditer(text)
    ]
    mentioned += [found[1] for found in _STRINGLESS.finditer(text)]
    for value in mentioned:
        for path in re.findall(r"(?:~|/|\.{0,2}/)?[\w.@~-]*(?:/[\w.@*-]+)+|\.[\w.-]+|[\w-]+\.(?:pem|key|kdbx)", value):
            known = info(canonical(path, use.reader.state.cwd, use.reader.state.home))
            if "credential" in known.classes:
                use.read(Text(path))
            elif known.classes & {"security", "guard", "start-up"} and re.search(
                r"write|put|truncate|openSync|sysopen|O_WRONLY|link|dump|open[^;]*['\"](?:w|a|>)|copy"
                r"|rename|>>|append|chmod|unlink|delete|spit",
                text,
            ):
                use.write(Text(path))
    if re.search(r"\bHOME\b|homedir\(|Dir\.home|home_dir", text):
        _below_home(use, text, mentioned)


def _below_home(use: Use, text: str, mentioned: list[str]) -> None:
    """Strings that are put behind somebody's home."""
    writes = re.search(r"write|put|append|copy|rename|truncate|['\"][wa]\+?['\"]|>>?", text)
    for value in mentioned:
        if not re.fullmatch(r"/?\.?[\w.-]+(?:/[\w.-]+)*", value):
            continue
        path = Text(f"~/{value.lstrip('/')}")
        classes = info(canonical(path.value)).classes
        if "credential" in classes:
            use.read(path)
        if writes and classes & {"security", "guard", "start-up", "credential"}:
            use.write(path)


def _hosts(use: Use, text: str) -> None:
    if _SOCKETS.search(text) and _STARTS_SHELL.search(text):
        use.opaque("remote", "a shell whose input and output are a connection")
    if not _NETWORK.search(text):
        return
    urls = _URL.findall(text)
    method = "POST" if _SENDS.search(text) else "GET"
    for url in urls:
        for effect in effects_of_request(method, url):
            use.add(effect.kind, effect.target, effect.where, effect.detail)
    if not urls:
        use.add("network", "", "remote", "send")


def _variables(use: Use, text: str) -> None:
    if _ENVIRONMENT.search(text):
        use.add("credential", "all environment variables", "", "read")
    for name in _VARIABLE.findall(text):
        if is_secret_name(name):
            use.add("credential", name, "", "read")


def module_option(use: Use, option: str, value: Text) -> None:
    """`-M` of perl, `-r` of ruby and node: a module; one from a path is a file that runs."""
    if re.match(r"(?:data|https?):", value.value):
        use.opaque("remote", "a module that stands in its address")
    elif "/" in value.value and not value.value.startswith("@"):
        use.add("run-code", value.value, "project", "module")
    elif option == "-S" and use.name == "php":
        use.add("network", value.value, "loopback", "listen")


def powershell(use: Use, option: str, code: Text, rest: list[Text]) -> None:
    if option.lower() in ("-e", "-enc", "-encodedcommand", "-ec"):
        use.opaque("decoded", "runs an encoded command")
        return
    text = " ".join([code.value, *(word.value for word in rest)])
    rest.clear()
    if re.search(r"\biex\b|Invoke-Expression|DownloadString|FromBase64String|\|\s*iex", text, re.I):
        use.opaque("remote", "runs what comes from the network, or is decoded")
    elif re.search(
        r"Remove-Item|\bri\b|\brd\b|\bdel\b|Format-Volume|Clear-Disk|Stop-Computer|Set-ExecutionPolicy"
        r"|New-LocalUser|Add-LocalGroupMember|Set-MpPreference|reg\s+add|Clear-EventLog",
        text,
        re.I,
    ):
        kind = "delete" if re.search(r"Remove-Item|\bri\b|\brd\b|\bdel\b", text, re.I) else "security-config"
        use.add(
            "delete" if kind == "delete" else "security-config",
            text,
            "unresolved" if re.search(r"-Recurse|/s\b|Format|Clear-Disk", text, re.I) else "project",
        )
    elif re.fullmatch(
        r"\s*(?:Get-\w+|Write-(?:Host|Output)|Select-\w+|Where-Object|Format-\w+|Test-Path|echo|ls|dir"
        r"|cat|pwd)\b[^;&|]*",
        text,
        re.I,
    ):
        use.add("read", text)
    else:
        use.add("unknown", "powershell")


def decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "===").decode("utf-16-le", "replace")
    except ValueError:
        return ""
