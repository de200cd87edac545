"""What does an assignment change? Values that later words need, secrets, variables that make programs run code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maestro.policy.paths import canonical, place
from maestro.policy.shell import words
from maestro.policy.shell.params import arithmetic
from maestro.policy.shell.state import is_secret_name
from maestro.policy.shell.syntax import Node
from maestro.policy.shell.text import ANYTHING, DECODED, NETWORK, SECRET, STDIN, Text, joined

if TYPE_CHECKING:
    from maestro.policy.shell.walk import Reader

RUNS_CODE = frozenset(
    """
    BASH_ENV ENV LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH PROMPT_COMMAND
    PYTHONSTARTUP PERL5OPT RUBYOPT NODE_OPTIONS JAVA_TOOL_OPTIONS _JAVA_OPTIONS GIT_SSH_COMMAND GIT_SSH
    GIT_EXTERNAL_DIFF GIT_ASKPASS
    GIT_PROXY_COMMAND GIT_EXEC_PATH GIT_TEMPLATE_DIR GIT_CONFIG_COUNT GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM
    LESSOPEN LESSCLOSE ZDOTDIR
    PYTHONINSPECT PYTHONBREAKPOINT MANPAGER BROWSER SUDO_ASKPASS SSH_ASKPASS GCONV_PATH SHELLOPTS BASHOPTS PS4
    PYTHONHOME
    TAR_OPTIONS RSYNC_RSH CVS_RSH SVN_SSH LUA_INIT R_PROFILE R_PROFILE_USER EXINIT VIMINIT PERL5DB
    LESSKEY npm_config_script_shell
    npm_config_registry PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX_URL UV_EXTRA_INDEX_URL GOPROXY GOINSECURE
    GONOSUMDB GOFLAGS DOCKER_HOST
    GLIBC_TUNABLES RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER MAVEN_OPTS HOSTALIASES""".split()
)
"""Whoever sets one of these decides what other programs run."""
_HARMLESS_OPTIONS = (
    "--max-old-space-size",
    "--max_old_space_size",
    "--experimental",
    "--no-warnings",
    "--trace",
    "--inspect",
)
_COMMANDS = frozenset(
    "PAGER GIT_PAGER MANPAGER EDITOR VISUAL GIT_EDITOR GIT_SEQUENCE_EDITOR FCEDIT KUBE_EDITOR".split()
)
_TRUST = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "PYTHONHTTPSVERIFY": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "HISTFILE": ("/dev/null", ""),
    "HISTSIZE": ("0",),
    "HISTFILESIZE": ("0",),
    "HISTCONTROL": ("ignorespace", "ignoreboth", "ignorespace:ignoredups"),
}
_HOOK_SWITCHES = frozenset(
    "HUSKY HUSKY_SKIP_HOOKS SKIP LEFTHOOK LEFTHOOK_EXCLUDE OVERCOMMIT_DISABLE SKIP_HOOKS".split()
)
"""They pass over hooks that would look at a commit."""
_PROXIES = frozenset("HTTP_PROXY HTTPS_PROXY ALL_PROXY".split())


def assignment(reader: Reader, node: Node, *, for_one: bool = False, value: list[Text] | None = None) -> None:
    """`name=value`. `for_one`: before a command, and for it alone."""
    name = node.get("Name", {}).get("Value", "")
    if not name:
        return
    value = _value(reader, node) if value is None else value
    if node.get("Index"):
        value = [ANYTHING] if (old := reader.variable(name)) is None else _with_element(reader, node, old, value)
    if node.get("Append"):
        old = reader.variable(name)
        value = [ANYTHING] if old is None else old + value if node.get("Array") else [joined([*old, *value])]
    observe(reader, name, joined(value, " "), exported=for_one)
    if not for_one or name not in ("IFS",):
        reader.assign(name, value)


def _value(reader: Reader, node: Node) -> list[Text]:
    if array := node.get("Array"):
        elements = array.get("Elems", [])
        return [text for element in elements if element.get("Value") for text in words.expand(element["Value"], reader)]
    return [words.value_of(node.get("Value"), reader)]


def _with_element(reader: Reader, node: Node, old: list[Text], value: list[Text]) -> list[Text]:
    index = arithmetic(node.get("Index"), reader)
    if index is None or not 0 <= index <= len(old):
        return [ANYTHING]
    return [*old[:index], *value, *old[index + 1 :]]


def observe(reader: Reader, name: str, value: Text, *, exported: bool) -> None:
    """What setting this variable does apart from being there."""
    found = reader.found
    if name in RUNS_CODE and not _is_harmless(name, value.value):
        if exported or name in ("PROMPT_COMMAND", "BASH_ENV", "ENV"):
            found.add("security-config", name, "", "variable that runs code")
    elif name in _COMMANDS and value.known and exported:
        reader.nested(value)
    elif exported and value.value and name in _HOOK_SWITCHES:
        found.add("ci", name, "", "hook")
    elif name in _TRUST and value.value.lower() in _TRUST[name]:
        found.add("security-config", name, "", "checks turned off")
    elif (
        name in ("PYTHONPATH", "NODE_PATH", "CLASSPATH", "PERL5LIB", "RUBYLIB")
        and exported
        and _from_elsewhere(value.value)
    ):
        found.add("security-config", name, "", "modules from a folder elsewhere")
    elif name == "PATH" and _shadows(value.value):
        found.add("security-config", "PATH", "", "programs from a folder that anybody may write")
    elif name.upper() in _PROXIES and value.value and "localhost" not in value.value and "127.0.0.1" not in value.value:
        found.add("security-config", name, "", "all traffic goes elsewhere")
    elif is_secret_name(name) and _is_literal_secret(value):
        found.add("credential", name, "", "write" if not value.marks & {SECRET} else "read")


def _is_harmless(name: str, value: str) -> bool:
    if name == "NODE_OPTIONS":
        return all(word.startswith(_HARMLESS_OPTIONS) for word in value.split())
    if name in ("MAVEN_OPTS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"):
        return "-javaagent" not in value and "-agent" not in value
    if name in ("RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"):
        return value in ("sccache", "")
    if name in ("GIT_SSH_COMMAND", "GIT_SSH"):
        return value == "ssh"
    if name == "GOFLAGS":
        return "exec" not in value
    if name in ("GOPROXY", "PIP_INDEX_URL", "UV_INDEX_URL", "npm_config_registry"):
        return value in ("direct", "off", "")
    if name == "DOCKER_HOST":
        return value.startswith("unix:")
    return name == "MANPAGER" or not value


def _from_elsewhere(value: str) -> bool:
    return any(
        entry and place(canonical(entry)) in ("outside", "scratch", "system")
        for entry in value.split(":")
        if entry[:1] == "/"
    )


def _shadows(value: str) -> bool:
    """Folders before the system's own in which anybody may put a program."""
    entries = value.split(":")
    return (
        any(entry in (".", "") or place(canonical(entry)) == "scratch" for entry in entries[:-1])
        if len(entries) > 1
        else False
    )


