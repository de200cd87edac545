"""Programs that search: their pattern is only text, what they search is read."""

from __future__ import annotations

import re

from maestro.policy.paths import info
from maestro.policy.shell.programs.filters import some_of
from maestro.policy.shell.text import EMPTY, ENVIRONMENT, PATH, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

_PATTERN_VALUES = """
        -e -f -A -B -C -m -d -D --regexp --file --after-context --before-context --context --max-count --include
        --exclude --exclude-dir --exclude-from
        --include-dir --color --colour --label --binary-files --devices --directories -g --glob --iglob -t
        --type -T --type-not --type-add -M --max-columns -E --encoding
        -r --replace -j --threads --sort --sortr --max-depth --maxdepth --max-filesize --pre --pre-glob --engine
        --ignore-file --colors --field-context-separator --field-match-separator --path-separator
        --ignore -G --file-search-regex --pager --depth --workers -W --width --context-separator
        --dfa-size-limit --regex-size-limit --hostname-bin -p --path-to-ignore --output --passthru-n
        """
_TOKENS = re.compile(
    r"AKIA|ASIA|ghp_|gho_|github_pat|sk_live|sk-ant|xox[bp]|BEGIN [\\. A-Z]*(?:RSA|OPENSSH|PRIVATE)|AIza", re.I
)


def grep(use: Use) -> Text:
    """Its pattern is only text; what it looks through is read."""
    values = _PATTERN_VALUES
    if use.name in ("grep", "egrep", "fgrep", "zgrep", "ggrep"):
        values = (
            values.replace("-g ", "")
            .replace("-t ", "")
            .replace("-T ", "")
            .replace("-M ", "")
            .replace("-E ", "")
            .replace("-r ", "")
            .replace("-j ", "")
            .replace("-G ", "")
            .replace("-W ", "")
            .replace("-p ", "")
        )
    elif use.name in ("ag", "ack"):
        values = """
            -A -B -C -m -G -g -W -p --ignore --depth --pager --after --before --context --ignore-dir
            --ignore-file --type -t --path-to-ignore --file-search-regex --workers --max-count --match --output
            --range-start --range-end -e
            """
    parsed = use.parse(values=values)
    if parsed.asks_for_help:
        return EMPTY
    for command in parsed.values("--pre", "--hostname-bin"):
        use.run([command])
    if parsed.has("--pager") and use.name in ("ag", "ack"):
        use.shell(parsed.value("--pager"))
    for path in parsed.values("-f", "--file"):
        use.read(path)
    given = parsed.has("-e", "--regexp", "-f", "--file", "--files", "--type-list", "--match")
    pattern = joined([*parsed.values("-e", "--regexp"), *([] if given else parsed.operands[:1])], "\n")
    paths = parsed.operands if given else parsed.operands[1:]
    for name in parsed.values("--include", "-g", "--glob"):
        if not name.value.startswith("!") and "credential" in info(name.value.replace("*", "")).classes:
            use.read(Text(name.value.replace("*", "")))
    text = joined([use.read(path, deep=_is_deep(use)) for path in paths]) if paths else use.stdin
    marks = list(text.marks)
    if ENVIRONMENT in marks and _picks_harmless(parsed.has("-v", "--invert-match"), pattern):
        marks.remove(ENVIRONMENT)
    if _TOKENS.search(pattern.value):
        marks.append("secret")
    if parsed.has("-l", "-L", "--files", "--files-with-matches", "--files-without-match"):
        return anything(*(f"{PATH}{path.value}" for path in paths or [Text(".")]))
    if parsed.has("-q", "-c", "--quiet", "--silent", "--count"):
        return anything("number")
    return some_of(Text(UNKNOWN, marks=frozenset(marks)))


_LIKE_SECRETS = re.compile(r"pass|secret|token|key|cred|auth|aws|api|priv|\.\*|\.\+|^\W*$", re.I)


def _picks_harmless(inverted: bool, pattern: Text) -> bool:
    """Whether a search in all variables shows only what has nothing to do with secrets."""
    return pattern.known and not inverted and not _LIKE_SECRETS.search(pattern.value)


def _is_deep(use: Use) -> bool:
    return use.name not in ("grep", "egrep", "fgrep", "zgrep") or use.parsed.has("-r", "-R", "--recursive")


def json_query(use: Use) -> Text:
    """jq, yq, and others that take an expression and then files."""
    words = list(use.arguments)
    in_place = False
    operands: list[Text] = []
    has_file = False
    while words:
        word = words.pop(0)
        if word.value in ("--arg", "--argjson", "--rawfile", "--slurpfile"):
            if word.value.endswith("file") and len(words) > 1:
                use.read(words[1])
            words = words[2:]
        elif word.value in ("-f", "--from-file") and words:
            use.read(words.pop(0))
            has_file = True
        elif word.value in ("--args", "--jsonargs"):
            break
        elif word.value in ("-L", "--indent", "-o", "-p", "--output-format", "--input-format", "-I") and words:
            words.pop(0)
        elif word.value in ("--help", "-h", "--version", "-V"):
            return EMPTY
        elif word.value.startswith("-") and len(word.value) > 1:
            in_place |= word.value in ("-i", "--inplace", "--in-place") or (
                use.name == "yq" and re.fullmatch(r"-\w*i\w*", word.value) is not None
            )
        else:
            operands.append(word)
    expression = EMPTY if has_file else joined(operands[:1])
    paths = operands if has_file else operands[1:]
    if use.name in ("yq", "dasel", "gojq") and operands and operands[0].value in ("eval", "e", "eval-all", "ea"):
        expression, paths = joined(operands[1:2]), operands[2:]
    marks = []
    if re.search(r"(?:\$ENV|\benv)\b(?!\.PATH|\.HOME)", expression.value):
        use.add("credential", "all environment variables", "", "read")
        marks.append("secret")
    text = joined(use.read(path) for path in paths) if paths else use.stdin
    if in_place:
        for path in paths:
            use.write(path)
    return anything(*text.marks, *marks)


PROGRAMS = {
    **dict.fromkeys("grep egrep fgrep zgrep rg ag ack ugrep ripgrep pcregrep ast-grep-none sift pt".split(), grep),
    **dict.fromkeys("jq yq gojq jaq dasel fx jello".split(), json_query),
}
