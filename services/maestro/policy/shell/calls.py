"""What does this one call do? Finds the program's description, applies it, and looks at what nobody described."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from maestro.policy.paths import canonical, info, place
from maestro.policy.shell import files, special
from maestro.policy.shell.options import parse
from maestro.policy.shell.table import Compiled, Outcome, Tool, compiled, matched
from maestro.policy.shell.text import (
    ANYTHING,
    EMPTY,
    ENVIRONMENT,
    NETWORK,
    OWN_CODE,
    PERSONAL,
    SECRET,
    UNKNOWN,
    Text,
    anything,
    joined,
)
from maestro.policy.shell.tools import TOOLS
from maestro.policy.shell.use import Use

if TYPE_CHECKING:
    from maestro.policy.shell.redirect import Flow
    from maestro.policy.shell.walk import Reader

_PROGRAM_FOLDERS = re.compile(
    r"(?:/usr/local|/usr|/opt/homebrew|/opt/local|/snap|)/s?bin/(?:env/)?[^/]+|.*(?:node_modules/\.bin"
    r"|\.?venv/bin|env/bin|vendor/bin|bin/exec|\.cargo/bin"
    r"|\.local/bin|go/bin|\.bun/bin|\.deno/bin|\.poetry/bin|\.pyenv/shims|\.rbenv/shims|\.asdf/shims"
    r"|homebrew/bin|nix/store/[^/]+/bin"
    r"|\.nvm/versions/node/[^/]+/bin|miniconda3/bin|anaconda3/bin)/[^/]+"
)
_VERSIONED = re.compile(
    r"(python|pypy|pip|ruby|perl|php|node|nodejs|gcc|g\+\+|clang|clang\+\+|lua|java|javac|go|psql"
    r"|pg_dump|llvm-\w+|tclsh|wish|guile)-?\d+(?:\.\d+)*(?:-\w+)?"
)
_SAME = {
    "nodejs": "node",
    "pypy": "python",
    "python2": "python",
    "python3": "python",
    "vim.tiny": "vim",
    "nvim": "vim",
    "vi": "vim",
    "view": "vim",
    "rvim": "vim",
    "vimdiff": "vim",
    "gvim": "vim",
    "gsed": "sed",
    "gawk": "awk",
    "mawk": "awk",
    "nawk": "awk",
    "original-awk": "awk",
    "gtar": "tar",
    "bsdtar": "tar",
    "gfind": "find",
    "grm": "rm",
    "gcp": "cp",
    "gmv": "mv",
    "gchmod": "chmod",
    "gdd": "dd",
    "gxargs": "xargs",
    "grep": "grep",
    "ggrep": "grep",
    "egrep": "grep",
    "fgrep": "grep",
    "zgrep": "grep",
    "dash": "bash",
    "sh": "bash",
    "zsh": "bash",
    "ksh": "bash",
    "ash": "bash",
    "mksh": "bash",
    "rbash": "bash",
    "yash": "bash",
    "podman": "docker",
    "nerdctl": "docker",
    "tofu": "terraform",
    "mongosh": "mongo",
    "mariadb": "mysql",
    "pwsh": "powershell",
    "R": "r",
    "littler": "r",
    "fdfind": "fd",
    "batcat": "bat",
}


def program_of(path: str) -> str:
    """The program that a name or a path stands for; empty where it is a file of nobody's."""
    if re.fullmatch(r"(?:.*/)?ld(?:-linux[\w.-]*|-musl[\w.-]*)?\.so(?:\.\d+)*", path):
        return "ld.so"
    if "/" in path and not _PROGRAM_FOLDERS.fullmatch(canonical(path)) and not _PROGRAM_FOLDERS.fullmatch(path):
        return ""
    name = posixpath.basename(path)
    low = name.lower()
    name = low.removesuffix(".exe") if low.endswith(".exe") else name
    if found := _VERSIONED.fullmatch(name):
        name = found[1]
    if name not in special.PROGRAMS and name not in TOOLS and name.isupper() and len(name) > 1:
        return name.lower()  # some file systems do not tell them apart
    return name


def known_as(path: str) -> str:
    """The one name of a program that has several."""
    name = program_of(path) if path else ""
    return _SAME.get(name, name)