_HARMLESS_VALUES = (
    "",
    "test",
    "dummy",
    "changeme",
    "none",
    "null",
    "true",
    "false",
    "0",
    "1",
    "xxx",
    "fake",
    "secret",
    "password",
)


def _is_literal_secret(value: Text) -> bool:
    if value.marks & {SECRET}:
        return True
    return value.known and not value.marks & {NETWORK, DECODED, STDIN} and len(value.value) >= 1


def declaration(reader: Reader, node: Node) -> None:
    """`export`, `declare`, `local`, `readonly`, `typeset`, `nameref`."""
    variant = node.get("Variant", {}).get("Value", "")
    flags = ""
    if variant in ("declare", "typeset", "export", "readonly") and _shows_all(node):
        reader.found.add("credential", "all environment variables", "", "read")
    values: list[tuple[str, bool, Node, list[Text]]] = []
    for each in node.get("Args", []):
        if not each.get("Name"):
            flag = words.value_of(each.get("Value"), reader)
            flags += flag.value if flag.value.startswith(("-", "+")) else ""
            _dynamic(reader, flag)
            continue
        name = each["Name"]["Value"]
        exported = variant == "export" or "x" in flags
        if each.get("Naked"):
            continue
        if "n" in flags and variant != "export":
            reader.state.variables[name] = [ANYTHING]
            continue
        values.append((name, exported, each, _attributed(each, flags, _value(reader, each))))
    for name, exported, each, value in values:
        if variant in ("local", "declare", "typeset") and reader.calling:
            reader.shadowed.setdefault(name, reader.state.variables.get(name))
        assignment(reader, each, value=value)
        if exported:
            observe(reader, name, joined(reader.variable(name) or []), exported=True)


def _shows_all(node: Node) -> bool:
    """Without a name, it prints variables with their values."""
    flags = []
    for each in node.get("Args", []):
        parts = (each.get("Value") or {}).get("Parts", [])
        if each.get("Name") or not parts or not parts[0].get("Value", "").startswith("-"):
            return False
        flags.append(parts[0]["Value"])
    return not re.search(r"[fFaAin]", "".join(flags))


def _attributed(node: Node, flags: str, value: list[Text]) -> list[Text]:
    """`declare -l`, `-u` change letters; braces are expanded here, which an assignment alone does not do."""
    parts = (node.get("Value") or {}).get("Parts", [])
    if any(part.get("Type") == "Lit" and "{" in part.get("Value", "") for part in parts):
        return [ANYTHING]
    if "l" in flags:
        return [Text(text.value.lower(), text.glob, text.marks) for text in value]
    return [Text(text.value.upper(), text.glob, text.marks) for text in value] if "u" in flags else value


def _dynamic(reader: Reader, text: Text) -> None:
    """`export "$x"`: a name that only the words show."""
    name, equals, value = text.value.partition("=")
    if equals and name.isidentifier():
        reader.assign(name, [Text(value, marks=text.marks)])
        observe(reader, name, Text(value, marks=text.marks), exported=True)
