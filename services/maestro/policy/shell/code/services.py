"""What does code do through a library that talks to somebody's service? By the library, and by the verb of the call."""

from __future__ import annotations

import re

from maestro.policy.shell.use import Use

_MONEY = {
    **dict.fromkeys("stripe braintree paypalrestsdk square plaid adyen razorpay coinbase web3".split(), "payment"),
    **dict.fromkeys("twilio sendgrid mailgun postmarker resend vonage messagebird".split(), "mail or messages"),
    **dict.fromkeys("openai anthropic cohere mistralai replicate litellm".split(), "model"),
}
_CLOUDS = frozenset(
    """
    boto3 botocore boto google azure kubernetes docker digitalocean hcloud oci github gitlab pygithub heroku3
    openstack cloudflare consul etcd3 nomad
    """.split()
)
_DATABASES = frozenset(
    """
    sqlite3 psycopg psycopg2 asyncpg pymysql MySQLdb mysql sqlalchemy pyodbc cx_Oracle oracledb duckdb
    clickhouse_driver snowflake peewee records dataset pandas
    """.split()
)
_STORES = frozenset("pymongo redis motor cassandra elasticsearch opensearchpy neo4j minio influxdb_client".split())
_REMOTE = frozenset("paramiko fabric asyncssh pexpect netmiko ansible invoke_remote".split())
_DESTROYS = re.compile(r"_?(?:delete|drop|terminate|destroy|purge|flush|remove|truncate|empty|wipe)")
_SECRETS = re.compile(r"secret|password|access_key|parameter|credential|token|assume_role|decrypt")
_LOOKS = re.compile(
    r"_?(?:get|list|describe|head|find|count|exists|keys|scan|search|ping|info|show|read|fetch|query|client|resource"
    r"|Session|session|connect|from_\w+|load\w*|[A-Z]\w*)"
)
_ENQUIRES = frozenset(
    "execute executemany executescript exec_driver_sql text raw sql query read_sql read_sql_query to_sql".split()
)


def library_call(use: Use, name: str, statement: str | None) -> bool:
    """Adds what a call into such a library does; False where it is none. `statement`: its first argument, if known."""
    library, _, rest = name.partition(".")
    verb = rest.rpartition(".")[2]
    if not rest:
        return False
    if library in _MONEY:
        use.add("money", name, "", _MONEY[library])
    elif library in _REMOTE:
        use.add("network", name, "remote", "send")
        if verb in ("exec_command", "run", "sudo", "send", "sendline"):
            use.add("deploy", name, "", "remote host")
    elif library in _CLOUDS or library in _STORES:
        _by_verb(use, name, verb, library in _STORES)
    elif library in _DATABASES and verb in _ENQUIRES:
        _enquired(use, name, statement)
    else:
        return False
    return True


def _by_verb(use: Use, name: str, verb: str, is_store: bool) -> None:
    if _DESTROYS.match(verb):
        use.add("data-destroy", name, "", "cloud" if not is_store else "delete all")
    elif _SECRETS.search(verb):
        use.add("credential", name, "", "read")
    elif _LOOKS.match(verb):
        use.add("network", name, "remote", "get")
    else:
        use.add("data-change" if is_store else "deploy", name)


def _enquired(use: Use, name: str, statement: str | None) -> None:
    from maestro.policy.sql import effects_of_sql

    if statement is None:
        use.add("unknown", name)
        return
    for effect in effects_of_sql(statement):
        use.add(effect.kind, effect.target, effect.where, effect.detail)
