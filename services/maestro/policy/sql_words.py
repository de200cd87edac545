"""What does a database do that no parser's tree says? By the first words: statements of a vendor's own, commands of
clients, and stores that are asked in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maestro.policy.effects import Effect, EffectKind, Where
from maestro.policy.paths import effects_of_path

_SECURITY = r"(?:USER|ROLE|LOGIN|GROUP|POLICY|SERVER|CREDENTIAL|AUDIT|SERVER\s+AUDIT|DEFAULT\s+PRIVILEGES|SYSTEM)\b"
_HEADS: tuple[tuple[str, EffectKind, str], ...] = (
    (rf"(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?{_SECURITY}", "security-config", "accounts"),
    (r"(?:CREATE|ALTER|DROP)\s+(?:USER\s+MAPPING|(?:SYM|ASYM)METRIC\s+KEY|MASTER\s+KEY)", "credential", "write"),
    (r"(?:GRANT|REVOKE|DENY|REASSIGN\s+OWNED|SECURITY\s+LABEL|AUDIT|NOAUDIT)\b", "security-config", "permissions"),
    (r"SET\s+(?:GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD|SESSION\s+AUTHORIZATION|ROLE)\b", "security-config", "server"),
    (
        r"FLUSH\s+(?:AS\s+)?PRIVILEGES|(?:EXEC(?:UTE)?\s+)?sp_(?:addsrvrolemember|addrolemember|configure|addlogin|password)",
        "security-config",
        "permissions",
    ),
    (r"RECONFIGURE|ALTER\s+DATABASE\s+\S+\s+(?:OWNER|SET)|DISABLE\s+TRIGGER", "security-config", "server"),
    (r"INSTALL\s+PLUGIN|INSTALL\s+COMPONENT|UNINSTALL|LOAD\s+'", "opaque", "native code"),
    (
        r"DROP\s+(?:TABLE|DATABASE|SCHEMA|TABLESPACE|KEYSPACE|OWNED|COLLECTION|CATALOG|STAGE|BUCKET|TEMPORARY)\b",
        "data-destroy",
        "drop",
    ),
    (r"TRUNCATE|FLUSHALL|PURGE|RESET\s+(?:MASTER|SLAVE|REPLICA|BINARY)|UNDROP", "data-destroy", "truncate"),
    (
        (
            r"DROP\s+(?:VIEW|MATERIALIZED|INDEX|FUNCTION|PROCEDURE|TRIGGER|SEQUENCE|TYPE|DOMAIN|EXTENSION|RULE|EVENT"
            r"|AGGREGATE|OPERATOR|CAST|COLLATION|PUBLICATION|SUBSCRIPTION|SYNONYM|PACKAGE|STATISTICS)\b"
        ),
        "migration",
        "drop",
    ),
    (
        r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TRUSTED\s+)?(?:EXTENSION|LANGUAGE)\s+(?:IF\s+NOT\s+EXISTS\s+)?\S*(?:u|java)\b",
        "opaque",
        "native code",
    ),
    (r"DO\b|EXEC(?:UTE)?\b|PREPARE\b|DECLARE\b|BEGIN\s+\w", "opaque", "procedure"),
    (r"CALL\b", "unknown", "procedure"),
    (r"CREATE\b|ALTER\b|RENAME\b|COMMENT\s+ON\b|IMPORT\s+FOREIGN\s+SCHEMA", "migration", "schema"),
    (
        r"REPLACE\b|INSERT\b|UPDATE\b|MERGE\b|UPSERT\b|IMPORT\b|LOAD\s+DATA\b|BULK\s+INSERT\b|NOTIFY\b",
        "data-change",
        "",
    ),
    (r"DELETE\b", "data-destroy", "delete"),
    (r"COPY\b|UNLOAD\b|EXPORT\b|BACKUP\b|RESTORE\b", "data-change", "copy"),
    (r"ATTACH\b|DETACH\b|INSTALL\b|LOAD\b", "unknown", "attach"),
    (r"SHUTDOWN|KILL\b|LOCK\b|RESTART\b|STOP\b|START\s+(?:SLAVE|REPLICA)|CHANGE\s+MASTER|FLUSH\b", "service", "server"),
    (r"VACUUM|ANALYZE|REINDEX|CLUSTER\b|CHECKPOINT|OPTIMIZE|REFRESH\b|DBCC\b|REPAIR\b", "data-change", "maintenance"),
    (
        r"SHOW\b|DESC(?:RIBE)?\b|EXPLAIN\b|SET\b|RESET\b|USE\b|BEGIN\b|START\s+TRANSACTION|COMMIT\b|ROLLBACK\b|SAVEPOINT\b",
        "read",
        "",
    ),
    (
        r"(?:END|ABORT|RELEASE|DISCARD|LISTEN|UNLISTEN|FETCH|CLOSE|HELP|SELECT|VALUES|WITH|TABLE|PRAGMA|PRINT|GO)\b",
        "read",
        "",
    ),
)
_COMPILED_HEADS = [(re.compile(rf"\s*(?:{regex})", re.I), kind, detail) for regex, kind, detail in _HEADS]
_WRITING_WORDS = re.compile(
    r"\b(?:DELETE|DROP|TRUNCATE|UPDATE|INSERT|ALTER|GRANT|REVOKE|EXEC(?:UTE)?|OUTFILE|DUMPFILE|PROGRAM|CREATE)\b", re.I
)


def by_head(text: str, where: Where) -> Iterator[Effect]:
    """The effects of one statement by its first words."""
    explained = re.match(r"\s*EXPLAIN\b(.*?\bANALY[SZ]E\b)?", text, re.I | re.S)
    if explained and explained.group(1):
        from maestro.policy.sql import effects_of_sql

        yield from effects_of_sql(text[explained.end() :].lstrip(" )"))
        return
    for regex, kind, detail in _COMPILED_HEADS:
        if regex.match(text):
            yield Effect(kind, _named(text), where, detail)
            if kind == "security-config" and re.search(r"\b(?:PASSWORD|IDENTIFIED\s+BY|SECRET)\b\s*=?\s*'", text, re.I):
                yield Effect("credential", "", where, "write")
            if kind == "migration" and re.search(r"\bLANGUAGE\s+'?(?:\w+u|c|java)'?\b", text, re.I):
                yield Effect("opaque", "", where, "native code")
            return
    yield Effect("opaque", "", where, "unparsable")


def by_heads(text: str, where: Where) -> Iterator[Effect]:
    """The same for a text that no parser takes: each part between semicolons, and opaque where a part may hide more."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    parts = [part for part in bare.split(";") if part.strip()]
    for part in parts:
        found = list(by_head(part, where))
        yield from found
        if all(each.kind in ("read", "data-change") for each in found) and len(_WRITING_WORDS.findall(part)) > 0:
            yield Effect("opaque", "", where, "unparsable")
    if not parts:
        yield Effect("read", "", where)


