"""What would these SQL statements do? From the syntax tree where a dialect's parser understands them, from the first
words where the grammar is a vendor's own; what neither can read is opaque.

Nobody says which database it is, so that every dialect whose parser takes the text is asked, and all their answers
count: a comment in one is a statement in another.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from maestro.policy.effects import Effect, EffectKind, Where
from maestro.policy.paths import effects_of_path
from maestro.policy.sql_words import CLIENT_COMMAND, OTHER_STORES, by_head, by_heads, client_command, other_store

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

MAX_CHARACTERS = 20_000
DIALECTS = ("postgres", "mysql", "tsql", "sqlite")

_PRODUCTION = re.compile(r"(?<![a-z])(?:prod|production|prd|live)(?![a-z])", re.I)


@lru_cache(maxsize=4_096)
def effects_of_sql(text: str, *, database: str = "", dialect: str = "") -> tuple[Effect, ...]:
    """The effects of running `text`, one or many statements; sorted, never empty. Never raises."""
    where: Where = "production" if _PRODUCTION.search(database) else ""
    if len(text) > MAX_CHARACTERS or "\x00" in text:
        return (Effect("opaque", database, where, "too long to read" if "\x00" not in text else "control characters"),)
    try:
        effects = set(_read(text, database, where, dialect))
    except (RecursionError, ValueError, ArithmeticError):
        effects = {Effect("opaque", database, where, "unparsable")}
    return tuple(sorted(effects)) or (Effect("read", database, where),)


def _read(text: str, database: str, where: Where, dialect: str) -> Iterator[Effect]:
    statements: list[str] = []
    leftover: list[str] = []
    for line in text.splitlines():
        (leftover if CLIENT_COMMAND.match(line) else statements).append(line)
    for line in leftover:
        yield from client_command(line.strip(), where)
    body = "\n".join(statements)
    if found := OTHER_STORES.match(body):
        yield from other_store(found, body, where)
        return
    for variant in {body, _EXECUTABLE_COMMENT.sub(r" \1 ", body)}:
        if variant.strip():
            yield from _in_dialects(variant, database, where, dialect)


_EXECUTABLE_COMMENT = re.compile(r"/\*!(?:\d{5,6})?(.*?)\*/", re.S)


def _in_dialects(text: str, database: str, where: Where, dialect: str) -> Iterator[Effect]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    readable = False
    failed: list[str] = []
    for each in (dialect,) if dialect in sqlglot.dialects.DIALECTS else _likely(text):
        try:
            with _quiet():
                trees = sqlglot.parse(text, read=each)
        except (SqlglotError, ValueError, IndexError, AttributeError, TypeError, KeyError) as error:
            failed.append(str(error))
            continue
        readable = True
        for tree in trees:
            if tree is not None:
                yield from _Statement(tree, each, database, where).effects()
    if not readable:
        yield from by_heads(text, where)


def _likely(text: str) -> tuple[str, ...]:
    return ("mysql",) if "`" in text and "$$" not in text else DIALECTS


class _quiet:
    """sqlglot warns of each statement that it keeps as text; we look at those ourselves."""

    def __enter__(self) -> None:
        self.logger = logging.getLogger("sqlglot")
        self.was, self.logger.disabled = self.logger.disabled, True

    def __exit__(self, *_: object) -> None:
        self.logger.disabled = self.was


# --- statements with a syntax tree ------------------------------------------------------------------------------

_PEOPLE = re.compile(
    r"(?:^|_|\.)(?:app_|auth_)?(?:users?|customers?|patients?|employees?|members?|subscribers?|contacts?|people|persons?|"
    r"profiles?|addresses|accounts?_?holders?)$",
    re.I,
)
_PERSONAL_COLUMN = re.compile(
    r"^(?:.*_)?(?:e?mails?|email_?address|phone(?:_?(?:number|no))?|mobile|ssn|social_?security.*|date_?of_?birth|dob|"
    r"birth_?date|passport.*|home_?address|street.*|card_?number|credit_?card.*|iban|cvv|salary|diagnosis|ip_?address)$",
    re.I,
)
_SECRET_COLUMN = re.compile(
    r"^(?:.*_)?(?:passwords?|passwd|password_?(?:hash|digest|salt)|encrypted_password|secret(?:_?key)?s?|api_?keys?|"
    r"access_?tokens?|refresh_?tokens?|private_?key|authentication_string|totp_?secret|session_?tokens?|rolpassword)$",
    re.I,
)
_SECRET_TABLE = re.compile(
    r"^(?:(?:pg_catalog\.)?(?:pg_shadow|pg_authid|pg_user_mappings?|pg_largeobject)|mysql\.user|(?:sys|dbo|master)\.(?:\w+\.)?"
    r"(?:sql_logins|syslogins|linked_logins|credentials)|(?:sys\.)?dba_users|(?:.*[._])?(?:api_keys|access_tokens|secrets|"
    r"credentials|oauth_tokens|sessions))$",
    re.I,
)
_FUNCTIONS: tuple[tuple[str, EffectKind, str], ...] = (
    (
        (
            r"xp_cmdshell|sys_exec|sys_eval|sp_oa\w+|sp_executesql|sp_execute_external_script|xp_reg\w+|load_extension|dbms_\w+"
            r"|java_call|query_to_xml|database_to_xml|edit|fts3_tokenizer|shell|system|eval"
        ),
        "opaque",
        "procedure",
    ),
    (
        r"pg_read_(?:binary_)?file|pg_ls_dir|pg_stat_file|load_file|readfile|lo_import|bfilename|openrowset",
        "unknown",
        "file",
    ),
    (r"lo_export|writefile|pg_file_write|pg_file_\w+|pg_write_\w+", "unknown", "file"),
    (r"dblink\w*|http_\w+|utl_http\w*|utl_tcp\w*|opendatasource|pg_net\w*|aws_\w+", "network", "send"),
    (r"pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal", "service", "server"),
    (r"set_config|pg_create_restore_point|pg_start_backup|pg_promote", "security-config", "server"),
)
_COMPILED_FUNCTIONS = [(re.compile(rf"(?:{regex})", re.I), kind, detail) for regex, kind, detail in _FUNCTIONS]


class _Statement:
    """One statement's tree and what it does."""

    def __init__(self, tree: Expr, dialect: str, database: str, where: Where) -> None:
        from sqlglot import exp

        self.exp: Any = exp
        self.tree: Any = tree
        self.dialect = dialect
        self.database = database
        self.where = where

    def effects(self) -> Iterator[Effect]:
        exp, tree = self.exp, self.tree
        if isinstance(tree, exp.Command):
            yield from by_head(self._text(), self.where)
        elif isinstance(tree, exp.Query | exp.Values | exp.Table):
            yield from self._query()
        elif isinstance(tree, exp.DML | exp.Merge):
            yield from self._change(tree)
        elif type(tree).__name__ in _BY_TREE:
            yield from self._by_tree(*_BY_TREE[type(tree).__name__])
        elif isinstance(tree, exp.Create | exp.Alter | exp.Drop):
            yield from self._schema()
        else:
            yield from by_head(self._text(), self.where)
        yield from self._inside()

    def _text(self) -> str:
        if isinstance(self.tree, self.exp.Command):
            rest = self.tree.args.get("expression")
            return f"{self.tree.name} {rest.name if hasattr(rest, 'name') else rest or ''}"
        text: str = self.tree.sql(dialect=self.dialect)
        return text

    def _by_tree(self, kind: EffectKind, detail: str) -> Iterator[Effect]:
        if kind == "read" and isinstance(self.tree, self.exp.Describe):
            inner = self.tree.this
            if isinstance(inner, self.exp.DML) and "ANALY" in self._text().upper():
                yield from self._change(inner)
        yield Effect(kind, self._tables(), self.where, detail)

    def _query(self) -> Iterator[Effect]:
        yield Effect("read", self._tables(), self.where)
        for change in self.tree.find_all(self.exp.DML, self.exp.Merge):
            yield from self._change(change)
        if self.tree.find(self.exp.Into):
            yield Effect("migration", "", self.where, "select into")
        yield from self._who_is_read()

    def _who_is_read(self) -> Iterator[Effect]:
        names = [_full_name(table) for table in self.tree.find_all(self.exp.Table)]
        columns = {column.name for column in self.tree.find_all(self.exp.Column)}
        if any(map(_SECRET_TABLE.match, names)) or (names and any(map(_SECRET_COLUMN.match, self._shown_columns()))):
            yield Effect("credential", ", ".join(names)[:200], self.where, "read")
        people = [name for name in names if _PEOPLE.search(name)]
        personal = any(map(_PERSONAL_COLUMN.match, columns))
        if people and (personal or self._all_columns()):
            yield Effect("personal-data", people[0], self.where, "read" if personal else "rows")

    def _shown_columns(self) -> Iterator[str]:
        for select in self.tree.find_all(self.exp.Select):
            for shown in select.expressions:
                yield from (column.name for column in shown.find_all(self.exp.Column))

    def _all_columns(self) -> bool:
        stars = self.tree.find_all(self.exp.Star)
        return any(not isinstance(star.parent, self.exp.Count) for star in stars)

    def _change(self, tree: Any) -> Iterator[Effect]:
        exp = self.exp
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        name = _full_name(target) if isinstance(target, exp.Table) else self._tables()
        if _SECRET_TABLE.match(name):
            yield Effect("credential", name, self.where, "write")
        if isinstance(tree, exp.Copy):
            yield from self._copy(tree, name)
            return
        if isinstance(tree, exp.Insert | exp.Merge):
            yield Effect("data-change", name, self.where, "insert")
            if any(isinstance(each, exp.Delete) or "DELETE" in str(each) for each in tree.find_all(exp.When)):
                yield Effect("data-destroy", name, self.where, "delete")
            return
        detail = "delete" if isinstance(tree, exp.Delete) else "update"
        if not _narrows(tree, exp):
            yield Effect("data-destroy", name, self.where, f"{detail} all")
        else:
            yield Effect("data-change", name, self.where, detail)
            if _PEOPLE.search(name):
                yield Effect("personal-data", name, self.where, "write")

    def _copy(self, tree: Any, name: str) -> Iterator[Effect]:
        text = tree.sql(dialect=self.dialect)
        if re.search(r"\bPROGRAM\b", text, re.I):
            yield Effect("opaque", "", self.where, "program started by the database")
        reads = bool(tree.args.get("kind"))
        for file in tree.args.get("files") or ():
            if file.name and file.name.upper() not in ("STDIN", "STDOUT"):
                yield from effects_of_path("read" if reads else "write", file.name)
        yield Effect("data-change" if reads else "read", name, self.where, "copy")
        if not reads and _PEOPLE.search(name):
            yield Effect("personal-data", name, self.where, "rows")

    def _schema(self) -> Iterator[Effect]:
        exp, tree = self.exp, self.tree
        kind = str(tree.args.get("kind") or "").upper()
        name = self._tables()
        if isinstance(tree, exp.Drop):
            if kind in ("TABLE", "DATABASE", "SCHEMA", "") and not tree.args.get("temporary"):
                yield Effect("data-destroy", name, self.where, "drop")
            else:
                yield Effect("migration", name, self.where, "drop")
            return
        yield from by_head(self._text(), self.where)
        if isinstance(tree, exp.Alter):
            text = self._text()
            if re.search(r"\bDROP\s+(?:COLUMN|PARTITION)\b", text, re.I) or _drops_column(tree, exp):
                yield Effect("data-destroy", name, self.where, "column")
            if re.search(r"ROW\s+LEVEL\s+SECURITY|OWNER\s+TO|DISABLE\s+TRIGGER", text, re.I):
                yield Effect("security-config", name, self.where, "permissions")

    def _inside(self) -> Iterator[Effect]:
        exp = self.exp
        for call in self.tree.find_all(exp.Anonymous, exp.Func, exp.Execute):
            name = (
                call.name
                if isinstance(call, exp.Anonymous)
                else call.this.name
                if isinstance(call, exp.Execute)
                else ""
            )
            yield from self._call((name or call.sql_name() if hasattr(call, "sql_name") else name) or "", call)

    def _call(self, name: str, call: Any) -> Iterator[Effect]:
        for regex, kind, detail in _COMPILED_FUNCTIONS:
            if regex.fullmatch(name):
                if detail == "file":
                    yield from _file_argument(name, call, self.exp)
                else:
                    yield Effect(kind, name, "remote" if kind == "network" else self.where, detail)

    def _tables(self) -> str:
        names = dict.fromkeys(_full_name(table) for table in self.tree.find_all(self.exp.Table))
        return ", ".join(names)[:200]


