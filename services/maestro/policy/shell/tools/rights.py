"""Accounts, permissions, firewalls, kernels: what makes a machine safe."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_LOOK = Tool(": read")
_RIGHTS = Tool(": security-config/rights")

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(
        "shutdown reboot poweroff halt init telinit pm-suspend".split(),
        Tool("-c|--help : read\n: service/power,security-config/power", help=""),
    ),
    **dict.fromkeys(
        """
            useradd adduser userdel deluser usermod groupadd addgroup groupdel delgroup groupmod gpasswd
            newusers chpasswd chgpasswd vipw vigr chsh chfn newgrp pwconv pwunconv grpconv groupmems dscl
            dseditgroup sysadminctl net-user realm authselect authconfig pam-auth-update faillock pam_tally2
            visudo sudoedit loginctl-x newuidmap newgidmap dsenableroot pwpolicy
            """.split(),
        Tool("--help|-h|-V : read\n: security-config/account", help="--help"),
    ),
    "passwd": Tool("-S|--status : read\n: credential/write,security-config/account", values="-n -x -w -i", help=""),
    "smbpasswd": Tool(": credential/write"),
    "kpasswd": Tool(": credential/write"),
    "yppasswd": Tool(": credential/write"),
    "chage": Tool("-l|--list : read\n: security-config/account"),
    "lslogins": _LOOK,
    "dscl": Tool(
        "-read|-readall|-readpl|-list|-search|-diff : read\n~read|list|search : read\n: security-config/account",
        single=True,
    ),
    "csrutil": Tool("status : read\n: security-config/protection"),
    "spctl": Tool("--status|--assess|-a : read\n: security-config/protection"),
    "fdesetup": Tool("status|list : read\n: security-config/disk encryption"),
    "codesign": Tool("-d|-v|--verify|--display|-dv : read\n: credential/read"),
    "xattr": Tool("-d|-c|-w|-dr|-cr|-rd|-rc : security-config/attributes\n: read"),
    "setfattr": _RIGHTS,
    "tccutil": _RIGHTS,
    "setenforce": _RIGHTS,
    "setsebool": _RIGHTS,
    "semanage": Tool("~-l|--list : read\n-l|--list : read\n: security-config/rights"),
    "semodule": Tool("-l : read\n: security-config/rights"),
    "auditctl": Tool("-l|-s : read\n: security-config/audit"),
    "auditd": Tool(": security-config/audit"),
    **dict.fromkeys(
        "iptables-restore ip6tables-restore ipset ipvsadm".split(),
        Tool("list : read\n-L|-l : read\n: security-config/firewall"),
    ),
    "nft": Tool("list : read\n: security-config/firewall"),
    "ufw": Tool("status|version|show|app : read\n: security-config/firewall", dry="--dry-run"),
    "firewall-cmd": Tool(
        """
            --state|--list-all|--list-ports|--list-services|--get-zones|--get-active-zones|\
            --get-default-zone|--list-all-zones|--query-port|--list-rich-rules : read
            : security-config/firewall
            """
    ),
    "pfctl": Tool("-s : read\n: security-config/firewall", values="-s -f -t -T"),
    "fail2ban-client": Tool("status|ping|version|get : read\n: security-config/firewall"),
    "netsh": Tool("~show : read\n: security-config/firewall"),
    "sysctl": Tool("-w|-p|--system|--load|--write : security-config/kernel\n~*=* : security-config/kernel\n: read"),
    **dict.fromkeys(
        """
            insmod modprobe rmmod depmod kexec kpatch bpftool grub-install grub-mkconfig update-grub efibootmgr
            update-initramfs mkinitcpio dracut dkms kmod
            """.split(),
        Tool("-l|--list|-n|--dry-run|-v $ : read\n: security-config/kernel", help="--help"),
    ),
    "ldconfig": Tool("-p : read\n: security-config/libraries"),
    "update-alternatives": Tool("--list|--display|--query|--get-selections : read\n: security-config/programs"),
    **dict.fromkeys(
        """
            umount swapon swapoff fusermount mountpoint-x losetup pivot_root switch_root sshfs mount.nfs
            mount.cifs exportfs autofs udisksctl
            """.split(),
        Tool("-l|--show|-a $ : read\n$ : read\n: security-config/mount"),
    ),
    "sshd": Tool("-t|-T|-V : read\n: security-config/log-in"),
    "polkit": _RIGHTS,
    **dict.fromkeys(
        """
            schtasks sc wmic net icacls takeown cacls attrib bcdedit vssadmin wbadmin cipher wevtutil diskpart
            rundll32 regsvr32 mshta cscript wscript bitsadmin certutil.exe
            """.split(),
        Tool("query|view|list : read\n: security-config/windows,opaque/windows"),
    ),
    **dict.fromkeys(
        "ldapadd ldapmodify ldapdelete ldappasswd ldapmodrdn samba-tool dsmod dsadd net ipa kadmin".split(),
        Tool(": security-config/account"),
    ),
    **dict.fromkeys(
        "kextload kextunload kldload kldunload kextutil systemextensionsctl".split(),
        Tool("list : read\n: security-config/kernel"),
    ),
    "kmutil": Tool("showloaded|inspect|find|libraries : read\n: security-config/kernel"),
    **dict.fromkeys(
        """
            mdatp clamscan-none falconctl sentinelctl crowdstrike osqueryctl wazuh-control ossec-control
            esets_daemon cbagentd-ctl freshclam-none aide rkhunter-none chkrootkit-none tripwire-none
            """.split(),
        Tool("health|status|version|--version|connectivity : read\n: security-config/guard stopped"),
    ),
    "agetty": Tool(": security-config/log-in"),
    "ksu": Tool(": security-config/privileges"),
    "getent": Tool("shadow|gshadow : credential/read\n: read"),
    "sshuttle": Tool(": security-config/tunnel", values="-r -e --ssh-cmd -x", shells="-e --ssh-cmd"),
}
