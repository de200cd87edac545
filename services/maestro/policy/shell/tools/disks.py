"""Disks, file systems, backups, trash."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_LOOK = Tool(": read")

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(
        """
            mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.exfat
            mkfs.f2fs mkfs.jfs mkfs.minix mkfs.reiserfs mke2fs mkdosfs mkntfs mkexfatfs mkswap newfs newfs_hfs
            newfs_apfs newfs_msdos format
            """.split(),
        Tool(
            "-V $ : read\n-n !-L : read\n: data-destroy/disk",
            values="-t -L -U -b -i -m -N -O -E -T -C -F_ -I_ -d -l -s".replace(" -F_ -I_", ""),
            help="-h --help",
        ),
    ),
    "mkfs.vfat": Tool(": data-destroy/disk", help="--help"),
    "mkfs.fat": Tool(": data-destroy/disk", help="--help"),
    "mkdosfs": Tool(": data-destroy/disk", help="--help"),
    "mkfs.ntfs": Tool("-n|--no-action : read\n: data-destroy/disk", help="--help"),
    "mkfs.xfs": Tool(
        "-N : read\n-V : read\n: data-destroy/disk",
        values="-d -l -n -b -L -m -i -s -r -p",
        help="--help",
    ),
    "mkfs.btrfs": Tool("-V : read\n: data-destroy/disk", help="--help"),
    **dict.fromkeys(
        "sgdisk sfdisk".split(),
        Tool(
            """
                -l|--list|-p|--print|-v|--verify|-s|--show-size|-d|--dump|-V|--list-types|-x|--list-details|\
                -i $ : read
                -l|--list|-p|--print|-v|--verify|-V|--version|-L|-J|--json|-d|--dump : read
                -n|--no-act : read
                : data-destroy/disk
                """,
            values="-t -c -C -H -S -b -N --part-type --label",
            help="-h --help",
        ),
    ),
    **dict.fromkeys(
        "fdisk gdisk cfdisk cgdisk".split(),
        Tool(
            "-l|--list|-v|-V|--version : read\n: data-destroy/disk",
            values="-b -c -C -H -S -t",
            help="-h --help",
        ),
    ),
    **dict.fromkeys(
        "dump restore partprobe sgpio kpartx zramctl multipath".split(),
        Tool("-s|--summary|-l|--list : read\n: data-destroy/disk"),
    ),
    "parted": Tool("-l|--list : read\n~print : read\n* unit * print : read\n: data-destroy/disk", help="-h --help"),
    **dict.fromkeys(
        """
            wipefs blkdiscard hdparm nvme badblocks cryptsetup lvremove vgremove pvremove lvreduce mdadm zpool
            zfs btrfs diskutil dmsetup partx-x tune2fs e2fsck fsck fsck.ext4 xfs_repair resize2fs debugfs
            sg_format ddrescue partclone partimage fstrim growpart lvextend lvresize pvcreate vgcreate lvcreate
            vgextend pvresize e2label xfs_growfs
            """.split(),
        Tool(
            """
                -n|--no-act|--dry-run|-N : read
                ~list|status|show|info|get|history|iostat|luksDump|version|id-ctrl|smart-log|iostat|\
                luksUUID|usage|df|activity|apfs-list : read
                --detail|--examine|--query|-D|--scan|-I|-i|-tT|-T|-l|--list|-h $ : read
                --detail|--examine|--query|--scan|-I|-tT|-T|-l : read
                : data-destroy/disk
                """,
            values="-t -o -s",
            help="--help",
        ),
    ),
    "wipefs": Tool("-n|--no-act : read\n-a|--all|-o|--offset : data-destroy/disk\n: read", values="-t -o"),
    "smartctl": Tool("-t|-s : security-config/disk\n: read"),
    "lvs": _LOOK,
    "vgs": _LOOK,
    "pvs": _LOOK,
    "tmutil": Tool("list*|status|latestbackup|destinationinfo|compare|uniquesize : read\n: data-destroy/backup"),
    "restic": Tool(
        """
            snapshots|ls|find|stats|check|diff|version|cat|list : read
            forget|prune : data-destroy/backup
            dump|mount : personal-data/read
            key : credential/write
            init|backup|copy : network@remote/send
            : data-change
            """,
        values="-r --repo -p --password-file --tag --host --path -o",
        dry="-n --dry-run",
        reads="-p --password-file",
    ),
    "borg": Tool(
        """
            list|info|check|diff|--version : read
            delete|prune|compact : data-destroy/backup
            key|change-passphrase : credential/write
            extract|mount|export-tar : write@project
            : network@remote/send
            """,
        dry="-n --dry-run",
    ),
    "duplicity": Tool(
        "collection-status|list-current-files|verify : read\nremove-* : data-destroy/backup\n: network@remote/send"
    ),
    "tarsnap": Tool("--list-archives : read\n-d|--nuke : data-destroy/backup\n: network@remote/send"),
    "timeshift": Tool("--list : read\n--delete|--delete-all|--restore : data-destroy/backup\n: data-change"),
    "snapper": Tool("list|status|diff : read\ndelete|rollback|undochange : data-destroy/backup\n: data-change"),
    "fastboot": Tool("devices|getvar : read\n: data-destroy/device"),
    **dict.fromkeys(
        "gitlab-runner gitlab-ctl".split(),
        Tool(
            """
                status|list|verify|help|--version|tail|show-config|check-config : read
                register|unregister : credential/write
                cleanse|remove-accounts|pg-upgrade : data-destroy
                : service
                """
        ),
    ),
}