def _named(text: str) -> str:
    words = re.findall(r"[\w.$-]+", text)
    return words[2] if len(words) > 2 else ""


# --- clients' own commands, and stores that are asked in other languages ----------------------------------------

CLIENT_COMMAND = re.compile(
    r"\s*(?:\\[a-zA-Z!?]|\.(?:shell|system|read|import|dump|tables?|schema|backup|restore|save|open|output|once|load)\b"
    r"|!|system\s+\S|source\s+\S|@@?[\w/.]+\s*$|go\s*$|delimiter\b)",
    re.I,
)
_HARMLESS_CLIENT = re.compile(
    r"(?:\\(?:d\S*|l\+?|z|dt|x|timing|c|conninfo|pset|a|t|h|\?|q|echo|encoding|sf|sv)|go)\b", re.I
)


def client_command(line: str, where: Where) -> Iterator[Effect]:
    word = line.split()[0].lower()
    if word in (".tables", ".table", ".schema", ".dump", "delimiter", "go") or _HARMLESS_CLIENT.match(line):
        yield Effect("read", "", where, "client")
    elif word in (".output", ".once", "\\o", "\\w", ".save", ".backup") and "|" not in line:
        yield from effects_of_path("write", (line.split()[1:] or ["."])[-1])
    else:
        yield Effect("opaque", "", where, "shell or script of a database client")


