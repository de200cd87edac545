"""Interpreters of other languages: code on the command line, on the input, or in a file."""

from __future__ import annotations

import re

from maestro.policy.shell.code import other, python
from maestro.policy.shell.programs import shells
from maestro.policy.shell.text import EMPTY, NETWORK, STDIN, Text, anything
from maestro.policy.shell.use import Use

# Options with code; options with a value; options whose value is a file that is loaded.
_LANGUAGES: dict[str, tuple[str, str, str]] = {
    "perl": ("-e -E", "-I -x -D -C_ -F_ -l_ -0_ -i_ -m -M", ""),
    "ruby": ("-e", "-I -C -E -F -r -x_ -i_ -W_ -K_", ""),
    "node": (
        "-e -p -pe --eval --print",
        "-r --require --import --loader --experimental-loader -C --conditions --env-file --title --inspect-port",
        "-r --require --import --loader",
    ),
    "php": ("-r -R -B -E", "-d -c -z -S -t -F", "-f -F"),
    "lua": ("-e", "-l", ""),
    "luajit": ("-e", "-l -j -O -b", ""),
    "tclsh": ("", "", ""),
    "wish": ("", "", ""),
    "Rscript": ("-e", "--default-packages", ""),
    "rscript": ("-e", "--default-packages", ""),
    "r": ("-e", "-f --file", "-f --file"),
    "julia": ("-e -E --eval --print", "-L -p -t --project -J -O -C --threads --load", "-L --load"),
    "octave": ("--eval", "--path -p --exec-path --image-path", ""),
    "octave-cli": ("--eval", "--path -p --exec-path --image-path", ""),
    "matlab": ("-r -batch", "", ""),
    "ghc": ("-e", "-o -i -package", ""),
    "runghc": ("", "", ""),
    "runhaskell": ("", "", ""),
    "groovy": ("-e", "-cp -D -c", ""),
    "scala": ("-e", "-cp -classpath -D -J", ""),
    "clojure": ("-e --eval", "-M -A -X -T -Sdeps", ""),
    "clj": ("-e --eval", "-Sdeps", ""),
    "bb": ("-e", "-cp --classpath", "-f"),
    "elixir": ("-e --eval --rpc-eval", "-r -pa -pz --app --erl --cookie --sname --name -S", "-r"),
    "erl": ("-eval", "-s -run -pa -pz -sname -name -setcookie -config -boot", ""),
    "iex": ("-e --eval", "-S -r -pa --sname --name --cookie", ""),
    "deno": ("", "", ""),
    "osascript": ("-e", "-l -s", ""),
    "swipl": ("-g -t", "-s -l -f -p -q_", "-s -l -f"),
    "guile": ("-c", "-e -s -l -L -C -x", "-l"),
    "racket": ("-e --eval", "-l -t -r -p -u -k -f", "-f -t -r -u"),
    "sbcl": ("--eval", "--load --core --dynamic-space-size", "--load --script"),
    "gjs": ("-c", "-I", ""),
    "jjs": ("", "-cp", ""),
    "jrunscript": ("-e", "-cp -l -f -J -D", "-f"),
    "jshell": ("", "--class-path --startup --feedback", ""),
    "powershell": (
        "-c -command -Command -e -enc -EncodedCommand -encodedcommand -ec",
        "-ExecutionPolicy -ep -File -file -f -WindowStyle -w -Version -InputFormat -OutputFormat",
        "-File -file -f",
    ),
    "cmd": ("/c /C /k /K", "", ""),
    "dart-eval": ("-e", "", ""),
    "crystal": ("", "", ""),
    "nim": ("", "", ""),
    "bpftrace": ("-e", "-p -c -o -f -B", ""),
    "gnuplot": ("-e", "-c", ""),
    "maxima": ("--batch-string", "", ""),
    "gp": ("", "", ""),
    "sage": ("-c", "", ""),
    "ipython": ("-c", "-m --profile", ""),
    "jython": ("-c", "-m", ""),
    "micropython": ("-c", "-m", ""),
    "tsx": ("-e --eval -p --print", "-r --require --import --tsconfig --env-file", "-r --require --import"),
    "ts-node": ("-e -p --eval --print", "-P -r -O -T_ --project --require --compilerOptions", "-r --require"),
    "bun": ("", "", ""),
    "coffee": ("-e", "-r -o", ""),
    "pry": ("-e", "-r -I", ""),
    "irb": ("", "-r -I", ""),
    "psysh": ("", "", ""),
    "gimp": ("-b --batch", "", ""),
    "scheme": ("", "", ""),
    "m4": ("", "-D -I -U -F -R", ""),
    "dc": ("-e", "-f", ""),
    "nickle": ("-e", "", ""),
    "raku": ("-e", "-I -M", ""),
    "zx": ("--eval -e", "--shell --prefix --postfix --cwd", ""),
}
_PYTHON_VALUES = "-W -X -Q --check-hash-based-pycs"


