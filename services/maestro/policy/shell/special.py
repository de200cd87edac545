"""Which programs need more than a table? Functions by the program's name; each is given one use of it."""

from __future__ import annotations

from collections.abc import Callable

from maestro.policy.shell.programs import (
    archives,
    buckets,
    builders,
    builtins,
    clouds,
    connections,
    copying,
    data,
    decoding,
    editors,
    filters,
    finding,
    frameworks,
    gitting,
    inside,
    interpreters,
    javascript,
    network,
    packages,
    permissions,
    pythonic,
    remote,
    runners,
    searching,
    sessions,
    shells,
    stores,
)
from maestro.policy.shell.text import Text
from maestro.policy.shell.use import Use

PROGRAMS: dict[str, Callable[[Use], Text | None]] = {
    **archives.PROGRAMS,
    **buckets.PROGRAMS,
    **builders.PROGRAMS,
    **builtins.PROGRAMS,
    **clouds.PROGRAMS,
    **connections.PROGRAMS,
    **copying.PROGRAMS,
    **data.PROGRAMS,
    **decoding.PROGRAMS,
    **editors.PROGRAMS,
    **filters.PROGRAMS,
    **finding.PROGRAMS,
    **frameworks.PROGRAMS,
    **gitting.PROGRAMS,
    **interpreters.PROGRAMS,
    **javascript.PROGRAMS,
    **network.PROGRAMS,
    **packages.PROGRAMS,
    **permissions.PROGRAMS,
    **pythonic.PROGRAMS,
    **remote.PROGRAMS,
    **runners.PROGRAMS,
    **searching.PROGRAMS,
    **sessions.PROGRAMS,
    **shells.PROGRAMS,
    **stores.PROGRAMS,
}

ACTIONS: dict[str, Callable[[Use], Text | None]] = {
    **builders.ACTIONS,
    **data.ACTIONS,
    **frameworks.ACTIONS,
    **gitting.ACTIONS,
    **inside.ACTIONS,
    **network.ACTIONS,
    **packages.ACTIONS,
    **remote.ACTIONS,
    **runners.ACTIONS,
    **sessions.ACTIONS,
}
"""What a table calls as `@name`."""

NAMES_ONLY = frozenset(
    """
        ls stat test [ file du find fd chmod chown mkdir touch basename dirname realpath readlink cd pushd popd
        which type command hash
        """
    "echo printf : true false tree rmdir umask git alias export ssh-keygen ssh-add".split()
)
"""A secret's path among these programs' arguments is a name; what they do with it, they say themselves."""

ONLY_ASKS = frozenset(("test", "[", "true", "false", ":", "which", "type", "command", "hash", "unset"))
"""What these are given is looked at and goes nowhere."""

READS_BY_ITSELF = NAMES_ONLY | frozenset(
    """
    grep sed awk bash source . curl wget sudo env xargs eval exec timeout nice nohup python perl ruby php node
    ssh docker kubectl
    find doas su setsid watch time parallel rg ag ack jq yq gojq openssl psql mysql sqlite3
    """.split()
)
"""Programs whose function looks at their paths, or whose command is looked at when they run it."""

NETWORK_PROGRAMS = frozenset(
    """
        curl wget nc ncat netcat socat ssh scp sftp rsync ftp tftp telnet http https httpie xh mail mailx mutt
        sendmail mutt swaks nslookup dig host drill
        ping aria2c lynx w3m links lftp rclone aws gsutil az gh slack-cli wormhole croc msmtp smbclient
        whois
        """.split()
)

run_file = shells.run_file
code_in_arguments = interpreters.code_in_arguments
