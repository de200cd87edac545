"""Redis, MongoDB, and the programs that dump and restore whole databases."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, Text, anything
from maestro.policy.shell.use import Use

# Values, statement options, file options, password options, database options.


def dump(use: Use) -> Text:
    """A whole database leaves its place: that is everybody's data, but for its schema alone."""
    parsed = use.parse(
        values="""
            -h -p -P -U -u -d -f -F -t -T -n -N -j -Z -r -o -c -q -E --host --port --username --user --dbname
            --file --format --table --schema --exclude-table --ignore-table --result-file --where --out
            --archive_ --collection --db --query --uri --databases_ --jobs --exclude-schema --exclude-table-data
            --compress --dump-dir --outdir --outputdir --tables -g_
            """.replace("_", ""),
        optional="-p" if use.name in ("mysqldump", "mariadb-dump") else "",
    )
    if parsed.asks_for_help or parsed.has("-V", "--version"):
        return EMPTY
    if parsed.has("-s", "--schema-only", "--no-data", "-d") and (
        use.name != "pg_dump" or parsed.has("-s", "--schema-only")
    ):
        use.add("read", "schema")
    else:
        use.add("personal-data", " ".join(parsed.words()), "", "read")
    if use.name in ("mysqldump", "mariadb-dump") and parsed.value("-p", "--password").value:
        use.add("credential", "log-in", "", "send")
    for path in parsed.values("-f", "--file", "-r", "--result-file", "-o", "--out"):
        use.write(path, anything("personal"))
    return anything("personal")