OTHER_STORES = re.compile(
    r"\s*(?:db\.(?:getCollection\(.*?\)|[\w\[\]'\".]+?)\.(?P<mongo>\w+)\s*\(|db\.(?P<mongo_db>\w+)\s*\(|"
    r"(?P<redis>FLUSHALL|FLUSHDB|DEL|UNLINK|HDEL|CONFIG|SHUTDOWN|EVAL|SCRIPT|MODULE|ACL|DEBUG|KEYS|HGETALL|"
    r"SLAVEOF|REPLICAOF|MIGRATE|RENAME|GET|SCAN|INFO|PING|TTL|LRANGE|SMEMBERS|EXPIRE|LPUSH|RPUSH|HSET|SADD)"
    r"(?=\s*$|\s+(?!TABLE\b)[^=;]*$))",
    re.I,
)
_MONGO: dict[str, tuple[EffectKind, str]] = {
    **dict.fromkeys(
        ("drop", "dropdatabase", "deletemany", "remove", "dropindexes", "bulkwrite"), ("data-destroy", "drop")
    ),
    **dict.fromkeys(("deleteone", "findoneanddelete", "findandmodify"), ("data-destroy", "delete")),
    **dict.fromkeys(
        ("insertone", "insertmany", "insert", "updateone", "updatemany", "update", "replaceone"), ("data-change", "")
    ),
    **dict.fromkeys(("createindex", "createcollection", "renamecollection", "createview"), ("migration", "schema")),
    **dict.fromkeys(
        ("createuser", "dropuser", "updateuser", "grantrolestouser", "createrole", "droprole"),
        ("security-config", "accounts"),
    ),
    **dict.fromkeys(("changeuserpassword", "auth"), ("credential", "write")),
    **dict.fromkeys(
        ("find", "findone", "aggregate", "count", "countdocuments", "distinct", "stats", "explain"), ("read", "")
    ),
    **dict.fromkeys(
        ("getcollectionnames", "getcollectioninfos", "version", "serverstatus", "getindexes"), ("read", "")
    ),
    **dict.fromkeys(("shutdownserver", "fsynclock", "killop"), ("service", "server")),
}
_REDIS: dict[str, tuple[EffectKind, str]] = {
    **dict.fromkeys(("flushall", "flushdb"), ("data-destroy", "drop")),
    **dict.fromkeys(
        ("del", "unlink", "hdel", "expire", "rename", "lpush", "rpush", "hset", "sadd"), ("data-change", "")
    ),
    **dict.fromkeys(("keys", "hgetall", "get", "scan", "info", "ping", "ttl", "lrange", "smembers"), ("read", "")),
    **dict.fromkeys(("config", "acl", "slaveof", "replicaof", "migrate", "debug"), ("security-config", "server")),
    **dict.fromkeys(("eval", "script", "module"), ("opaque", "procedure")),
    "shutdown": ("service", "server"),
}


def other_store(found: re.Match[str], text: str, where: Where) -> Iterator[Effect]:
    several = ";" in text.rstrip().rstrip(";") or "\n" in text.strip()
    if word := found["redis"]:
        kind, detail = _REDIS[word.lower()]
    else:
        kind, detail = _MONGO.get((found["mongo"] or found["mongo_db"]).lower(), ("unknown", "database call"))
    yield Effect(kind, "", where, detail)
    if several:
        yield Effect("opaque", "", where, "several statements of a store's own language")
