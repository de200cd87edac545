"""Rails, Django, Laravel, Flask: their own commands, those that change a database before all."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use

# Values, statement options, file options, password options, database options.


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
    elif name.startswith(("db:seed", "db:fixtures")):
        use.add("data-change", name)
    elif name.startswith(("credentials:", "secrets:", "encrypted:")):
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
    "rails": rails,
    "django-admin": django,
    "manage.py": django,
    "flask": flask,
}


ACTIONS = {
    "@django": django,
}
