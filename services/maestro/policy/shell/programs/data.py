"""Databases: what a client is told to do, and the tools that change a schema."""

from __future__ import annotations

import re
from collections.abc import Iterable

from maestro.policy.paths import effects_of_path
from maestro.policy.shell.text import EMPTY, STDIN, UNKNOWN, Text, anything
from maestro.policy.shell.use import Use
from maestro.policy.sql import effects_of_sql

# Values, statement options, file options, password options, database options.
_CLIENTS: dict[str, tuple[str, str, str, str, str]] = {
    "psql": (
        """
            -F -L -o -p -P -R -U -v -h -d --host --port --username --dbname --output --log-file --set --variable
            --pset --field-separator --record-separator
            """,
        "-c --command",
        "-f --file",
        "",
        "-d --dbname",
    ),
    "mysql": (
        """
            -h -P -u -D -S --host --port --user --database --socket --protocol --default-character-set
            --delimiter --ssl-ca --init-command --pager --tee
            """,
        "-e --execute --init-command",
        "",
        "-p --password",
        "-D --database",
    ),
    "sqlite3": ("-separator -nullvalue -newline -init -mmap -vfs -maxsize", "-cmd", "-init", "", ""),
    "sqlite": ("-separator -nullvalue -newline -init", "-cmd", "-init", "", ""),
    "clickhouse-client": (
        "-h -u -d --host --port --user --database --format --format-schema --queries-file-x",
        "-q --query",
        "--queries-file",
        "--password",
        "-d --database",
    ),
    "clickhouse": (
        "-h -u -d --host --port --user --database --format",
        "-q --query",
        "--queries-file",
        "--password",
        "-d --database",
    ),
    "duckdb": ("-separator -nullvalue -init", "-c -cmd -s", "-init -f", "", ""),
    "sqlcmd": ("-S -U -d -E_ -v -W_ -s -h -w -o -t -l", "-Q -q", "-i", "-P", "-d"),
    "bq-query": ("", "", "", "", ""),
    "cqlsh": ("-u -k --username --keyspace", "-e --execute", "-f --file", "-p --password", "-k --keyspace"),
    "snowsql": (
        "-a -u -d -s -r -w -h -o --accountname --username --dbname",
        "-q --query",
        "-f --filename",
        "",
        "-d --dbname",
    ),
    "trino": ("--server --catalog --schema --user", "--execute", "-f --file", "--password_", "--catalog"),
    "presto": ("--server --catalog --schema --user", "--execute", "-f --file", "", "--catalog"),
    "hive": ("-d --database --hiveconf -i", "-e", "-f", "", "--database"),
    "beeline": ("-u -n -d -i", "-e", "-f", "-p", "-u"),
    "cockroach": (
        "--host --port --user --url --database --certs-dir",
        "-e --execute",
        "-f --file",
        "",
        "-d --database --url",
    ),
    "usql": ("-o -v", "-c --command", "-f --file", "", ""),
    "pgcli": ("-h -p -U -d", "", "", "", "-d"),
    "mycli": ("-h -P -u -D", "-e", "", "-p", "-D"),
    "litecli": ("", "-e", "", "", ""),
    "influx-q": ("", "", "", "", ""),
}
_PRODUCTION = re.compile(r"(?<![a-z])(?:prod|production|prd|live)(?![a-z])", re.I)


