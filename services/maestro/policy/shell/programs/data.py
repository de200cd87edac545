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
        statement(use, text, place)
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
        statement(use, text, "")
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


def statement(use: Use, text: Text, database: str) -> None:
    if not text.known and text.value.strip().startswith(UNKNOWN):
        use.opaque("unresolved", "a statement that nobody can know beforehand")
        return
    for line in re.findall(r"(?:^|\n)\s*(?:\\!|\.shell|\.system|!|system\s)\s*(.+)", text.value) + re.findall(
        r"\\!\s*(.+)", text.value
    ):
        use.shell(Text(line))
    for program in re.findall(r"\bPROGRAM\s+'([^']+)'", text.value, re.I):
        use.shell(Text(program))
    if use.name in ("sqlite3", "sqlite", "duckdb"):
        for path in re.findall(r"'((?:~|/|\.{1,2}/)?[\w.@ -]*(?:/[\w.@* -]+)+)'", text.value):
            _database_file(use, Text(path))
    for effect in effects_of_sql(text.value.replace(UNKNOWN, "x"), database=database):
        use.add(effect.kind, effect.target, effect.where, effect.detail)


def _file(use: Use, path: Text) -> None:
    if path.value == "-":
        _from_input(use, "")
        return
    content = use.read(path)
    if content.known and content.value:
        statement(use, content, "")
    elif re.search(r"migrat|schema|ddl|\bup\b|\bV\d", path.value, re.I):
        use.add("migration", path.value, "", "script")
    elif re.search(r"drop|destroy|truncate|wipe|reset|clean|delete|restore", path.value, re.I):
        use.add("data-destroy", path.value, "", "script")
    else:
        use.add("data-change", path.value, "", "script")


def _from_input(use: Use, database: str) -> None:
    stdin = use.stdin
    if stdin.known and stdin.value.strip():
        statement(use, stdin, database)
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


# --- dumps ---------------------------------------------------------------------------


PROGRAMS = {
    **dict.fromkeys(_CLIENTS, sql_client),
    "mariadb": sql_client,
}


def sql_words(use: Use) -> Text:
    """`bq query SQL`."""
    for word in use.parsed.operands[1:]:
        statement(use, word, "")
    return anything("personal") if "personal" in _marks(use) else anything()


def sql_options(use: Use) -> Text:
    for text in use.parsed.values("-q", "--query"):
        statement(use, text, "")
    for path in use.parsed.values("-f", "--filename"):
        _file(use, path)
    return anything(*_marks(use))


ACTIONS = {
    "@sql-words": sql_words,
    "@sql-options": sql_options,
}
