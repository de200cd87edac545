"""Which processes make a whole Maestro on this machine, and what is each told?"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from maestro.embedded.server import MAX_SOCKET_PATH
from maestro.embedded.state_dir import RepoDir, StateDir, make_folder
from maestro.embedded.supervisor import ServiceSpec, Supervisor

ROLES = ("registrar", "conductor", "gatekeeper", "planner", "taskgen", "integrator", "validator", "worker")
"""In the order of their starts: who introduces the others first, who is needed last at the end."""
NOTARY, WITNESS = "notary", "witness"
"""Beside whoever may end a run: nobody asks them anything, so that they have no queue of their own."""
GATEWAY = "gateway"
"""Starts where somebody asks for it: `maestro web`."""
TO_ANSWER = ("registrar", "gatekeeper")
"""Who has to be there for an answer at a gate to count."""
TO_STEER = ("registrar", "conductor", "gatekeeper")
"""Who has to be there for a run to be paused or cancelled."""


def warm_up(roles: Sequence[str] = ROLES) -> Supervisor:
    """A supervisor whose fork server imports already, while the command still checks what it was given."""
    supervisor = Supervisor()
    supervisor.warm_up(imports(roles))
    return supervisor


PATIENCE = {"MAESTRO_GRACE_SECONDS": "2"}
"""A person waits at the terminal: what is at work when they stop it is given back soon, and done again later."""
MAX_DIGITS = 3
"""Of a process's number. The names that are made up for others have six characters there."""
MAX_LOG_BYTES = 8 * 1024 * 1024


def imports(roles: Sequence[str] = ROLES) -> list[str]:
    """What the processes of these roles import; the first is by far the most."""
    return ["maestro.bus.runtime", *(f"maestro.{role}.service" for role in roles)]


def make_keys(state: StateDir) -> None:
    """The operator's key and every role's join secret, made where they are missing: then no process has to wait for
    the registrar to make them. Raises KeyRefused where others may read them."""
    from maestro.log.identity import make_join_secret, make_operator_key, operator_key
    from maestro.tlog.keys import make_trust

    (state.root / "join").mkdir(mode=0o700, exist_ok=True)
    make_operator_key(state.root / "operator.key", state.root / "operator.pub")
    for role in (*ROLES[1:], GATEWAY, NOTARY):
        make_join_secret(state.root / "join" / role)
    make_trust(state.root, operator_key(state.root / "operator.pub"))


def service_specs(
    state: StateDir,
    repo: RepoDir | None,
    url: str,
    password_file: str,
    *,
    roles: Sequence[str] = ROLES,
    counts: Mapping[str, int],
    environments: Mapping[str, Mapping[str, str]],
    fresh_names: bool = False,
) -> list[ServiceSpec]:
    """One spec for each process: `counts` of each role (1 where not said), with its role's own `environments`, which
    this process's variables go before. `fresh_names`: names that nobody else has, where others serve it too."""
    logs = make_folder(repo.logs if repo else state.root / "logs")
    _keep_small(logs)
    shared = {"MAESTRO_REDIS_URL": url, "MAESTRO_REDIS_PASSWORD_FILE": password_file}
    shared |= {"MAESTRO_STATE_DIR": str(state.root)} | ({"MAESTRO_WORK_DIR": str(repo.work)} if repo else {})
    roles = with_sealers(roles)
    if WITNESS in roles:
        address = _witness_address(repo.root if repo else state.root)
        shared |= {"MAESTRO_WITNESS_BIND": address, "MAESTRO_WITNESS_URL": _as_url(address)}
    return [
        ServiceSpec(
            name,
            f"maestro.{role}",
            {**PATIENCE, **environments.get(role, {}), **os.environ, **shared, "MAESTRO_ACTOR": name},
            logs / f"{name}.log",
        )
        for role in roles
        for name in _names(role, counts.get(role, 1), fresh_names)
    ]


def with_sealers(roles: Sequence[str]) -> tuple[str, ...]:
    """These roles, and who seals and witnesses where somebody among them may end a run."""
    return (*roles, NOTARY, WITNESS) if "conductor" in roles else tuple(roles)


def _witness_address(folder: Path) -> str:
    """Where this stack's own witness listens: a socket in the folder, a free port where its path is too long."""
    path = folder / "witness.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return f"unix:{path}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _as_url(address: str) -> str:
    return address if address.startswith("unix:") else f"http://{address}"


def _keep_small(logs: Path) -> None:
    """A log that has grown large makes room for a new one; one old one of each is kept."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))


def is_supervised(actor: str) -> bool:
    """Whether a process of this name is one of the private server's own, and no worker that somebody added."""
    role, _, number = actor.partition("-")
    return role in (*ROLES, NOTARY, WITNESS) and (not number or (number.isdecimal() and len(number) <= MAX_DIGITS))


def _names(role: str, count: int, fresh: bool) -> list[str]:
    if fresh:
        return [f"{role}-{secrets.token_hex(3)}" for _ in range(count)]
    return [f"{role}-{number}" for number in range(1, count + 1)] if role == "worker" or count > 1 else [role]