def restore(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -h -p -U -d -j -n -t -T -f -F -L -I -P -u --host --port --username --dbname --table --schema --jobs
            --uri --db --collection --archive_ --dir --nsInclude --file
            """.replace("_", "")
    )
    if parsed.asks_for_help or parsed.has("-l", "--list", "--dryRun"):
        return EMPTY
    overwrites = parsed.has("-c", "--clean", "--drop", "--if-exists", "-C", "--create")
    use.add(
        "data-destroy" if overwrites else "data-change", parsed.value("-d", "--dbname", "--db").value, "", "restore"
    )
    return EMPTY


# --- other stores ---------------------------------------------------------------------------

_REDIS_VALUES = """
    -h -p -s -a -u -n -r -i -d -D -t -x_ --user --pass --uri --eval --pattern --rdb --functions-rdb --cacert
    --cert --key --sni --tls-ciphers --count
    """.replace("-x_ ", "")
_REDIS_READS = frozenset(
    """
        get mget keys scan ttl pttl type exists info ping dbsize hget hgetall hkeys hvals hlen hmget lrange llen
        lindex smembers scard sismember zrange zcard zscore zrangebyscore strlen time role lastsave object
        memory client slowlog monitor subscribe psubscribe xrange xlen xinfo xread command echo getrange
        bitcount sscan hscan zscan randomkey dump latency pubsub help select auth hello touch wait --stat
        --bigkeys --latency --scan
        """.split()
)
_REDIS_DESTROYS = frozenset("flushall flushdb shutdown debug swapdb".split())
_REDIS_SECURITY = frozenset("acl replicaof slaveof module failover cluster migrate bgrewriteaof-".split())


def redis(use: Use) -> Text:
    parsed = use.parse(values=_REDIS_VALUES, first=True)
    if parsed.asks_for_help or parsed.has("-v", "--version"):
        return EMPTY
    if parsed.value("-a", "--pass").value:
        use.add("credential", "log-in", "", "send")
    for path in parsed.values("--eval"):
        use.run([Text("lua"), path])
    if parsed.has("--rdb"):
        use.add("personal-data", "all data", "", "read")
        use.write(parsed.value("--rdb"), anything("personal"))
    lines = [" ".join(parsed.words())] if parsed.operands else use.stdin.value.splitlines() if use.stdin.known else []
    if not lines and use.stdin.value:
        use.add("data-change", "redis", "", "commands from its input")
    for line in lines:
        _redis_command(use, line.split())
    return anything()


def _redis_command(use: Use, words: list[str]) -> None:
    if not words:
        return
    command = words[0].lower()
    if command in _REDIS_DESTROYS:
        use.add("data-destroy", command)
    elif command == "config":
        verb = words[1].lower() if len(words) > 1 else ""
        use.add(
            "credential"
            if verb == "get"
            and len(words) > 2
            and re.search(r"pass|\*$", words[2])
            and words[2] != "maxmemory*"
            and "pass" in words[2]
            else "read"
            if verb == "get"
            else "security-config",
            " ".join(words),
            "",
            "read" if verb == "get" else "",
        )
    elif command in _REDIS_SECURITY:
        use.add("security-config", " ".join(words))
    elif command in (
        "del",
        "unlink",
        "hdel",
        "srem",
        "zrem",
        "ltrim",
        "getdel",
        "xtrim",
        "xdel",
        "expire",
        "pexpire",
        "expireat",
    ):
        use.add("data-change", " ".join(words), "", "removed")
    elif command in ("eval", "evalsha", "fcall", "script", "function"):
        text = " ".join(words[1:])
        destroys = re.search(r"flush|'del'|\"del\"|unlink", text, re.I)
        use.add("data-destroy" if destroys else "data-change", command)
    elif command not in _REDIS_READS:
        use.add("data-change", " ".join(words[:2]))
    else:
        use.add("read", " ".join(words[:2]))


_MONGO_DESTROYS = re.compile(
    r"dropDatabase|\.drop\(|deleteMany\(|\.remove\(|dropIndexes|dropAllUsers|dropAllRoles"
    r"|dropCollection|deleteOne\(|findOneAndDelete|bulkWrite|emptycapped|convertToCapped|\$out"
)
_MONGO_SECURITY = re.compile(
    r"createUser|dropUser|updateUser|grantRoles|revokeRoles|changeUserPassword|setParameter|createRole"
    r"|shutdownServer|replSet|setFeatureCompatibility|rs\.(?:reconfig|initiate|remove)"
)
_MONGO_CHANGES = re.compile(
    r"insert|update|replace|createIndex|createCollection|renameCollection|save\(|findAndModify|findOneAndUpdate|\$merge"
)
_MONGO_PEOPLE = re.compile(
    r"\.(?:users?|customers?|accounts?|patients?|employees?|people|profiles?|members?)\.(?:find|aggregate)"
)


def mongo(use: Use) -> Text:
    parsed = use.parse(
        values="""
            --eval -u -p --username --password --host --port --authenticationDatabase -f --file --tlsCAFile
            --tlsCertificateKeyFile
            """,
        single=False,
    )
    if parsed.asks_for_help:
        return EMPTY
    if parsed.value("-p", "--password").value or any(
        re.match(r"mongodb(?:\+srv)?://[^:/]+:[^@]+@", word.value) for word in parsed.operands
    ):
        use.add("credential", "log-in", "", "send")
    texts = parsed.values("--eval")
    if use.stdin.value and not texts:
        texts = [use.stdin]
    for text in texts:
        _mongo_code(use, text)
    for path in [*parsed.values("-f", "--file"), *(word for word in parsed.operands if word.value.endswith(".js"))]:
        use.read(path)
        use.add("data-change", path.value, "", "script")
    return anything()


def _mongo_code(use: Use, text: Text) -> None:
    if not text.known:
        use.add("data-change", "mongo", "", "statements that nobody can know beforehand")
    if _MONGO_DESTROYS.search(text.value):
        use.add("data-destroy", text.value)
    if _MONGO_SECURITY.search(text.value):
        use.add("security-config", text.value)
    if _MONGO_CHANGES.search(text.value):
        use.add("data-change", text.value)
    if _MONGO_PEOPLE.search(text.value):
        use.add("personal-data", text.value, "", "read")
    use.add("read", "mongo")


# --- frameworks ---------------------------------------------------------------------------


PROGRAMS = {
    **dict.fromkeys(
        """
            pg_dump pg_dumpall mysqldump mariadb-dump mongodump mongoexport pg_basebackup redis-dump mydumper
            cockroach-dump
            """.split(),
        dump,
    ),
    **dict.fromkeys("pg_restore mongorestore mongoimport mysqlimport myloader".split(), restore),
    "redis-cli": redis,
    "valkey-cli": redis,
    "keydb-cli": redis,
    "mongo": mongo,
    "mongosh": mongo,
}
