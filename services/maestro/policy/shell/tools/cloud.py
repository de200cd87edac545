"""Small services' command lines that the grammar of the clouds does not fit."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "ngrok": Tool(
        """
            config add-authtoken : credential/write
            authtoken : credential/write
            config|version|diagnose|api : read
            : network@remote/listen,security-config/tunnel
            """,
        only_text=True,
    ),
    "localtunnel": Tool(": network@remote/listen,security-config/tunnel", only_text=True),
    "lt": Tool(": network@remote/listen,security-config/tunnel", only_text=True),
    "bore": Tool(": network@remote/listen,security-config/tunnel", only_text=True),
    "chisel": Tool(": network@remote/listen,security-config/tunnel", only_text=True),
    "frpc": Tool(": network@remote/listen,security-config/tunnel", only_text=True),
    "tailscale": Tool(
        """
            status|ip|ping|version|netcheck|whois|dns|licenses : read
            funnel|serve : network@remote/listen,security-config/tunnel
            : security-config/network
            """,
        only_text=True,
    ),
    "zerotier-cli": Tool("info|listnetworks|listpeers|status : read\n: security-config/network", only_text=True),
    "wg": Tool(
        "show|showconf : credential/read\ngenkey|genpsk : credential/write\npubkey : read\n: security-config/network",
        only_text=True,
    ),
    "wg-quick": Tool(": security-config/network", only_text=True),
    "openvpn": Tool(": security-config/network", only_text=True),
    "cloudflared": Tool(
        """
            version|update : read
            tunnel list|info : read
            tunnel delete : data-destroy/tunnel
            : network@remote/listen,security-config/tunnel
            """,
        only_text=True,
    ),
    "gist": Tool(": network@remote/send", only_text=True),
    "pastebinit": Tool(": network@remote/send", network=True),
    "ix": Tool(": network@remote/send", network=True),
    "transfer": Tool(": network@remote/send", network=True),
    "croc": Tool("send : network@remote/send\n: network@remote/get", network=True),
    "wormhole": Tool("send|tx : network@remote/send\n: network@remote/get", network=True),
    "slack": Tool(": network@remote/send", network=True),
    "notify-send": Tool(": read", only_text=True),
    "say": Tool(": read", only_text=True),
    "terminal-notifier": Tool(": read", only_text=True),
    "open": Tool(": read", only_text=True),
    "xdg-open": Tool(": read", only_text=True),
    "apprise": Tool(": network@remote/send", network=True),
    "jira": Tool(
        """
            issue|sprint|epic|board|project list|view : read
            me|serverinfo|open : read
            init : credential/write
            issue delete : data-destroy/issue
            : git-remote/push
            """,
        only_text=True,
    ),
    "linear": Tool(": git-remote/push", only_text=True),
}
