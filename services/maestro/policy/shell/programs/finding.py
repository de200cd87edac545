"""Programs that walk through folders: what they list, and what they run for each file."""

from __future__ import annotations

from maestro.policy.paths import canonical, info
from maestro.policy.shell.text import PATH, Text, anything
from maestro.policy.shell.use import Use

_ENDS = (";", "+", "\\+", "\\;")
_WRITES = ("-fprint", "-fprint0", "-fls")
_FILTERS = frozenset(
    """
        -name -iname -path -ipath -wholename -regex -iregex -empty -mtime -mmin -atime -ctime -amin -cmin -newer
        -size -user -perm -maxdepth -links -inum -samefile -type
        """.split()
)


def find(use: Use) -> Text:
    words = list(use.arguments)
    if words and words[0].value in ("--help", "--version", "-help", "-version"):
        return anything()
    while words and words[0].value in ("-H", "-L", "-P", "-E", "-X", "-d", "-s", "-x"):
        words.pop(0)
    roots: list[Text] = []
    while words and not words[0].value.startswith(("-", "(", ")", "!", ",")):
        roots.append(words.pop(0))
    roots = roots or [Text(".")]
    _expression(use, roots, words)
    return _listed(use, roots, words)


def _listed(use: Use, roots: list[Text], words: list[Text]) -> Text:
    marks = [f"{PATH}{_inside(root, words)}" for root in roots]
    return anything(*marks)


def _inside(root: Text, words: list[Text]) -> str:
    """The name that a search below `root` finds, where the search says it."""
    for number, word in enumerate(words[:-1]):
        if (
            word.value in ("-name", "-iname")
            and words[number + 1].known
            and (number == 0 or words[number - 1].value not in ("!", "-not"))
        ):
            return f"{root.value.rstrip('/')}/{words[number + 1].value}"
    return f"{root.value.rstrip('/')}/*" if root.value != "/" else "/*"


def _expression(use: Use, roots: list[Text], words: list[Text]) -> None:
    filters = [word.value for word in words if word.value in _FILTERS]
    whole = not [each for each in filters if each not in ("-type", "-maxdepth")]
    pending = list(words)
    while pending:
        word = pending.pop(0).value
        if word == "-delete":
            for root in roots:
                _delete(use, root, words, whole)
        elif word in ("-exec", "-execdir", "-ok", "-okdir"):
            command = []
            while pending and pending[0].value not in _ENDS:
                command.append(pending.pop(0))
            for root in roots:
                _execute(use, command, _found(root, words, whole))
        elif (word in _WRITES and pending) or (word == "-fprintf" and pending):
            use.write(pending.pop(0))
        elif word == "-files0-from" and pending:
            use.read(pending.pop(0))


def _found(root: Text, words: list[Text], whole: bool) -> Text:
    if not root.known:
        return root
    if "." in root.value.rpartition("/")[2].lstrip(".") or "credential" in info(canonical(root.value)).classes:
        return root  # a file rather than a folder
    return Text(
        _inside(root, words) if not whole else root.value.rstrip("/") + "/*" if root.value != "." else "./*",
        True,
        root.marks,
    )


def _delete(use: Use, root: Text, words: list[Text], whole: bool) -> None:
    if not root.known:
        use.delete(root, recursive=True)
        return
    known = info(canonical(root.value, use.reader.state.cwd, use.reader.state.home))
    if known.where in ("system", "home", "device") or "credential" in known.classes:
        use.delete(Text(root.value, True), recursive=True)
    use.delete(_found(root, words, whole), recursive=False)


def _execute(use: Use, command: list[Text], found: Text) -> None:
    if not command:
        return
    replaced = [
        Text(word.value.replace("{}", found.value), True, word.marks | {"found"}) if "{}" in word.value else word
        for word in command
    ]
    shell = command[0].value.rpartition("/")[2] in ("sh", "bash", "zsh", "dash") and len(command) > 2
    use.run(
        [
            word if shell and number == 2 and "{}" not in word.value else new
            for number, (word, new) in enumerate(zip(command, replaced, strict=True))
        ]
    )


def fd(use: Use) -> Text:
    values = """
        -e -t -d -E -x -X -o -S -j -c --extension --type --max-depth --exclude --exec --exec-batch --size
        --changed-within --changed-before --search-path --base-directory --threads --color --min-depth
        --exact-depth --owner --format --and
        """
    words = list(use.arguments)
    for number, word in enumerate(words):
        if word.value in ("-x", "-X", "--exec", "--exec-batch"):
            command = [each for each in words[number + 1 :] if each.value not in _ENDS]
            use.arguments = words[:number]
            parsed = use.parse(values=values)
            roots = parsed.operands[1:] or [Text(".")]
            pattern = parsed.words()[0] if parsed.operands else "*"
            found = Text(f"{roots[0].value.rstrip('/')}/{pattern or '*'}*", True)
            if not any("{" in each.value for each in command):
                command.append(Text("{}"))
            _execute(use, command, found)
            return anything()
    parsed = use.parse(values=values)
    return anything(*(f"{PATH}{root.value}/*" for root in parsed.operands[1:] or [Text(".")]))


_LIST_VALUES = """
    -I -w -T --ignore --hide --width --color --sort --time --time-style --format --block-size --tabsize -L -P -I
    -o -H -s --level --git-ignore
    """


def ls(use: Use) -> Text:
    parsed = use.parse(
        values=_LIST_VALUES
        if use.name in ("tree", "eza", "exa", "lsd")
        else "-I -w -T --ignore --hide --width --color --sort --time --time-style --format --block-size --tabsize"
    )
    if use.name == "tree":
        for path in parsed.values("-o"):
            use.write(path)
    return anything(*(f"{PATH}{path.value.rstrip('/')}/*" for path in parsed.operands or [Text(".")]))


def looked(use: Use) -> Text:
    """stat, file, du: names, and no content."""
    if use.name == "file":
        for path in use.parse(values="-f -m -F -P -e --files-from --magic-file").values(
            "-f", "-m", "--files-from", "--magic-file"
        ):
            use.read(path)
    return anything("number")


def locate(use: Use) -> Text:
    return anything(f"{PATH}/*")


PROGRAMS = {
    "find": find,
    "gfind": find,
    "fd": fd,
    "fdfind": fd,
    "ls": ls,
    "dir": ls,
    "vdir": ls,
    "ll": ls,
    "la": ls,
    "l": ls,
    "tree": ls,
    "eza": ls,
    "exa": ls,
    "lsd": ls,
    "gls": ls,
    **dict.fromkeys(
        "stat file du df lsof lsattr namei pathchk getfacl getfattr exiftool-none mimetype ncdu-none dust duf".split(),
        looked,
    ),
    "locate": locate,
    "mlocate": locate,
    "plocate": locate,
}
