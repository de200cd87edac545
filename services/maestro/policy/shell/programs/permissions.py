"""chmod, chown and their like: who may do what afterwards."""

from __future__ import annotations

import re

from maestro.policy.paths import canonical, info
from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use


def change_mode(use: Use) -> Text:
    words = [word for word in use.arguments if not re.fullmatch(r"-[RvcfHLP]+|--[\w-]+(=.*)?|--", word.value)]
    options = [word.value for word in use.arguments if word not in words]
    if any(option in ("--help", "--version") for option in options):
        return EMPTY
    recursive = any(
        (option.startswith("-") and not option.startswith("--") and "R" in option) or option == "--recursive"
        for option in options
    )
    if any(option.startswith("--reference") for option in options):
        words = [Text("reference"), *words]
    if not words:
        return EMPTY
    if not re.fullmatch(r"[0-7]{1,5}|reference|(?:[ugoa]*[-+=][rwxXstugo]*,?)+", words[0].value):
        words = [Text("-R"), *words]  # whatever the mode is, it is not known
    mode_changed(use, words[0].value, words[1:], recursive)
    return EMPTY


def _opens(mode: str) -> bool:
    """Whether everybody may write afterwards, or the file runs as its owner."""
    if re.fullmatch(r"[0-7]{3,5}", mode):
        special = int(mode[:-3] or "0", 8)
        return bool(int(mode[-1], 8) & 2) or bool(special & 6)
    return bool(re.search(r"(?:^|,)[go]*[oa][ugoa]*[+=][rxX]*w|(?:^|,)[ugoa]*[+=][rwxX]*s|^[+=]r?w|^a\+w", mode))


def mode_changed(use: Use, mode: str, paths: list[Text], recursive: bool) -> None:
    for path in paths:
        known = info(canonical(path.value, use.reader.state.cwd, use.reader.state.home))
        outside = known.where in ("system", "device", "home", "outside") and known.path != "~/.ssh/config"
        sensitive = known.classes & {"credential", "guard", "start-up", "security", "audit-log", "git-internal", "hook"}
        if sensitive == {"credential"} and re.fullmatch(r"0?[4-7]00|go-rwx|u=r.*,go=|go=", mode):
            use.add("write", known.path, known.where, "mode")  # stricter than before
        elif _opens(mode) or (known.where in ("system", "device")) or (sensitive and sensitive != {"hook"}):
            use.add("security-config", known.path, known.where, f"mode {mode}")
        elif not path.known and not path.paths():
            use.add("write", path.value, "unresolved", "mode")
        elif (outside and recursive) or mode in ("000", "0000", "0", "a-rwx", "a-r", "-R"):
            use.add("security-config", known.path, known.where, f"mode {mode}")
        else:
            use.add("write", known.path, known.where, "mode")


def change_owner(use: Use) -> Text:
    parsed = use.parse(values="--from --reference")
    if parsed.asks_for_help:
        return EMPTY
    use.add("security-config", " ".join(parsed.words()), "", "owner")
    return EMPTY


def access_list(use: Use) -> Text:
    parsed = use.parse(values="-m -x -M -X -p -v --set --modify")
    use.add("security-config", " ".join(parsed.words()), "", use.name)
    return EMPTY


# --- devices ---------------------------------------------------------------------------


PROGRAMS = {
    "chmod": change_mode,
    "gchmod": change_mode,
    "chown": change_owner,
    "chgrp": change_owner,
    "setfacl": access_list,
    "chattr": access_list,
    "chflags": access_list,
    "setcap": access_list,
    "chcon": access_list,
    "restorecon": access_list,
}
