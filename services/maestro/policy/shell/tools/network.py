"""Programs that look at networks, fetch or serve, and those that change how this machine is connected."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_LOOK = Tool(": read")
_SCAN = Tool(": network@remote/scan", values="-p -oN -oX -oG -oA -iL -e -S -D --script --script-args -T")

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(
        """
            traceroute tracepath mtr whois arp ss netstat iftop nload nethogs iperf iperf3 speedtest
            speedtest-cli resolvectl-none nmcli-none host-none ipcalc sipcalc vnstat bmon jnettop iwgetid iwlist
            lspci-none geoiplookup netperf fping arping hping3-none whatweb dnsrecon-none testssl.sh sslscan
            sslyze httpstat curlie-none
            """.split(),
        _LOOK,
    ),
    **dict.fromkeys(
        """
            nmap masscan zmap rustscan unicornscan naabu nuclei subfinder amass assetfinder httpx-toolkit
            dnsrecon dnsenum fierce netdiscover arp-scan nbtscan onesixtyone hping3
            """.split(),
        _SCAN,
    ),
    "aria2c": Tool(
        ": @aria",
        values="""
            -o -d -x -s -j -i -c_ --out --dir --max-connection-per-server --split --input-file --header
            --user-agent --on-download-complete --on-download-start --http-user --http-passwd
            """.replace("-c_ ", ""),
        reads="-i --input-file",
        network=True,
    ),
    "axel": Tool(": @download", values="-o -n -H", writes="-o --output", network=True),
    "lwp-request": Tool(": @download", network=True),
    "lwp-download": Tool(": @download", network=True),
    "GET": Tool(": @download", network=True),
    "fetch": Tool(": @download", values="-o", writes="-o", network=True),
    "lynx": Tool("-version : read\n: @download", network=True),
    "w3m": Tool(": @download", network=True),
    "links": Tool(": @download", network=True),
    "elinks": Tool(": @download", network=True),
    "curlie": Tool(": @download", network=True),
    "yt-dlp": Tool(
        "+ --exec : nothing\n: network@remote/get",
        shells="--exec --netrc-cmd",
        values="-o -f --cookies -P --output --format",
        reads="--cookies --batch-file -a",
    ),
    "youtube-dl": Tool(": network@remote/get", shells="--exec", values="-o -f --cookies"),
    "gallery-dl": Tool(": network@remote/get", shells="--exec"),
    "ftp": Tool(": network@remote/send", network=True),
    "lftp": Tool(": network@remote/send", shells="-c -e", network=True, values="-u -p -f"),
    "ncftp": Tool(": network@remote/send", network=True),
    "ncftpput": Tool(": network@remote/send,reads", network=True),
    "tftp": Tool(": network@remote/send", network=True),
    "smbclient": Tool(": network@remote/send", values="-c -U -W -N_", network=True, help="-?"),
    "smbget": Tool(": @download", network=True),
    "wscat": Tool(": network@remote/send", network=True),
    "websocat": Tool("~exec:*|cmd:*|sh-c:* : opaque/remote\n: network@remote/send", network=True),
    "grpcurl": Tool(
        "~list|describe : network@remote/get\n: network@remote/send",
        values="-d -H -proto -import-path",
        single=True,
        network=True,
    ),
    "evans": Tool(": network@remote/send", network=True),
    "mosquitto_pub": Tool(": network@remote/send", network=True),
    "mosquitto_sub": Tool(": @download", network=True),
    "snmpwalk": _LOOK,
    "tcpdump": Tool(
        ": security-config/listens to the network",
        values="-i -w -r -c -s -z -C -G",
        shells="-z",
        reads="-r",
        writes="-w",
        help="-h",
    ),
    "tshark": Tool(
        "-r : read\n-D|--version : read\n: security-config/listens to the network", values="-i -w -r -Y -T -e -c"
    ),
    "wireshark": Tool(": security-config/listens to the network"),
    "dumpcap": Tool(": security-config/listens to the network"),
    "mitmproxy": Tool(": security-config/listens to the network"),
    "mitmdump": Tool(": security-config/listens to the network"),
    "ngrep": Tool(": security-config/listens to the network"),
    "http-server": Tool(": network@loopback/listen"),
    "ifconfig": Tool("* $ : read\n$ : read\n: security-config/network"),
    "iwconfig": Tool("$ : read\n: security-config/network"),
    "ip": Tool(
        """
        netns exec * : runs
        a|addr|address|l|link|r|route|n|neigh|rule|ru|netns|tunnel|tuntap|maddr|maddress|m|neighbor|mroute|\
        token|xfrm $ : read
        monitor|mo : read
        a|addr|address|l|link|r|route|n|neigh|rule|ru|netns|tunnel|tuntap|maddr|maddress|m|neighbor|mroute|\
        token show|list|ls|get|monitor|sh|s : read
        -V|--Version $ : read
        $ : read
        : security-config/network
        """,
        values="-n -netns -f -family",
        single=True,
        help="",
    ),
    "route": Tool("-n|$ : read\n$ : read\n: security-config/network"),
    "ethtool": Tool("-s|-K|-A|-G|-C|-X|-N : security-config/network\n: read"),
    "nmcli": Tool(
        """
            device|dev|d|connection|con|c|general|g|radio|r|networking|n status|show|list|wifi|$ : read
            $ : read
            : security-config/network
            """
    ),
    "networksetup": Tool("-get*|-list*|-show*|-version|-is*|-print* : read\n: security-config/network", single=True),
    "scutil": Tool("--get|--dns|--proxy|--nwi : read\n: security-config/network"),
    "resolvectl": Tool(
        """
            status|query|statistics|dns|domain $ : read
            status|query|statistics : read
            flush-caches : service
            : security-config/network
            """
    ),
    "tc": Tool("~show|list : read\n: security-config/network"),
    "brctl": Tool("show : read\n: security-config/network"),
    "ovs-vsctl": Tool("show|list* : read\n: security-config/network"),
    "rfkill": Tool("list : read\n: security-config/network"),
    "dnsmasq": Tool(": service"),
    "named-checkconf": _LOOK,
    "nsupdate": Tool(": security-config/network"),
    "rndc": Tool("status : read\n: service"),
    "postqueue": Tool("-p : read\n: service"),
    "postsuper": Tool("-d : data-destroy/mail\n: service"),
}