def pythonic(use: Use) -> Text:
    words = list(use.arguments)
    while words and words[0].value.startswith("-") and words[0].value != "-":
        word = words.pop(0)
        if word.value in ("--version", "-V", "-VV", "--help", "-h", "-?", "--help-all"):
            return EMPTY
        if word.value in _PYTHON_VALUES.split() and words:
            words.pop(0)
        elif found := re.fullmatch(r"-[a-zA-Z]*?([cm])(.*)", word.value, re.S):
            value = Text(found[2], marks=word.marks) if found[2] else words.pop(0) if words else EMPTY
            if found[1] == "c":
                python_code(use, value)
                return use.output(*words).having(*_made(value))
            return module(use, value, words)
    if words and words[0].value != "-":
        return _script(use, words[0], words[1:])
    return _from_input(use, is_python=True)


def _made(code: Text) -> list[str]:
    """What a one-liner prints is known to nobody; that it decodes something is seen."""
    return (
        ["decoded"]
        if re.search(r"b64|base64|fromhex|unhexlify|rot13|decompress|chr\(|\[::-1\]|decode\(", code.value)
        else []
    )


def _script(use: Use, path: Text, arguments: list[Text]) -> Text:
    content = use.reader.state.files.get(_memory(use, path))
    if content is not None and content.known and not content.marks & {NETWORK}:
        python_code(use, content)
        return use.output()
    if path.value.startswith("http"):
        use.opaque("remote", "runs a script from the network")
        return anything()
    if path.value.endswith("manage.py"):
        from maestro.policy.shell.programs.frameworks import django

        return django(use, arguments)
    return shells.run_file(use, path, arguments)


def _memory(use: Use, path: Text) -> str:
    from maestro.policy.shell.files import place_in_memory

    return place_in_memory(use.reader, path.value)


def _from_input(use: Use, *, is_python: bool) -> Text:
    stdin = use.stdin
    if NETWORK in stdin.marks:
        use.opaque("remote", "runs what comes from the network")
    elif stdin.known and stdin.value:
        if is_python:
            python_code(use, stdin)
        else:
            other.read_code(use, stdin)
    elif STDIN in stdin.marks or stdin.value:
        use.opaque("unresolved", "runs what arrives on its input")
    return anything()


def module(use: Use, name: Text, arguments: list[Text]) -> Text:
    """`python -m`: a program by another name, or the project's own."""
    from maestro.policy.shell import calls

    known = {
        "pip": "pip",
        "venv": "virtualenv",
        "ensurepip": "virtualenv",
        "http.server": "http-server",
        "json.tool": "cat",
        "SimpleHTTPServer": "http-server",
    }
    package, _, inside = name.value.partition(".")
    program = known.get(name.value, package if inside in ("__main__", "cli", "cli.__main__") else name.value)
    if not name.known:
        use.opaque("unresolved", "a module that nobody can know beforehand")
    elif program in (
        "zipfile",
        "tarfile",
        "gzip",
        "base64",
        "timeit",
        "cProfile",
        "pdb",
        "trace",
        "site",
        "sysconfig",
        "calendar",
        "this",
        "compileall",
        "py_compile",
        "ast",
        "tokenize",
        "dis",
        "platform",
        "pydoc",
        "inspect",
        "doctest",
        "unittest",
        "idlelib",
        "antigravity",
        "textwrap",
    ):
        _standard(use, program, arguments)
    elif calls.is_described(program):
        return use.run([Text(program), *arguments])
    elif package == "maestro":
        use.add("service", name.value, "", "a service of Maestro")
    else:
        use.add("run-code", name.value, "project", "module")
    return use.output()