def sql_client(use: Use) -> Text:
    if use.name == "sqlcmd" and use.arguments and not use.arguments[0].value.startswith("-"):
        return _sqlcmd_verbs(use)
    values, statements, files, passwords, databases = _CLIENTS.get(use.name, _CLIENTS["psql"])
    single = use.name in ("sqlite3", "sqlite", "duckdb")
    every = f"{values} {statements} {files} {passwords if passwords != '-p --password' else ''} {databases}".replace(
        "_", ""
    )
    optional = "-p" if "-p" in passwords.split() and use.name in ("mysql", "mycli", "mariadb") else ""
    parsed = use.parse(values=every, optional=optional, known="--password", single=single)
    if (
        parsed.asks_for_help
        or parsed.has("-?")
        or (parsed.has("-V", "--version", "-version") and not single)
        or (parsed.has("-l", "--list") and use.name == "psql")
    ):
        return EMPTY
    _passwords(use, passwords.split())
    database = " ".join(
        [*(value.value for value in parsed.values(*databases.split())), *(word.value for word in parsed.operands[:1])]
    )
    host = parsed.value("-h", "--host", "-S").value
    place = f"{database} {host}"
    asked = parsed.values(*statements.split())
    operands = parsed.operands
    if single or use.name in ("duckdb", "litecli"):
        for path in operands[:1]:
            if path.value not in (":memory:", ""):
                _database_file(use, path)
        asked = [*asked, *operands[1:]]
    for text in asked:
        _statement(use, text, place)
    for path in parsed.values(*files.split()):
        _file(use, path)
    if not asked and not parsed.values(*files.split()):
        _from_input(use, place)
    for path in parsed.values("-o", "--output", "-L", "--tee"):
        use.write(path)
    for text in parsed.values("--pager"):
        use.shell(text)
    return anything(*_marks(use))


def _sqlcmd_verbs(use: Use) -> Text:
    """sqlcmd's newer form: `sqlcmd query SQL`, `sqlcmd create mssql`."""
    parsed = use.parse(values="-q --query -d --database")
    verb = parsed.words()[0]
    for text in [*parsed.values("-q", "--query"), *(parsed.operands[1:] if verb == "query" else [])]:
        _statement(use, text, "")
    if verb in ("delete", "uninstall"):
        use.add("data-destroy", "sqlcmd delete")
    elif verb in ("create", "install", "start", "stop"):
        use.add("service", f"sqlcmd {verb}")
    return anything()


def _marks(use: Use) -> list[str]:
    kinds = {effect.kind for effect in use.reader.found.effects}
    return ["personal"] if "personal-data" in kinds else []


def _passwords(use: Use, options: Iterable[str]) -> None:
    if any(value.value for option in options for value in use.parsed.values(option)):
        use.add("credential", "log-in", "", "send")
    for word in use.parsed.operands:
        if re.match(r"\w+(?:\+\w+)?://[^/\s:]+:[^@\s]+@", word.value) and not re.search(
            r"@(?:localhost|127\.0\.0\.1|db|postgres|mysql)\b", word.value
        ):
            use.add("credential", "log-in in an address", "", "send")


def _database_file(use: Use, path: Text) -> None:
    for effect in effects_of_path("read", path.value, cwd=use.reader.state.cwd, home=use.reader.state.home):
        use.add(effect.kind, effect.target, effect.where, effect.detail)


def _statement(use: Use, text: Text, database: str) -> None:
    if not text.known and text.value.strip().startswith(UNKNOWN):
        use.opaque("unresolved", "a statement that nobody can know beforehand")
        return
    for line in re.findall(r"(?:^|\n)\s*(?:\\!|\.shell|\.system|!|system\s)\s*(.+)", text.value) + re.findall(
        r"\\!\s*(.+)", text.value
    ):
        use.shell(Text(line))
    for program in re.findall(r"\bPROGRAM\s+'([^']+)'", text.value, re.I):
        use.shell(Text(program))
    for effect in effects_of_sql(text.value.replace(UNKNOWN, "x"), database=database):
        use.add(effect.kind, effect.target, effect.where, effect.detail)


def _file(use: Use, path: Text) -> None:
    if path.value == "-":
        _from_input(use, "")
        return
    content = use.read(path)
    if content.known and content.value:
        _statement(use, content, "")
    elif re.search(r"migrat|schema|ddl|\bup\b|\bV\d", path.value, re.I):
        use.add("migration", path.value, "", "script")
    elif re.search(r"drop|destroy|truncate|wipe|reset|clean|delete|restore", path.value, re.I):
        use.add("data-destroy", path.value, "", "script")
    else:
        use.add("data-change", path.value, "", "script")


def _from_input(use: Use, database: str) -> None:
    stdin = use.stdin
    if stdin.known and stdin.value.strip():
        _statement(use, stdin, database)
    elif "network" in stdin.marks:
        use.opaque("remote", "statements from the network")
    elif stdin.value or STDIN in stdin.marks:
        source = next((mark.removeprefix("file:") for mark in stdin.marks if mark.startswith("file:")), "")
        if source:
            _file(use, Text(source))
        else:
            use.add("data-change", database, "", "statements from its input")
    else:
        use.add("read", use.name, "", "interactive")


