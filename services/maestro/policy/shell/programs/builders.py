"""Programs that run the project's own tasks: make, package scripts, task runners."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.shells import unpacked_from_elsewhere
from maestro.policy.shell.programs.tasks import effect_of_task
from maestro.policy.shell.text import EMPTY, Text, anything
from maestro.policy.shell.use import Use


def make(use: Use) -> Text:
    parsed = use.parse(
        values="-C -f -I -o -W --directory --file --makefile --include-dir --old-file --assume-old --what-if --eval -E",
        optional="-j -l -O --jobs --load-average",
    )
    if parsed.asks_for_help or parsed.has("-n", "--just-print", "--dry-run", "--recon", "-q", "--question", "-p"):
        for text in parsed.values("--eval", "-E"):
            _eval(use, text)
        return EMPTY
    for text in parsed.values("--eval", "-E"):
        _eval(use, text)
    targets = []
    for word in parsed.operands:
        name, equals, value = word.value.partition("=")
        if equals and re.fullmatch(r"[\w.+:]+", name):
            if name.strip(":+") in ("SHELL", ".SHELLFLAGS", "MAKEFLAGS", "MAKE") and value not in (
                "/bin/bash",
                "/bin/sh",
                "bash",
                "/usr/bin/bash",
                "/usr/bin/env bash",
            ):
                use.shell(Text(value))
                use.opaque("unresolved", f"{name} is set to what runs every line")
            elif "$(shell" in value or "$(" in value:
                use.shell(Text(re.sub(r".*?\$\(shell\s+(.*)\).*", r"\1", value, flags=re.S)))
        else:
            targets.append(word)
    for path in parsed.values("-f", "--file", "--makefile"):
        if path.value in ("-", "/dev/stdin") or path.value.startswith(("/tmp/", "/dev/fd/", "/var/tmp/")):
            _makefile_from_input(use, path)
    for word in targets or [Text("all")]:
        _task(use, word, "target")
    return use.output()


def _makefile_from_input(use: Use, path: Text) -> None:
    from maestro.policy.shell.files import place_in_memory

    content = (
        use.stdin
        if path.value in ("-", "/dev/stdin")
        else use.reader.state.files.get(place_in_memory(use.reader, path.value))
    )
    if content is None or not content.known or content.marks & {"network"}:
        use.opaque("unresolved", "its rules are not seen")
        return
    for line in content.value.splitlines():
        if line.startswith("\t"):
            use.shell(Text(line.strip().lstrip("@-+"), marks=content.marks))


def _eval(use: Use, text: Text) -> None:
    for line in re.split(r"\n|\\n", text.value):
        recipe = re.match(r"[^:=]*:(?!=)[^;]*;\s*(.*)", line)
        code = recipe[1] if recipe else line.strip() if line.startswith("\t") else ""
        found = re.search(r"\$\(shell\s+(.*)\)", line)
        if found:
            use.shell(Text(found[1], marks=text.marks))
        if code:
            use.shell(Text(re.sub(r"^[@+-]+", "", code).replace("$$", "$"), marks=text.marks))


def _task(use: Use, word: Text, what: str) -> None:
    if unpacked_from_elsewhere(use):
        use.opaque("remote", "runs the rules of what was fetched before")
    elif not word.known:
        use.add("run-code", word.value, "unresolved", what)
    elif not effect_of_task(use, word.value):
        use.add("run-code", word.value, "project", what)


def task_runner(use: Use) -> Text:
    """just, task, rake, invoke, nox, tox, grunt, gulp, nx, turbo: names of the project's tasks."""
    parsed = use.parse(
        values="""
            -f -C -d -g -s -e -p -c -t --justfile --working-directory --set --shell --taskfile --dir --directory
            --rakefile --projects --filter --target --session --sessions --concurrency --search-root
            --collection
            """,
        optional="-j",
    )
    if parsed.asks_for_help or parsed.has(
        "-l",
        "--list",
        "--list-all",
        "--summary",
        "--dry",
        "--dry-run",
        "-n",
        "-T",
        "--tasks",
        "--graph",
        "--show",
        "--dump",
        "--evaluate",
        "-P",
        "-D",
    ):
        return EMPTY
    for text in parsed.values("--shell"):
        use.shell(text)
    words = [word for word in parsed.operands if word.value not in ("run", "exec", "affected", "run-many")]
    if parsed.has("-c", "--command") and use.name == "just":
        return use.run(words)
    for word in words or [Text("default")]:
        if "=" not in word.value:
            _rake(use, word)
    return use.output()


def _rake(use: Use, word: Text) -> None:
    from maestro.policy.shell.programs.frameworks import rails_task

    if not (use.name in ("rake", "rails") and rails_task(use, word.value)):
        _task(use, word, "task")


def script(use: Use, name: Text, arguments: list[Text]) -> Text:
    """`npm run NAME`: the name is what is known of it."""
    del arguments
    _task(use, name, "script")
    return use.output()


def go_like_run(use: Use) -> Text:
    """`go run`, `cargo run`, `dotnet run`: a program of the project; one from elsewhere is remote code."""
    for word in use.parsed.operands[1:2]:
        if re.search(r"@|^https?://|^[\w-]+\.\w+/", word.value) and not word.value.startswith("./"):
            use.opaque("remote", "runs a program from the network")
            return use.output()
    use.add("run-code", " ".join(use.parsed.words()[1:2]) or ".", "project", "program")
    return use.output()


def tests(use: Use) -> Text:
    use.add("run-code", use.name, "project", "test")
    return use.output()


def compiler(use: Use) -> Text:
    """Compilers and linters that write what they are told to."""
    parsed = use.parse(
        values="""
            -o -I -L -D -l -x -include -isystem -MF -MT -std -T --output -d --outdir --outDir -O_ -cp -classpath
            --release --target -B -wrapper
            """,
        single=False,
    )
    if parsed.asks_for_help:
        return EMPTY
    if parsed.has("-wrapper") or any(word.value == "-wrapper" for word in use.arguments):
        at = next((number for number, word in enumerate(use.arguments) if word.value == "-wrapper"), -1)
        if 0 <= at < len(use.arguments) - 1:
            use.shell(Text(use.arguments[at + 1].value.replace(",", " ")))
    for path in parsed.values("-o", "--output", "-d", "--outdir"):
        if path.value:
            use.write(path, anything("built"))
    if any(word.value in ("-x", "-xc", "-xc++", "-") for word in use.arguments) and use.stdin.marks & {"network"}:
        use.add("unknown", "compiles what comes from the network")
    use.add("write", use.name, "generated", "build")
    return use.output(*parsed.operands)


PROGRAMS = {
    **dict.fromkeys("make gmake bmake colormake remake".split(), make),
    **dict.fromkeys(
        """
            just task rake grake invoke inv doit nox tox grunt gulp nx turbo mage please fastlane earthly
            mask xc
            """.split(),
        task_runner,
    ),
    **dict.fromkeys(
        """
            gcc g++ cc c++ clang clang++ tcc icc nvcc gfortran ld as ar ranlib javac kotlinc scalac rustc
            ghc-compile dmc nasm yasm swiftc mcs csc fpc gnat ocamlc ocamlopt emcc em++ protoc thrift flatc
            valac dmd ldc2 zig-cc
            """.split(),
        compiler,
    ),
}

ACTIONS = {"@run": go_like_run, "@tests": tests, "@compiler": compiler}