_BY_TREE: dict[str, tuple[EffectKind, str]] = {
    "TruncateTable": ("data-destroy", "truncate"),
    "Grant": ("security-config", "permissions"),
    "Revoke": ("security-config", "permissions"),
    "Kill": ("service", "server"),
    "Describe": ("read", ""),
    "Show": ("read", ""),
    "Use": ("read", ""),
    "Transaction": ("read", ""),
    "Commit": ("read", ""),
    "Rollback": ("read", ""),
    "Comment": ("migration", "comment"),
    "Analyze": ("data-change", "maintenance"),
    "Refresh": ("data-change", "maintenance"),
    "LoadData": ("data-change", "load"),
    "Detach": ("unknown", "attach"),
    "Attach": ("unknown", "attach"),
}


def _full_name(table: Any) -> str:
    return ".".join(
        part
        for part in (table.args.get("catalog"), table.args.get("db"), table.this)
        if part is not None
        for part in [getattr(part, "name", str(part))]
        if part
    )


def _narrows(tree: Any, exp: Any) -> bool:
    """Whether a WHERE chooses some rows and not all."""
    where = tree.args.get("where")
    if where is None:
        return tree.args.get("limit") is not None
    condition = where.this.unnest()
    return not isinstance(condition, exp.Boolean | exp.Literal) and condition.find(exp.Column) is not None


def _drops_column(tree: Any, exp: Any) -> bool:
    return any(
        isinstance(action, exp.Drop) and str(action.args.get("kind") or "").upper() in ("COLUMN", "PARTITION", "")
        for action in tree.args.get("actions") or ()
    )


def _file_argument(name: str, call: Any, exp: Any) -> Iterable[Effect]:
    operation = "write" if "write" in name.lower() or "export" in name.lower() else "read"
    paths = [literal.name for literal in call.find_all(exp.Literal) if literal.is_string]
    if not paths:
        return [Effect("opaque", name, "unresolved", "a file on the database's machine")]
    found = [each for path in paths[:1] for each in effects_of_path(operation, path)]  # type: ignore[arg-type]
    return [*found, Effect("unknown", name, "", "file")]