# --- dumps ---------------------------------------------------------------------------------------------------------------


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


# --- other stores ---------------------------------------------------------------------------------------------------------

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


# --- frameworks --------------------------------------------------------------------------------------------------------------

_RAILS_DESTROYS = re.compile(
    r"db:(?:drop|reset|purge|truncate_all|schema:load|setup|migrate:reset|seed:replant|structure:load"
    r"|environment:set|test:purge)(?::\w+)?$|db:drop.*"
)
_RAILS_MIGRATES = re.compile(
    r"(?:\w+:)?db:(?:migrate|rollback|forward|prepare|create|schema:.*|migrate:.*|version-)(?::\w+)?$"
    r"|.*:install:migrations$"
)


def rails_task(use: Use, task: str) -> bool:
    name = task.partition("[")[0]
    if name in ("db:version", "db:migrate:status", "db:abort_if_pending_migrations"):
        use.add("read", name)
    elif _RAILS_DESTROYS.fullmatch(name):
        use.add("data-destroy", name)
    elif _RAILS_MIGRATES.fullmatch(name):
        use.add("migration", name)
    elif name.startswith("db:seed") or name.startswith("db:fixtures"):
        use.add("data-change", name)
    elif name.startswith("credentials:") or name.startswith("secrets:") or name.startswith("encrypted:"):
        use.add("credential", name, "", "read" if "show" in name else "write")
    else:
        return False
    return True


def rails(use: Use) -> Text:
    parsed = use.parse(values="-e -p -b -P -u -d -m --environment --port --binding --database")
    words = parsed.words()
    if (
        not words
        or parsed.asks_for_help
        or words[0]
        in (
            "routes",
            "notes",
            "stats",
            "about",
            "middleware",
            "initializers",
            "zeitwerk:check",
            "time:zones:all",
            "-T",
            "version",
        )
    ):
        return EMPTY
    command = words[0]
    for word in words:
        if rails_task(use, word):
            return EMPTY
    if command in ("generate", "g", "destroy", "d"):
        what = words[1] if len(words) > 1 else ""
        if command in ("destroy", "d"):
            use.add("delete", " ".join(words), "project")
        else:
            use.add(
                "migration" if what in ("migration", "model", "scaffold", "resource") else "write",
                " ".join(words),
                "project",
                "file" if what in ("migration",) else "",
            )
    elif command in ("runner", "r"):
        from maestro.policy.shell.code.other import read_code

        use.name = "ruby"
        for text in parsed.operands[1:2]:
            read_code(use, text)
            _orm(use, text.value)
    elif command in (
        "console",
        "c",
        "server",
        "s",
        "test",
        "t",
        "dbconsole",
        "db",
        "test:system",
        "assets:precompile",
        "tmp:clear",
        "log:clear",
        "new",
        "dev:cache",
        "restart",
    ):
        use.add("run-code", command, "project")
    elif command.startswith("db:"):
        use.add("data-change", command)
    else:
        use.add("run-code", command, "project", "task")
    return use.output()


def _orm(use: Use, text: str) -> None:
    if re.search(r"delete_all|destroy_all|truncate|drop_|\.delete\(\)|DROP |TRUNCATE |DELETE FROM", text):
        use.add("data-destroy", text[:80])
    elif re.search(r"update_all|\.update|\.save|\.create|insert", text):
        use.add("data-change", text[:80])
    if re.search(
        r"\b(?:User|Customer|Account|Patient|Employee|Member)s?\.(?:all|find|where|pluck|first|last|objects)", text
    ):
        use.add("personal-data", text[:80], "", "read")


_DJANGO_READS = frozenset(
    """
        check showmigrations sqlmigrate diffsettings test runserver shell dbshell help inspectdb makemessages
        compilemessages findstatic collectstatic startapp startproject testserver version sendtestemail-
        """.split()
)