def _standard(use: Use, program: str, arguments: list[Text]) -> None:
    if program in ("timeit",):
        for word in arguments:
            if not word.value.startswith("-"):
                python_code(use, word)
    elif program in ("cProfile", "trace", "pdb") and arguments:
        files = [word for word in arguments if word.value.endswith(".py")]
        if files:
            shells.run_file(use, files[0], [])
    elif program in ("zipfile", "tarfile", "gzip", "base64"):
        for word in arguments:
            if not word.value.startswith("-"):
                use.read(word)
    else:
        use.add("run-code", program, "project", "module")


def python_code(use: Use, code: Text) -> None:
    if NETWORK in code.marks:
        use.opaque("remote", "runs what comes from the network")
    elif not code.known and not re.search(r"\w", code.value):
        use.opaque("unresolved", "runs code that nobody can know beforehand")
    else:
        python.read_code(use, code)


def language(use: Use) -> Text:
    codes, values, loads = (frozenset(each.replace("_", "").split()) for each in _LANGUAGES.get(use.name, ("", "", "")))
    optional = frozenset(
        each.rstrip("_") for each in _LANGUAGES.get(use.name, ("", "", ""))[1].split() if each.endswith("_")
    )
    pending = list(use.arguments)
    ran = False
    while (
        pending
        and (pending[0].value.startswith("-") or pending[0].value[:2] in codes)
        and pending[0].value not in ("-", "--")
    ):
        word = pending.pop(0)
        name, equals, value = word.value.partition("=")
        if use.name == "powershell":
            name = _powershell_option(name)
        elif use.name == "cmd" and len(name) > 2 and name[:2].lower() in ("/c", "/k"):
            name, equals, value = "/c", "=", word.value[2:]
        if word.value in ("--help", "--version", "-h") or (word.value in ("-v", "-V") and len(use.arguments) == 1):
            return EMPTY
        if name in codes:
            code = Text(value, marks=word.marks) if equals else pending.pop(0) if pending else EMPTY
            _code(use, name, code, pending)
            ran = True
        elif found := _clustered(word.value, codes, values - optional):
            code = Text(found[1], marks=word.marks) if found[1] else pending.pop(0) if pending else EMPTY
            _code(use, found[0], code, pending)
            ran = True
        elif name in ("--env-file", "--env-file-if-exists") and use.name in ("node", "tsx", "bun"):
            use.read(Text(value, marks=word.marks) if equals else pending.pop(0) if pending else EMPTY)
        elif name in loads:
            path = Text(value) if equals else pending.pop(0) if pending else EMPTY
            if re.match(r"(?:data|https?):", path.value):
                use.opaque("remote", "a module that stands in its address")
            elif "/" in path.value or path.value.endswith((".js", ".rb", ".pl", ".php", ".lua", ".mjs", ".ps1")):
                shells.run_file(use, path, [])
        elif name in values and name not in optional and not equals and pending:
            other.module_option(use, name, pending.pop(0))
        elif use.name == "perl" and re.match(r"-[mM].", word.value):
            other.module_option(use, "-M", Text(word.value[2:], marks=word.marks))
    if pending and pending[0].value == "--":
        pending.pop(0)
    in_place = use.name in ("perl", "ruby") and any(
        re.match(r"-\w*i", word.value)
        for word in use.arguments[: len(use.arguments) - len(pending)]
        if word.value.startswith("-") and not word.value.startswith("--")
    )
    if use.name == "php" and any(word.value == "-S" for word in use.arguments):
        use.add("network", "php -S", "remote", "listen")
    if use.name == "ruby" and any(word.value == "-run" for word in use.arguments):
        use.add(
            "network" if any(word.value == "httpd" for word in use.arguments) else "unknown",
            "ruby -run",
            "remote",
            "listen",
        )
    if ran:
        for path in pending if use.name in ("perl", "ruby") else []:
            use.read(path)
            if in_place:
                use.write(path)
        return use.output(*pending).having(*(["decoded"] if use.stdin.value else []))
    if pending and pending[0].value != "-":
        return _script_of(use, pending)
    return _from_input(use, is_python=False)


def _powershell_option(name: str) -> str:
    """PowerShell takes any beginning of an option's name."""
    low = name.lower()
    for full in ("-command", "-encodedcommand", "-file", "-executionpolicy", "-windowstyle"):
        if len(low) > 1 and full.startswith(low):
            return {
                "-encodedcommand": "-enc",
                "-executionpolicy": "-ExecutionPolicy",
                "-windowstyle": "-WindowStyle",
            }.get(full, full)
    return name