def is_described(name: str) -> bool:
    name = program_of(name)
    return bool(name) and (
        name in special.PROGRAMS
        or _SAME.get(name, name) in special.PROGRAMS
        or name in TOOLS
        or _SAME.get(name, name) in TOOLS
    )


def call(reader: Reader, words: list[Text], stdin: Text, flow: Flow, *, wrapped: bool = False) -> Text:
    """Adds the effects of one call; its output."""
    name, arguments = words[0], words[1:]
    reader.found.steps += 1
    if not name.known or name.glob or "default" in name.marks or "number" in name.marks:
        return _dynamic(reader, words, stdin, flow)
    if not wrapped and name.value in reader.state.functions:
        return reader.called(name.value, reader.state.functions[name.value], arguments, stdin)
    if not wrapped and name.value in reader.state.aliases and name.value not in reader.calling:
        return _aliased(reader, words, stdin)
    if any(mark in name.marks for mark in (NETWORK, "decoded")):
        reader.found.opaque("decoded", f"a command whose name was decoded: {name.value}")
    remembered = reader.state.files.get(files.place_in_memory(reader, name.value))
    if remembered is not None and ("/" in name.value or not is_described(name.value)):
        return special.run_file(Use(reader, name.value, arguments, stdin, flow), name, arguments)
    program = program_of(name.value)
    use = Use(reader, program or name.value, arguments, stdin, flow, is_inner=wrapped or reader.is_inner)
    if name.value.startswith("!"):
        use.opaque("unresolved", "a line for another program's prompt")
        return special.run_file(use, Text(name.value[1:], marks=name.marks), arguments)
    if not program:
        return _file_of_the_project(use, name, arguments)
    return _known(use, program)


def _file_of_the_project(use: Use, name: Text, arguments: list[Text]) -> Text:
    """A file is run; one that has a program's name may be that program, or a wrapper of it."""
    output = special.run_file(use, name, arguments)
    program = program_of(posixpath.basename(name.value))
    if name.known and arguments and is_described(program) and program not in _NAMES_OF_SCRIPTS:
        use.name = program
        _known(use, program)
    return output


_NAMES_OF_SCRIPTS = frozenset("test build install format lint start run setup time convert make script".split())
"""Programs' names that people give to scripts of their own."""


def _known(use: Use, program: str) -> Text:
    before = len(use.reader.found.effects)
    if program not in special.PROGRAMS and program not in TOOLS:
        use.name = program = _SAME.get(program, program)
    function, tool = special.PROGRAMS.get(program), TOOLS.get(program)
    if function is not None:
        output = function(use)
    elif tool is not None:
        output = described(use, compiled(tool))
    else:
        output = _unknown(use)
    _look_at_arguments(use, tool)
    added = list(use.reader.found.effects)[before:]
    marks = {SECRET for each in added if each.kind == "credential"} | {
        PERSONAL for each in added if each.kind == "personal-data"
    }
    if use.name in _PRINTS_SETTINGS:
        marks.add(OWN_CODE)
    return output.having(*marks) if output is not None else anything(*marks, *use.carried(*use.arguments))


_PRINTS_SETTINGS = frozenset(
    """
        ssh-agent gpg-agent direnv pyenv rbenv nodenv brew starship zoxide fnm mise asdf conda minikube
        docker-machine dircolors opam
        """
    """
        luarocks keychain atuin fzf lesspipe thefuck jenv phpenv goenv volta sdk rtx atuin
        register-python-argcomplete pip uv
        """.split()
)


def _dynamic(reader: Reader, words: list[Text], stdin: Text, flow: Flow) -> Text:
    reader.found.opaque("unresolved", "the command's name depends on what nobody can know beforehand")
    for number, word in enumerate(words[1:], 1):
        if word.known and is_described(word.value):
            call(reader, words[number:], stdin, flow)
            break
    if len(words) > 1 and any(word.value in ("-c", "-rf", "-fr") for word in words):
        call(
            reader,
            [Text("rm" if any("r" in word.value[:3] for word in words[1:2]) else "bash"), *words[1:]],
            stdin,
            flow,
        )
    return ANYTHING


def _aliased(reader: Reader, words: list[Text], stdin: Text) -> Text:
    name = words[0].value
    before = reader.calling
    reader.calling = (*before, name)
    try:
        rest = "".join(" " + quoted(word.value) for word in words[1:])
        return reader.nested(Text(reader.state.aliases[name] + rest), stdin)
    finally:
        reader.calling = before


def quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


# --- programs that a table describes ---------------------------------------------------------------------------


def described(use: Use, tool: Compiled) -> Text:
    """Applies the lines of the table."""
    use.parsed = parse(use.arguments, tool.grammar)
    if _only_asks(use, tool):
        use.add("read", use.name, "", "help")
        use.is_quiet = True
        return ANYTHING
    _option_values(use, tool)
    if any(use.parsed.on(each.partition("=")[0]) and ("=" not in each or _dry_value(use, each)) for each in tool.dry):
        use.add("read", use.name, "", "dry run")
        return use.output()
    return _first_that_fits(use, tool)


def _first_that_fits(use: Use, tool: Compiled) -> Text:
    output: Text | None = None
    for rule in tool.rules:
        taken = matched(rule, use.parsed)
        if taken is None:
            continue
        for outcome in rule.outcomes:
            output = apply(use, outcome, taken) or output
        if not rule.adds:
            break
    else:
        use.add("unknown", " ".join([use.name, *use.parsed.words()[:2]]))
    return output if output is not None else use.output(*use.arguments)


def _dry_value(use: Use, wanted: str) -> bool:
    name, _, value = wanted.partition("=")
    return any(each.value == value for each in use.parsed.values(name))


def _only_asks(use: Use, tool: Compiled) -> bool:
    parsed = use.parsed
    if len(use.arguments) == 1 and use.arguments[0].value in _ASKING - {"-v", "-h"}:
        return True
    if parsed.asks_for_help or _asks(use, tool):
        return True
    words = parsed.words()
    return bool(words) and words[0] in ("help", "version", "--help") and not tool.tool.first


def _asks(use: Use, tool: Compiled) -> bool:
    wanted = (tool.help & use.parsed.options.keys()) - tool.grammar.values
    return bool(wanted) and any(argument.value in wanted for argument in use.arguments)


def _option_values(use: Use, tool: Compiled) -> None:
    for option in use.parsed.options.keys() & tool.shells:
        for value in use.parsed.values(option):
            use.shell(value)
    for option in use.parsed.options.keys() & tool.reads:
        for value in use.parsed.values(option):
            if value.value:
                use.read(Text(value.value.removeprefix("@"), value.glob, value.marks))
    for option in use.parsed.options.keys() & tool.writes:
        for value in use.parsed.values(option):
            if value.value:
                use.write(value)


def apply(use: Use, outcome: Outcome, taken: int) -> Text | None:
    rest = use.parsed.operands[taken:]
    match outcome.action:
        case "":
            target = " ".join(text.value for text in use.parsed.operands[: taken + 1])
            use.add(outcome.kind, f"{use.name} {target}".strip(), outcome.where, outcome.detail)
            if outcome.detail == "get" or outcome.kind == "network":
                return use.output(*use.arguments).having(NETWORK)
        case "reads":
            return joined([use.read(path) for path in rest] or [use.stdin])
        case "writes":
            for path in rest:
                use.write(path)
        case "deletes" | "deletes-all":
            for path in rest:
                use.delete(path, recursive=outcome.action == "deletes-all")
            if not rest:
                use.add("delete", use.name, "project", "files that its options name")
        case "runs":
            return use.run(_behind(use, taken))
        case "shell":
            return use.shell(joined(_behind(use, taken), " "))
        case "code":
            return special.run_file(use, rest[0], rest[1:]) if rest else EMPTY
        case "nothing":
            use.add("read", use.name)
        case _:
            return special.ACTIONS[outcome.action](use)
    return None


def _behind(use: Use, taken: int) -> list[Text]:
    """All arguments from the first free operand on: its options are the other program's."""
    if taken >= len(use.parsed.operands):
        return []
    first = use.parsed.operands[taken]
    place = next((number for number, word in enumerate(use.arguments) if word is first), 0)
    return use.arguments[place:]


# --- what nobody described ---------------------------------------------------------------------------

_ASKING = frozenset("--help -h --version -V -v help version -help -version --usage -?".split())


_OFTEN_WRAPPED = frozenset(
    """
    git gh rm rmdir mv cp dd chmod chown find xargs bash sudo su env eval docker kubectl helm terraform aws
    gcloud az psql mysql
    mongo redis-cli npm npx yarn pnpm pip uv cargo go python node ruby perl php curl wget ssh scp rsync cat grep
    ls sed awk tee
    systemctl kill pkill shred truncate mkfs crontab iptables useradd usermod passwd nc ncat socat openssl gpg make
    """.split()
)
"""What a program that nobody described may run for somebody: `tool git push --force`."""


