"""The operating system: services, accounts, rights, disks, power, logs; and small programs that only look."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_LOOK = Tool(": read")
_READS = Tool(": reads", values="-n -c -o -f -t -s -w -p", help="-h")
_ACCOUNT = Tool(": security-config/account")
_RIGHTS = Tool(": security-config/rights")
_FIREWALL = Tool(
    "-L|-S|--list|--list-rules|-V|--version : read\n: security-config/firewall",
    values="-t -A -I -D -j -p -s -d --dport --sport -i -o -m",
    help="",
)
_DISK = Tool(": data-destroy/disk")
_POWER = Tool(": service/power,security-config/power")

_GUARDS = "~*maestro*|*gatekeeper*|auditd|osqueryd|falco*|*fail2ban* : guard/service\n"
"""Processes that watch over others, by their names."""
_LOOK_UP_GUARDS = _GUARDS.replace("guard/service", "@look-up-guards")

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(
        """
            ps pstree top htop btop atop glances free vmstat iostat mpstat sar w who last lastlog
            users finger lscpu lsmem lsblk lsusb lspci lshw inxi hwinfo neofetch fastfetch screenfetch sensors
            acpi dmidecode nvidia-smi rocm-smi getent
            lsmod modinfo findmnt blkid numfmt factor units bc-none cal-none figlet toilet cowsay fortune lolcat
            sl banner man info apropos whatis tldr cheat whereis locale-none localectl-none timeout-none
            tput-none infocmp tic-none
            ipcs pmap nproc-none runlevel systemd-analyze systemd-cgls systemd-cgtop systemd-detect-virt
            systemd-path loginctl-none bootctl-none lsns lsipc lslocks lslogins-none chage-none aa-status
            sestatus getenforce getsebool getcap lsinitramfs ldd ldconfig-none
            pbpaste-none xclip-none wl-paste-none xsel-none osquery-none system_profiler mdfind mdls sips-none
            xattr-none otool-none codesign-none spctl-none sw_vers-none vm_stat pmset-none launchctl-none
            uuidgen mcookie od-none cmp-none dircolors vdir-none tty-none sync fsync pathchk-none factor-none
            arch-none shuf-none expr true-none pinky logger wall-none write-none mesg
            ffprobe mediainfo identify exiftool pdfinfo pdftotext pdfgrep exif jhead sox-none soxi file-roller
            nvtop ccze multitail lnav angle-grinder gron jless visidata vd xsv qsv csvkit csvstat csvcut csvgrep
            csvlook csvsql-none mlr miller datamash textql q yj remarshal
            xmlstarlet xpath xidel pup htmlq hxselect gum dialog whiptail zenity fzf sk peco percol zoxide
            autojump z fasd thefuck-none starship broot-none ranger-none nnn-none lf-none procs bandwhich bottom
            delta difft difftastic diff-so-fancy icdiff tokei-none onefetch gitui-none tig lazygit-none glow
            mdcat rich viu chafa timg hexyl
            asciinema-none vhs-none freeze-none silicon carbon-now qrencode zbarimg paplay aplay afplay mpv-none
            vlc-none notify-none cpuid rdmsr-none turbostat powertop-none stress-none stress-ng-none
            sysbench-none
            """.split(),
        _LOOK,
    ),
    **dict.fromkeys(
        """
            zless zmore zdiff zcmp bzless bzmore xzless xzgrep bzgrep lzgrep tailf ccat highlight pygmentize
            source-highlight fmt-none vgrep cscope-none readelf-none dos2unix-none pdftk-none xmlwf
            """.split(),
        _READS,
    ),
    **dict.fromkeys(
        """
            dos2unix unix2dos recode convert magick mogrify ffmpeg sox pngquant optipng jpegoptim gifsicle cwebp
            inkscape rsvg-convert wkhtmltopdf wkhtmltoimage libreoffice soffice pdftk qpdf gs img2pdf ocrmypdf
            tesseract csvsql in2csv xsltproc fontforge ttx pyftsubset exiftran lame oggenc flac opusenc
            handbrakecli mkvmerge asciinema vhs cp-none enscript a2ps groff troff nroff ps2pdf pdfunite
            pdfseparate rename prename mmv vidir
            """.split(),
        Tool(": write@project", values="-i -o -f -r -s -c"),
    ),
    **dict.fromkeys(
        """
            p7zip ar-none cpio pax zstd-none lrzip lzop unar lsar cabextract dtrx atool
            aunpack apack ouch bsdcpio jar shar unshar arj lha zpaq mksquashfs unsquashfs genisoimage mkisofs
            xorriso
            """.split(),
        Tool(
            "l|t|v : read\n-l|-t|--list|--test : read\nd : delete@project/archive\n: write@project/archive",
            values="-o -p -C -f",
            help="-h",
        ),
    ),
    "expr": _LOOK,
    "systemctl": Tool(
        """
        status|show|list-*|is-*|cat|get-default|help|whoami|show-environment : read
        service-log-level|service-log-target|log-level|log-target|service-watchdogs * $ : read
        service-log-level|service-log-target|log-level|log-target|service-watchdogs : security-config/audit
        cancel|try-reload-or-restart|default|switch-root|unset-environment : service
        $ : read
        poweroff|reboot|halt|kexec|suspend-then-hibernate|suspend|hibernate|rescue|emergency|hybrid-sleep|\
        soft-reboot|exit : service/power,security-config/power
        stop|disable|mask|kill ~*audit*|*firewall*|ufw*|*iptables*|*nftables*|fail2ban*|apparmor*|*selinux*|\
        *syslog*|*falcon*|clamav*|ossec*|wazuh*|*crowdstrike*|*defender*|sshd*|ssh|ssh.service|*journald*|\
        osquery* : security-config/guard stopped
        stop|disable|mask|kill|restart|clean ~*maestro*|*gatekeeper* : guard/service
        enable|disable|mask|unmask|edit|link|preset|preset-all|reenable|set-default|set-property|add-wants|\
        add-requires|import-environment|set-environment|revert|attach : security-config/start-up
        daemon-reload|daemon-reexec|start|stop|restart|reload|try-restart|reload-or-restart|kill|reset-failed|\
        isolate|freeze|thaw|clean|bind|mount-image : service
        """,
        values="-t --type -p --property -H --host -M --machine -n --lines -o --output -s --signal --root",
    ),
    "service": Tool(
        """
            --status-all : read
            * status : read
            auditd|ufw|iptables|firewalld|rsyslog|syslog|apparmor|fail2ban|clamav-daemon stop : \
            security-config/guard stopped
            : service
            """
    ),
    "rc-service": Tool("* status : read\n: service"),
    "rc-update": Tool("show : read\n: security-config/start-up"),
    "sv": Tool("status : read\n: service"),
    "initctl": Tool("list|status|version : read\n: service"),
    "update-rc.d": Tool(": security-config/start-up"),
    "chkconfig": Tool("--list : read\n: security-config/start-up"),
    "launchctl": Tool(
        """
            list|print|print-disabled|blame|procinfo|hostinfo|managerpid|getenv|version|dumpstate|error : read
            kickstart|kill|start|stop : service
            : security-config/start-up
            """
    ),
    "loginctl": Tool("list-*|show-*|*-status : read\n: security-config/sessions"),
    "hostnamectl": Tool("status|$ : read\n$ : read\n: security-config/host name"),
    "timedatectl": Tool(
        "status|show|list-timezones|timesync-status|show-timesync : read\n$ : read\n: security-config/time"
    ),
    "localectl": Tool("status|list-* : read\n$ : read\n: security-config/locale"),
    "journalctl": Tool(
        "--vacuum-size|--vacuum-time|--vacuum-files|--rotate|--flush : security-config/audit\n: read",
        values="-u -n -p -S -U -b -t -o --since --until --unit --lines --output --vacuum-size --vacuum-time -g --grep",
    ),
    "dmesg": Tool("-c|-C|--clear|--read-clear|-D|-E|-n : security-config/audit\n: read"),
    "logrotate": Tool("-d|--debug : read\n: security-config/audit"),
    "pgrep": Tool(_LOOK_UP_GUARDS + ": read", values="-u -U -g -P -s -t -d -G", only_text=True),
    "pidof": Tool(_LOOK_UP_GUARDS + ": read", only_text=True),
    "kill": Tool("-l|-L : read\n: @kill", values="-s -n --signal", help=""),
    "killall": Tool(f"-l : read\n{_GUARDS}: service/process", values="-s -u -o -y", help=""),
    "pkill": Tool(f"{_GUARDS}: service/process", values="-u -U -g -P -s -t --signal", help="-h"),
    "skill": Tool(f"{_GUARDS}: service/process"),
    "xkill": Tool(": service/process"),
    "fuser": Tool("-k|--kill : service/process\n: read"),
    "kill-port": Tool(": service/process"),
    "fkill": Tool(f"{_GUARDS}: service/process"),
    "renice": Tool(": service/process"),
    "taskkill": Tool(": service/process"),
    "tasklist": _LOOK,
    "ipcrm": Tool(": service/process"),
    "wall": Tool(": service/message"),
    "write": Tool(": service/message"),
    "defaults": Tool("read|read-type|domains|find|help : read\n: security-config/settings"),
    "nvram": Tool("-p|-x : read\n: security-config/firmware"),
    "pmset": Tool("-g : read\n: security-config/power"),
    "systemsetup": Tool("-get* : read\n: security-config/settings", single=True),
    "profiles": Tool("~list|show|status : read\n: security-config/settings"),
    "gsettings": Tool("get|list-*|describe|range|writable|monitor : read\n: security-config/settings"),
    "dconf": Tool("read|list|dump : read\n: security-config/settings"),
    **dict.fromkeys(
        """
            aa-disable aa-complain aa-enforce aa-teardown apparmor_parser aa-remove-unknown capsh setpriv-x
            newrole fixfiles load_policy auditctl-x
            """.split(),
        _RIGHTS,
    ),
    **dict.fromkeys("ausearch aureport".split(), _LOOK),
    **dict.fromkeys("iptables ip6tables ebtables arptables iptables-legacy iptables-nft".split(), _FIREWALL),
    **dict.fromkeys("iptables-save ip6tables-save".split(), _LOOK),
    "mount": Tool("$ : read\n-l : read\n--bind : security-config/mount\n: security-config/mount", values="-t -o -L -U"),
    "mountpoint": _LOOK,
    "swapon": Tool("--show|-s : read\n: security-config/mount"),
    "hdiutil": Tool("info|imageinfo|verify : read\n: security-config/mount"),
    "logname": _LOOK,
    "dbus-send": Tool(": service"),
    "busctl": Tool("list|status|tree|introspect|get-property : read\n: service"),
    "machinectl": Tool("list*|status|show*|image-status : read\nshell : runs\n: service"),
    "reg": Tool("query : read\n: security-config/registry"),
    **dict.fromkeys(
        """
            pkgutil plutil sips mdimport lipo qlmanage textutil symbols applesingle binhex macbinary
            compression_tool sample heap leaks vmmap
            """.split(),
        Tool(
            """
                --forget|--force : dependency@system
                -convert|-replace|-insert|-remove|-create|--out|-o|-x|-e|-d|--expand|-z|-s : write@project
                : read
                """,
            single=True,
            values="-type -r",
        ),
    ),
    "blockdev": Tool("--get*|--report : read\n: security-config/disk"),
    **dict.fromkeys(
        "strip objcopy patchelf install_name_tool".split(),
        Tool(": writes", values="-o -O -I -R -K -N --output-target --rpath", writes="-o"),
    ),
    "lvdisplay": _LOOK,
    "vgdisplay": _LOOK,
    "pvdisplay": _LOOK,
    "quota": _LOOK,
    "repquota": _LOOK,
    "setquota": _RIGHTS,
    "rsnapshot": Tool("-t : read\nconfigtest|du|diff : read\n: data-change"),
    **dict.fromkeys("pbpaste xclip xsel wl-paste".split(), Tool(": read")),
    **dict.fromkeys("pbcopy wl-copy".split(), Tool(": read")),
    **dict.fromkeys(
        "screencapture scrot import grim gnome-screenshot flameshot maim xwd fswebcam".split(),
        Tool(": personal-data/read"),
    ),
    **dict.fromkeys("arecord rec parecord".split(), Tool(": personal-data/read")),
    **dict.fromkeys("trash trash-put rmtrash gio-trash rip".split(), Tool(": deletes-all")),
    "trash-empty": Tool(": delete@home/all"),
    "trash-list": _LOOK,
    "trash-restore": Tool(": write@home"),
    "gio": Tool(
        """
            trash --empty : delete@home/all
            trash|remove : deletes-all
            info|list|cat|tree|mime|monitor : read
            : write@project
            """
    ),
    "rimraf": Tool(": deletes-all", help="--help"),
    "del-cli": Tool(": deletes-all", dry="-n --dry-run"),
    "trash-cli": Tool(": deletes-all"),
    "cleanup": Tool(": delete@project"),
    "npkill": Tool(": delete@generated"),
    "bleachbit": Tool("--list|--preview : read\n: delete@home/all"),
    "tmpreaper": Tool("--test|-t : read\n: delete@scratch"),
    "tmpwatch": Tool("--test|-t : read\n: delete@scratch"),
    "fdupes": Tool("-d|--delete : delete@project\n: read"),
    "jdupes": Tool("-d|--delete : delete@project\n: read"),
    "stow": Tool("-n|--simulate|--no : read\n: write@home"),
    "chezmoi": Tool(
        """
            diff|status|data|doctor|cat|dump|managed|source-path|execute-template : read
            purge|destroy : delete@home/all
            : write@home,security-config/start-up
            """
    ),
    "yadm": Tool(": write@home"),
    "xdotool": Tool(": opaque/keys"),
    "ydotool": Tool(": opaque/keys"),
    "osquery": _LOOK,
    "osqueryi": _LOOK,
    "getpcaps": _LOOK,
    "rundeck": Tool(": deploy"),
    "stress": Tool(": service/load"),
    "stress-ng": Tool(": service/load"),
    "sysbench": Tool(": service/load"),
    "thefuck": Tool(": opaque/earlier command"),
    **dict.fromkeys(
        "ldapsearch ldapdomaindump ldapwhoami".split(),
        Tool("-w : credential/send,personal-data/read\n: personal-data/read", values="-H -D -w -b -s -h -p"),
    ),
    **dict.fromkeys(
        """
            kextstat kextfind kldstat sockstat smbstatus showmount smbutil dscacheutil ioreg fs_usage
            dtruss-none procstat pciconf devinfo rwho rusers
            """.split(),
        Tool(": read"),
    ),
    "log": Tool("erase|config : security-config/audit\n: read"),
    "sysrc": Tool("~*=* : security-config/start-up\n: read"),
    **dict.fromkeys(
        "clamscan freshclam rkhunter chkrootkit tripwire lynis".split(), Tool("--remove : delete@outside\n: read")
    ),
    "choom": Tool(": service/process"),
    "SetFile": Tool(": write@project"),
    "gcore": Tool(": credential/read"),
    "dhclient": Tool(": security-config/network", shells="-sf"),
    "start-stop-daemon": Tool(
        ": service", shells="-x --exec -a --startas", values="-n -u -g -p --pidfile --name --user"
    ),
    "plymouth": Tool(": service", shells="--command"),
    "autoheader": Tool(": run-code@project"),
    "msgfilter": Tool(": write@project"),
    "rpmquery": Tool(": read", shells="--eval_"),
    "fzf": Tool(
        "+ --bind|--preview|--listen|--listen-unsafe : @fzf\n: read",
        values="--bind --preview -q --query --header --prompt --delimiter -d --with-nth -n --height --preview-window",
        shells="--preview",
    ),
    "finger": Tool("~*@* : network@remote/send\n: read"),
    "whois": Tool("-h|-p : network@remote/send\n: network@known/get", values="-h -p", help="--help"),
    "man": Tool(
        "-P|--pager|-H|--html : opaque/pager\n: read",
        values="-M -S -s -P --pager -m -L",
        shells="-P --pager",
        optional="-H",
        help="--help -h",
    ),
    **dict.fromkeys(
        """
        gitui lazygit gita gitk b3sum rhash choose tv tspin hledger hledger-ui trdsql bcftools samtools bedtools
        rmlint fclones dua
        duc gdu yek repomix tre exiv2 filefrag findfs zipinfo zipgrep zipnote rga zgrep b2sum cpufreq-info
        cpupower userdbctl
        pg_config pg_controldata pg_checksums pg_waldump pg_verifybackup pg_amcheck pg_walsummary mysqlbinlog
        atq attr lshw
        lspcmcia hwloc-ls lstopo numastat powertop bpftrace-none ltrace-none ddgr googler scutil-none
        inotifywait fswatch dstat
        collectl netdata gnuplot-none lolcat asciitree gum presenterm pdfgrep catdoc antiword odt2txt epub2txt
        html2text w3m-none
        lsdvd mpc playerctl pactl amixer alsamixer xrandr xdpyinfo xprop xwininfo wmctrl fc-list fc-match
        gtk-launch-none
        sqlite3_analyzer parquet-tools avro-tools orc-tools protoc-none dnsx tlsx asnmap httpx-none ipinfo speedtest-rs
        uuid uuidparse cal espeak espeak-ng figlet pv vmtouch numbat calc qalc genact
        """.split(),
        _LOOK,
    ),
    "ghq": Tool("list|root : read\nrm : delete@home/recursive\n: git-remote/fetch"),
    "adb": Tool("devices|logcat|version|get-state|get-serialno|help : read\nshell : runs\n: service/device"),
    "cpio": Tool(
        "+ !-i : @cpio\n: write@project/archive", shells="--rsh-command", values="-F -O -I -H -D", help="--help"
    ),
    **dict.fromkeys(
        "latexmk pdflatex latex tex pdftex xelatex lualatex luatex".split(),
        Tool(
            """
                + -pdflatex|-latex|-xelatex|-e : nothing
                -shell-escape|--shell-escape|-enable-write18 : opaque/shell escape
                : run-code@project
                """,
            values="-pdflatex -latex -lualatex -xelatex -e -outdir -output-directory -jobname",
            shells="-pdflatex -latex -xelatex",
            single=True,
            help="-help",
        ),
    ),
    **dict.fromkeys(
        "openvt openrc-run setlock grc genie aoss pexec choom-x softlimit-x ksu-x".split(),
        Tool(": runs", values="-c -n -u -l", first=True),
    ),
    "socket": Tool("-p|--program : opaque/remote\n: network@remote/send", values="-p", shells="-p"),
    "varnishncsa": Tool(": read", values="-w -g -q -F", writes="-w"),
    "exiftool": Tool("~-*=* : write@project\n: read"),
    "tmate": Tool(": network@remote/listen,security-config/tunnel"),
    "ttyd": Tool(": network@remote/listen,security-config/tunnel"),
    "gotty": Tool(": network@remote/listen,security-config/tunnel"),
    "code-server": Tool(": network@remote/listen"),
    "teleport": Tool(": security-config/tunnel"),
    "xdg-user-dir": Tool(": read"),
    "ansible-test": Tool("shell : run-code@project\n: run-code@project/test"),
    **dict.fromkeys(
        "asterisk bconsole minicom dosbox scanmem jtag cdist posh rc elvish sash ncdu pidstat ispell aspell pg".split(),
        Tool("--help|--version : read\n: unknown", shells="-e_"),
    ),
    "pg": Tool(": reads"),
    "pidstat": Tool(": read", shells="-e"),
    "ncdu": Tool(": read"),
    **dict.fromkeys("ispell aspell hunspell".split(), Tool("list|dump|-l : reads\n: reads")),
}