def _clustered(word: str, codes: frozenset[str], values: frozenset[str]) -> tuple[str, str] | None:
    """`-ne CODE`, `-eCODE`: letters together; what follows a letter that takes a value is its value."""
    if word.startswith("--"):
        return None
    for place, letter in enumerate(word[1:], 1):
        if f"-{letter}" in codes:
            return f"-{letter}", word[place + 1 :]
        if f"-{letter}" in values or not letter.isalnum():
            return None
    return None


def _code(use: Use, option: str, code: Text, rest: list[Text]) -> None:
    if code.value == "-":
        _from_input(use, is_python=False)
        return
    if use.name == "cmd":
        use.shell(Text(" ".join([code.value, *(word.value for word in rest)]), marks=code.marks))
        rest.clear()
    elif use.name == "powershell":
        other.powershell(use, option, code, rest)
    elif use.name in ("ipython", "jython", "micropython", "sage"):
        python_code(use, code)
    else:
        other.read_code(use, code)


def _script_of(use: Use, pending: list[Text]) -> Text:
    from maestro.policy.shell.files import place_in_memory

    path = pending[0]
    content = use.reader.state.files.get(place_in_memory(use.reader, path.value))
    if content is not None and content.known and not content.marks & {NETWORK}:
        other.read_code(use, content)
        return use.output()
    if path.value.startswith(("http:", "https:")):
        use.opaque("remote", "runs a script from the network")
        return anything()
    if path.value.endswith("artisan") or path.value in ("artisan", "bin/console"):
        from maestro.policy.shell.programs.frameworks import artisan

        return artisan(use, pending[1:])
    if path.value in ("bin/rails", "bin/rake", "./bin/rails", "./bin/rake"):
        return use.run([Text(path.value.rpartition("/")[2]), *pending[1:]])
    return shells.run_file(use, path, pending[1:])


def java(use: Use) -> Text:
    parsed = use.parse(values="-cp -classpath --class-path -m --module -jar -p --module-path", single=True, first=True)
    for option in parsed.options:
        if option.startswith(("-javaagent", "-agentpath", "-agentlib")) and "jdwp" not in option:
            use.opaque("unresolved", "an agent inside the program")
    if parsed.has("-jar"):
        jar = parsed.value("-jar")
        return shells.run_file(use, jar, parsed.operands)
    if parsed.operands:
        use.add("run-code", parsed.words()[0], "project", "class")
    return use.output()


def code_in_arguments(use: Use) -> None:
    """A program that nobody described may run what looks like code: `--eval`, `-e`, `-c` with calls in it."""
    for option, word in zip(use.arguments, use.arguments[1:], strict=False):
        if option.value in ("--eval", "-e", "--exec", "-c", "--command", "--expr", "--code", "-r") and re.search(
            r"[;(\s]", word.value
        ):
            other.read_code(use, word)


def deno(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -c --config -L --import-map --lock --cert --location --env-file --seed -r_ --ext --port --host
            --filter --output -o
            """,
        first=False,
    )
    words = parsed.operands
    if not words or words[0].value == "-":
        return _from_input(use, is_python=False)
    verb = words[0].value
    if verb in ("run", "serve", "watch") and len(words) > 1:
        return _script_of(use, words[1:]) if words[1].value != "-" else _from_input(use, is_python=False)
    if verb in ("eval", "repl"):
        for code in words[1:]:
            other.read_code(use, code)
    elif verb in ("install", "add", "uninstall", "remove", "outdated", "upgrade"):
        use.add("dependency", " ".join(parsed.words()[1:]), "runtime" if len(words) > 1 else "declared")
    elif verb in ("publish", "deploy"):
        use.add("deploy", verb, "", "package")
    elif verb in ("info", "doc", "help", "types", "completions", "lint", "check"):
        use.add("read", f"deno {verb}")
    elif verb.startswith("http"):
        use.opaque("remote", "runs a script from the network")
    else:
        use.add("run-code", f"deno {verb}", "project")
    return use.output()


PROGRAMS = {
    "deno": deno,
    **dict.fromkeys("python python2 python3 pypy pypy3 pythonw py".split(), pythonic),
    **dict.fromkeys(
        (name for name in _LANGUAGES if name not in ("deno", "bun", "crystal", "nim", "dart-eval")), language
    ),
    "mongo-eval": language,
    "java": java,
}
