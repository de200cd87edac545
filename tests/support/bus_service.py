"""A tiny service for the tests of the bus, as a process of its own: what a handler does stands in the task it gets.

`python -m tests.support.bus_service <role> <one|batch>`. The description of a task is the handler's script: words that
are carried out in order. Each call of a handler adds a line to the file BUS_DIARY.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
import time
from collections.abc import Sequence

from maestro.bus.admission import Admission
from maestro.bus.runtime import Tools, run_service
from maestro.bus.service import Asked, Context, Delivery, Outcome, Said, Service, SetTimer
from maestro.bus.settings import ServiceSettings
from maestro.log.author import Author
from maestro.log.identity import Identity, make_operator_key
from maestro.log.keyring import Keyring
from maestro.log.store import SYSTEM, Store
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Problem


async def admit_alone(settings: ServiceSettings, store: Store) -> Admission:
    """Introduce oneself: the tests of the bus need no registrar."""
    operator = make_operator_key(settings.operator_key_file, settings.operator_pub_file)
    identity = Identity.fresh(settings.actor, settings.role)
    key = base64.b64encode(identity.key.verify_key.key).decode()
    enrolled = e.ActorEnrolled(identity.actor, identity.role, identity.epoch, key)
    said = Said(f"enrol:{identity.actor}:{identity.epoch}", enrolled)
    registrar = Author(Identity.operator(operator))
    await registrar.write(store, registrar.draft(SYSTEM, [said], ts=0))
    keyring = Keyring(operator.verify_key)
    await keyring.refresh(store)
    return Admission(Author(identity), keyring)


def write_diary(line: str) -> None:
    with open(os.environ["BUS_DIARY"], "a") as diary:
        diary.write(f"{os.getpid()} {line}\n")


async def do_task(delivery: Delivery, ctx: Context) -> Outcome:
    command = delivery.command
    assert isinstance(command, c.DoTask)
    write_diary(f"begin {delivery.id} {delivery.count}")
    extra: list[Said] = []
    timers: list[SetTimer] = []
    for word in command.task.description.split():
        what, _, arg = word.partition(":")
        match what:
            case "sleep":
                await asyncio.sleep(float(arg))
            case "sleep-at-first":
                await asyncio.sleep(float(arg) if delivery.count == 1 else 0)
            case "block":
                time.sleep(float(arg))  # noqa: ASYNC251 - a handler that holds up everything is what is tested
            case "raise":
                raise RuntimeError("as the test wanted")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "die-once":
                if delivery.count == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                sys.exit(3)
            case "say":
                started = e.TaskStarted(command.task.id, command.attempt, delivery.count, ctx.actor)
                said = Said(f"{delivery.id}/started:{delivery.count}", started, delivery.id)
                await ctx.say(Outcome(delivery.run, (said,), advance=False))
            case "until-cancelled":
                why = await ctx.cancelled(delivery)
                write_diary(f"cancelled {delivery.id} {why}")
            case "impossible":
                extra.append(Said("an id with spaces", e.AgentReported(command.task.id, 1, "")))
            case "forbidden":
                extra.append(Said(f"{delivery.id}/forbidden", e.RunCancelled("nobody")))
            case "timer":
                again = Asked(f"{delivery.id}/later", c.DoTask(command.task, 2, command.repo, "", command.agent))
                timers.append(SetTimer(f"{delivery.id}/t", ctx.now() + int(arg), again))
            case "fail":
                problem = Problem("environment", "as the test wanted")
                failed = e.TaskFailed(command.task.id, 1, delivery.count, ctx.actor, problem)
                return Outcome(delivery.run, (Said(f"{delivery.id}/ended", failed, delivery.id),))
    write_diary(f"end {delivery.id} {delivery.count}")
    claimed = e.TaskClaimed(command.task.id, command.attempt, delivery.count, ctx.actor)
    said = Said(f"{delivery.id}/ended", claimed, delivery.id)
    return Outcome(delivery.run, (said, *extra), timers=tuple(timers))


async def advance_all(deliveries: Sequence[Delivery], ctx: Context) -> list[Outcome]:
    """The batch handler: pauses for each command as its `why` says, and says one thing for each."""
    write_diary(f"batch {' '.join(d.id for d in deliveries)}")
    outcomes = []
    for delivery in deliveries:
        command = delivery.command
        if isinstance(command, c.PauseRun):
            if command.why == "raise":
                raise RuntimeError("as the test wanted")
            paused = Said(f"{delivery.id}/paused", e.RunPaused(command.by), delivery.id)
            outcomes.append(Outcome(delivery.run, (paused,), handles=(delivery,), advance=False))
        else:
            outcomes.append(Outcome(delivery.run, handles=(delivery,)))
    return outcomes


def make_service(tools: Tools) -> Service:
    if sys.argv[2] == "batch":
        return Service(tools.settings.role, batch=advance_all, batch_size=10, lease_s=2.0)
    return Service(tools.settings.role, handlers={c.DoTask: do_task}, parallel=2, batch_size=2, lease_s=2.0)


def main() -> int:
    with_timers = sys.argv[1] in ("worker", "conductor", "gatekeeper")
    return run_service(make_service, sys.argv[1], timers=with_timers, admit=admit_alone)


if __name__ == "__main__":
    sys.exit(main())
