"""Small services' command lines that the grammar of the clouds does not fit."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "awslogs": Tool(": read"),
    "fluxctl": Tool("list-* : read\n: deploy"),
    "ngrok": Tool(
        """
            config add-authtoken : credential/write
            authtoken : credential/write
            config|version|diagnose|api : read
            : network@remote/listen,security-config/tunnel
            """
    ),
    "localtunnel": Tool(": network@remote/listen,security-config/tunnel"),
    "lt": Tool(": network@remote/listen,security-config/tunnel"),
    "bore": Tool(": network@remote/listen,security-config/tunnel"),
    "chisel": Tool(": network@remote/listen,security-config/tunnel"),
    "frpc": Tool(": network@remote/listen,security-config/tunnel"),
    "tailscale": Tool(
        """
            status|ip|ping|version|netcheck|whois|dns|licenses : read
            funnel|serve : network@remote/listen,security-config/tunnel
            : security-config/network
            """
    ),
    "zerotier-cli": Tool("info|listnetworks|listpeers|status : read\n: security-config/network"),
    "wg": Tool(
        "show|showconf : credential/read\ngenkey|genpsk : credential/write\npubkey : read\n: security-config/network"
    ),
    "wg-quick": Tool(": security-config/network"),
    "openvpn": Tool(": security-config/network"),
    "cloudflared": Tool(
        """
            version|update : read
            tunnel list|info : read
            tunnel delete : data-destroy/tunnel
            : network@remote/listen,security-config/tunnel
            """
    ),
    "gist": Tool(": network@remote/send"),
    "pastebinit": Tool(": network@remote/send", network=True),
    "ix": Tool(": network@remote/send", network=True),
    "transfer": Tool(": network@remote/send", network=True),
    "croc": Tool("send : network@remote/send\n: network@remote/get", network=True),
    "wormhole": Tool("send|tx : network@remote/send\n: network@remote/get", network=True),
    "slack": Tool(": network@remote/send", network=True),
    "notify-send": Tool(": read"),
    "say": Tool(": read"),
    "terminal-notifier": Tool(": read"),
    "open": Tool(": read"),
    "xdg-open": Tool(": read"),
    "apprise": Tool(": network@remote/send", network=True),
    "jira": Tool(
        """
            issue|sprint|epic|board|project list|view : read
            me|serverinfo|open : read
            init : credential/write
            issue delete : data-destroy/issue
            : git-remote/push
            """
    ),
    "linear": Tool(": git-remote/push"),
}
