"""What is loaded into the server? The function library's text, with the names that it writes by.

On a server with walls the commands that write have names which nobody but the library knows: the server asks for each
command inside a function whether its caller may use it, so whoever may append by the function could also send a bare
XADD, with MAXLEN, and cut a log off. The names come from one secret of the installation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from importlib.resources import files

LIBRARY = "maestro_v1"
HIDDEN = ("XADD", "HSET", "HSETNX", "HDEL", "ZADD", "ZREM", "RENAME")
"""Commands that only the library sends. None that the server itself writes into its append-only file under its own
name (XCLAIM, DEL, PEXPIREAT, ...): under another one it could not read that file again."""
_NAMES = re.compile(r"^local XADD, .*$", re.MULTILINE)


def functions_source(secret: bytes = b"") -> str:
    """The library's text; with a secret, for a server that knows the hidden commands by other names."""
    source = (files("maestro.log") / "functions.lua").read_text()
    if not secret:
        return source
    names = ", ".join(f"'{hidden_name(command, secret)}'" for command in HIDDEN)
    line = f"local {', '.join(HIDDEN)} = {names}"
    made, count = _NAMES.subn(line, source)
    assert count == 1
    return made


def functions_version(source: str) -> int:
    found = re.search(r"^local VERSION = (\d+)$", source, re.MULTILINE)
    assert found is not None
    return int(found[1])


def hidden_name(command: str, secret: bytes) -> str:
    """What a server with walls calls this command. It begins with the command's own name: HSET looks at the second
    letter of how it was called, to tell itself from HMSET."""
    return f"{command}.{hmac.digest(secret, command.encode(), hashlib.sha256).hex()[:32]}"
