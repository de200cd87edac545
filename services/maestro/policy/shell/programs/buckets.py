"""Object storage as folders: s3, gsutil, rclone, mc."""

from __future__ import annotations

from maestro.policy.shell import files
from maestro.policy.shell.text import EMPTY, NETWORK, Text, anything
from maestro.policy.shell.use import Use


def storage(use: Use, verb: str, operands: list[Text], *, delete: bool = False) -> Text:
    """s3, gsutil, mc: buckets as folders."""
    remote = ("s3://", "gs://", "az://", "https://", "r2://", "b2://")
    if verb in ("rm", "rb", "mv-none", "delete", "rmdir", "purge", "delete-objects", "deletefile", "cleanup", "ilm"):
        use.add("data-destroy", " ".join(word.value for word in operands), "", "bucket")
    elif verb in ("cp", "sync", "mv", "rsync", "copy", "put", "mirror", "copyto", "move", "upload", "get", "download"):
        if delete or verb == "mirror":
            use.add("data-destroy", " ".join(word.value for word in operands), "", "bucket made equal")
        target = operands[-1] if operands else EMPTY
        for source in operands[:-1]:
            if not source.value.startswith(remote):
                content = use.read(source, deep=True)
                if "secret" in content.marks:
                    use.add("credential", target.value, "remote", "send")
        if target.value.startswith(remote) or verb in ("put", "upload"):
            use.add("network", target.value, "remote", "send")
        elif operands:
            use.write(target, anything(NETWORK))
            name = operands[0].value.rstrip("/").rpartition("/")[2]
            files.put_inside(use.reader, target, name, content=anything(NETWORK))
            use.add("network", operands[0].value, "remote", "get")
            if target.value == "-":
                return anything(NETWORK)
    elif verb in ("mb", "website", "versioning", "lifecycle", "rewrite", "setmeta", "compose", "mkdir"):
        use.add("deploy", " ".join(word.value for word in operands), "", "bucket")
    elif verb in (
        "acl",
        "iam",
        "cors",
        "defacl",
        "pap",
        "ubla",
        "policy",
        "anonymous",
        "retention",
        "hmac",
        "kms",
        "signurl",
        "presign",
        "share",
        "link",
        "requesterpays",
        "defstorageclass",
    ):
        reads = any(word.value in ("get", "list", "ls", "info") for word in operands[:1])
        use.add("read" if reads else "security-config", " ".join(word.value for word in operands), "", "bucket")
    else:
        use.add("read", verb)
    return anything(NETWORK)


def gsutil(use: Use) -> Text:
    parsed = use.parse(values="-h -o -i -u -x -c -s -l -b", known="-m -n -d -r -R -q")
    words = parsed.words()
    if (
        not words
        and use.name in ("vercel", "surge", "now", "render")
        and not parsed.asks_for_help
        and not parsed.has("-v", "--version")
    ):
        use.add("deploy", use.name, "", "cloud")
        return anything(NETWORK)
    if (
        not words
        or parsed.asks_for_help
        or (words[0] in ("rsync", "cp", "mv") and parsed.has("-n") and words[0] == "rsync")
    ):
        return EMPTY
    return storage(use, words[0], parsed.operands[1:], delete=words[0] == "rsync" and parsed.has("-d"))


def rclone(use: Use) -> Text:
    parsed = use.parse(
        values="--config --include --exclude --filter --transfers --bwlimit --max-age --min-age --log-file",
        known="-n --dry-run -i -P -v",
    )
    words = parsed.words()
    if not words or parsed.asks_for_help or parsed.has("-n", "--dry-run"):
        return EMPTY
    if words[0] in ("config", "obscure", "reveal"):
        use.add(
            "credential" if words[1:2] not in (["file"], ["providers"], ["paths"]) else "read",
            "rclone config",
            "",
            "read",
        )
        return EMPTY
    if words[0] in ("sync", "bisync", "delete", "purge", "deletefile", "rmdir", "rmdirs", "cleanup", "dedupe"):
        use.add("data-destroy", " ".join(words[1:]), "", "remote files")
    if words[0] in ("serve", "rcd", "mount"):
        use.add("network", words[0], "remote", "listen")
    if words[0] in ("copy", "copyto", "move", "moveto", "sync", "bisync"):
        for source in parsed.operands[1:-1]:
            if ":" not in source.value and "secret" in use.read(source, deep=True).marks:
                use.add("credential", words[-1], "remote", "send")
        use.add("network", words[-1], "remote", "send" if ":" in words[-1] else "get")
    return anything(NETWORK)


def s3cmd(use: Use) -> Text:
    parsed = use.parse(
        values="-c --config --access_key --secret_key --include --exclude --acl-grant -m",
        known="""
            -n --dry-run -r --recursive --delete-removed -f --acl-public -P --remove --overwrite --json
            --no-sign-request
            """,
    )
    words = parsed.words()
    if not words or parsed.asks_for_help or parsed.has("-n", "--dry-run"):
        return EMPTY
    verb = {
        "del": "rm",
        "la": "ls",
        "du": "ls",
        "info": "ls",
        "setacl": "acl",
        "setpolicy": "policy",
        "delpolicy": "policy",
        "pipe": "put",
    }.get(words[0], words[0])
    if words[0] in ("alias", "config", "admin"):
        use.add("credential" if words[0] != "admin" else "security-config", " ".join(words[:3]), "", "write")
        return EMPTY
    if parsed.has("--acl-public", "-P"):
        use.add("security-config", " ".join(words), "", "public bucket")
    return storage(use, verb, parsed.operands[1:], delete=parsed.has("--delete-removed", "--remove"))


PROGRAMS = {
    "gsutil": gsutil,
    "rclone": rclone,
    "s3cmd": s3cmd,
    "s4cmd": s3cmd,
    "s5cmd": s3cmd,
    "mc": s3cmd,
    "b2": s3cmd,
}