def django(use: Use, arguments: list[Text] | None = None) -> Text:
    if arguments is not None:
        use.arguments = arguments
    parsed = use.parse(
        values="""
            --settings --pythonpath --database -v --verbosity -c --command --fixtures -o --output --format -i
            --interface
            """,
        known="--noinput --no-input --dry-run --check --plan --fake",
    )
    words = parsed.words()
    if not words or parsed.asks_for_help:
        return EMPTY
    command = words[0]
    for text in parsed.values("-c", "--command"):
        from maestro.policy.shell.code.python import read_code

        read_code(use, text)
        _orm(use, text.value)
    if command in ("migrate",):
        reads = parsed.has("--plan", "--check")
        use.add("read" if reads else "data-destroy" if "zero" in words else "migration", " ".join(words))
    elif command in ("makemigrations", "squashmigrations", "optimizemigration"):
        use.add("read" if parsed.has("--dry-run", "--check") else "migration", " ".join(words), "project", "file")
    elif command in ("flush", "sqlflush", "reset_db", "clear_db", "remove_stale_contenttypes", "drop_test_database"):
        use.add("read" if command == "sqlflush" else "data-destroy", command)
    elif command in ("dumpdata",):
        use.add("personal-data", " ".join(words), "", "read")
        for path in parsed.values("-o", "--output"):
            use.write(path)
    elif command in ("loaddata", "clearsessions", "createcachetable"):
        use.add("data-change", " ".join(words))
    elif command in ("changepassword", "createsuperuser"):
        use.add(
            "credential" if command == "changepassword" else "security-config",
            " ".join(words),
            "",
            "write" if command == "changepassword" else "account",
        )
    elif command in _DJANGO_READS:
        use.add("run-code", f"manage.py {command}", "project")
    else:
        use.add("run-code", f"manage.py {command}", "project", "task")
    return use.output()


def artisan(use: Use, arguments: list[Text]) -> Text:
    use.arguments = arguments
    parsed = use.parse(values="--env --database --path --class --step --seeder --port --host")
    words = parsed.words()
    if not words or parsed.asks_for_help or parsed.has("--pretend"):
        return EMPTY
    command = words[0]
    if command in (
        "migrate:fresh",
        "migrate:reset",
        "migrate:refresh",
        "db:wipe",
        "model:prune",
        "doctrine:database:drop",
        "doctrine:schema:drop",
    ):
        use.add("data-destroy", command)
    elif command == "migrate:status":
        use.add("read", command)
    elif command.startswith(("migrate", "doctrine:migrations", "doctrine:schema")) or command == "make:migration":
        use.add("migration", command)
    elif command.startswith("db:"):
        use.add("data-change", command) if command != "db:show" else use.add("read", command)
    elif command == "key:generate":
        use.add("credential", command, "", "write")
    elif command == "tinker" and parsed.has("--execute"):
        from maestro.policy.shell.code.other import read_code

        use.name = "php"
        read_code(use, parsed.value("--execute"))
    else:
        use.add("run-code", f"artisan {command}", "project", "task")
    return use.output()


def flask(use: Use) -> Text:
    parsed = use.parse(values="-A --app -e --env-file -h --host -p --port", known="--debug --sql")
    words = parsed.words()
    if words[:1] == ["db"]:
        verb = words[1] if len(words) > 1 else ""
        use.add(
            "read" if verb in ("history", "current", "show", "heads", "branches", "check", "") else "migration",
            " ".join(words),
        )
    else:
        use.add("run-code", " ".join(words[:1]), "project")
    return use.output()


PROGRAMS = {
    **dict.fromkeys(_CLIENTS, sql_client),
    "mariadb": sql_client,
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
    "rails": rails,
    "django-admin": django,
    "manage.py": django,
    "flask": flask,
}


def sql_words(use: Use) -> Text:
    """`bq query SQL`."""
    for word in use.parsed.operands[1:]:
        _statement(use, word, "")
    return anything("personal") if "personal" in _marks(use) else anything()


def sql_options(use: Use) -> Text:
    for text in use.parsed.values("-q", "--query"):
        _statement(use, text, "")
    for path in use.parsed.values("-f", "--filename"):
        _file(use, path)
    return anything(*_marks(use))


ACTIONS = {"@django": django, "@sql-words": sql_words, "@sql-options": sql_options}