def _unknown(use: Use) -> Text:
    if len(use.arguments) == 1 and use.arguments[0].value in _ASKING - {"-v"}:
        use.add("read", use.name, "", "help")
        return ANYTHING
    use.add("unknown", use.name)
    for number, argument in enumerate(use.arguments):
        if argument.value.startswith("-"):
            continue
        if argument.known and known_as(argument.value) in _OFTEN_WRAPPED:
            use.run(use.arguments[number:])
        break
    special.code_in_arguments(use)
    return use.output(*use.arguments)


# --- what any program may do with its arguments ------------------------------------------------------------

_PATHS = re.compile(
    r"~?[\w.@+-]*(?:/[\w.@+*?-]+)+/?|~?\.[\w.-]+|[\w-]+\.(?:pem|key|p12|pfx|jks|kdbx|tfstate)\b"
    r"|id_(?:rsa|ed25519|ecdsa|dsa)\b"
)
_TOKEN = re.compile(
    r"\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{20,}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10,}|[sr]k_live_\w{10,}"
    r"|sk-(?:ant|proj)-[\w-]{16,}|npm_\w{30,}|AIza[\w-]{35}|pypi-AgEI[\w-]{20,})|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_OUTPUT = re.compile(
    r"-{1,2}(?:o[A-Z]?|O|w|W|.*(?:out|output|dump|write|log|file|save|export|xml|report|target|dest)[\w-]*)"
)
_CHANGES = frozenset(("write", "run-code", "network", "service", "unknown", "opaque", "dependency", "data-change"))


def _look_at_arguments(use: Use, tool: Tool | None) -> None:
    """A secret's file or value among the arguments of whatever program; a file of the machine that it puts out to."""
    if use.is_quiet or use.name in special.ONLY_ASKS:
        return
    texts = compiled(tool).texts if tool is not None else frozenset()
    spared = {id(value) for name in texts for value in use.parsed.values(name)}
    network = (tool is not None and tool.network) or use.name in special.NETWORK_PROGRAMS
    looks = use.name not in special.READS_BY_ITSELF and not (tool is not None and tool.only_text)
    for number, argument in enumerate(use.arguments):
        if id(argument) in spared:
            continue
        if _TOKEN.search(argument.value):
            use.add("credential", use.name, "", "send" if network else "write")
        if argument.marks & {SECRET, ENVIRONMENT}:
            use.add("credential", use.name, "", "send" if network else "read")
        if PERSONAL in argument.marks and network:
            use.add("personal-data", use.name, "", "send")
        for path in _PATHS.findall(argument.value) if looks and argument.value not in _HARMLESS_WORDS else ():
            _mention(use, path, network)
            before = use.arguments[number - 1].value if number else ""
            if (tool is not None or use.name not in special.PROGRAMS) and _is_output(argument.value, before):
                _put_out(use, path)
    if network and use.stdin.marks & {SECRET, ENVIRONMENT}:
        use.add("credential", use.name, "", "send")
    if network and PERSONAL in use.stdin.marks:
        use.add("personal-data", use.name, "", "send")


_HARMLESS_WORDS = frozenset((".", "..", "./", "../", "./...", "/"))


def _is_output(argument: str, before: str) -> bool:
    name, equals, _ = argument.partition("=")
    if argument.startswith("-"):
        return bool(equals) and bool(_OUTPUT.fullmatch(name))
    return bool(_OUTPUT.fullmatch(before))


def _put_out(use: Use, path: str) -> None:
    known = info(canonical(path, use.reader.state.cwd, use.reader.state.home))
    if known.classes & {"security", "start-up", "guard", "hook"} or known.path.startswith(("/etc/", "/usr/", "/bin/")):
        use.write(Text(path))


def _mention(use: Use, path: str, network: bool) -> None:
    known = info(canonical(path.removeprefix("@"), use.reader.state.cwd, use.reader.state.home))
    if "credential" in known.classes:
        use.add("credential", known.path, known.where, "send" if network else "read")


__all__ = ["EMPTY", "UNKNOWN", "call", "place", "program_of"]
