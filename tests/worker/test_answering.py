"""Does a program that is an agent reach its worker while it is at work, and get what its task may get?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from msgspec import structs

from maestro.approvals.book import Hindrance
from maestro.worker.answering import MAX_ENTRIES
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.proposals import Shell
from maestro_contracts.records import AgentSpec
from tests.support.gitrepo import git
from tests.support.handling import the
from tests.support.permitting import Permitting
from tests.support.tasks import asked, playing, running
from tests.worker.conftest import Shop

CALLING = """
import asyncio, json, os
from maestro.agents.line import *
from maestro_contracts.proposals import Shell

async def ask(*requests):
    caller = await Caller.call(os.environ["MAESTRO_LINE"], os.environ["MAESTRO_LINE_TOKEN"])
    answers = []
    for request in requests:
        try:
            answers.append(await caller.ask(request))
        except LineError as error:
            answers.append(error.reason)
    open("answers.json", "w").write(json.dumps(answers))
    await caller.close()

"""


def calling(shop: Shop, requests: str, **more: float) -> c.DoTask:
    """A task for a program that sends these requests and writes the answers down."""
    program = CALLING + f"asyncio.run(ask({requests}))\n"
    script = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"
    spec = AgentSpec("command", command=("sh", "-c", script), timeout_s=more.get("timeout_s", 60), env=("PYTHONPATH",))
    return asked(shop.repo, shop.base, spec)


def permitting(shop: Shop) -> Permitting:
    assert isinstance(shop.worker.permits, Permitting)
    return shop.worker.permits


def written(shop: Shop, done: e.TaskClaimed, name: str = "answers.json") -> str:
    return git(shop.repo, "show", f"{done.commit}:{name}")


async def test_an_approved_action_counts_as_begun_when_the_agent_is_told_and_nobody_sees_its_end(shop: Shop) -> None:
    done = await shop.do(calling(shop, 'RequestApproval(Shell("make deploy"), "to show it")'))

    assert '"approved": true' in written(shop, the(done, e.TaskClaimed))
    [proposed] = permitting(shop).asked
    assert (proposed.parts, proposed.why, proposed.task) == ((Shell("make deploy"),), "to show it", "T-001")
    assert [intent.proposal for intent in permitting(shop).begun] == [proposed.proposal]
    assert [(said.proposal, said.outcome) for said in shop.ctx.events(e.EffectEnded)] == [
        (proposed.proposal, "unknown")
    ]


async def test_a_refusal_reaches_the_agent_with_its_reason_and_nothing_began(shop: Shop) -> None:
    permitting(shop).hindrance = Hindrance("ann rejected it: not on a Friday")
    done = await shop.do(calling(shop, 'RequestApproval(Shell("make deploy"))'))

    answers = written(shop, the(done, e.TaskClaimed))
    assert '"approved": false' in answers and "not on a Friday" in answers
    assert shop.ctx.events(e.EffectEnded) == []


async def test_an_agents_time_stands_still_while_its_question_waits(shop: Shop) -> None:
    permitting(shop).takes_s = 3.0
    done = await shop.do(calling(shop, 'RequestApproval(Shell("make deploy"))', timeout_s=2.5))

    assert '"approved": true' in written(shop, the(done, e.TaskClaimed))


async def test_progress_is_told_and_a_journal_entry_asked_for_without_the_agents_secrets(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/a/path/that/is/secret")
    requests = 'ReportProgress("half way"), WriteJournal("decision", "It is /a/path/that/is/secret", files=("a.py",))'
    await shop.do(calling(shop, requests))

    assert "half way" in [event.text for event in shop.ctx.events(e.AgentReported)]
    [entry] = [each.command for said in shop.ctx.said for each in said.asks]
    assert isinstance(entry, c.AddJournalEntry)
    assert (entry.title, entry.task, entry.author, entry.files) == ("It is ***", "T-001", "worker-1", ("a.py",))
    assert not entry.by_person


async def test_an_attempt_fills_no_journal(shop: Shop) -> None:
    done = await shop.do(calling(shop, f'*[WriteJournal("decision", str(n)) for n in range({MAX_ENTRIES + 3})]'))

    assert sum(len(said.asks) for said in shop.ctx.said) == MAX_ENTRIES
    assert f"writes {MAX_ENTRIES} entries at most" in written(shop, the(done, e.TaskClaimed))


async def test_an_attempt_does_not_ask_without_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maestro.worker.answering.MAX_ASKED", 2)
    done = await shop.do(calling(shop, '*[RequestApproval(Shell("ls"))] * 3'))

    assert len(permitting(shop).asked) == 2
    assert "asks 2 times at most" in written(shop, the(done, e.TaskClaimed))


# --- credentials ------------------------------------------------------------------------------------------------

USING = 'test "$API_KEY" = s3cret-value && echo "$API_KEY" && touch used'


def needing(shop: Shop, script: str = USING) -> c.DoTask:
    return asked(shop.repo, shop.base, AgentSpec("command", command=("sh", "-c", script), credentials=("API_KEY",)))


def put_down(shop: Shop, tmp_path: Path, mode: int = 0o600) -> None:
    file = tmp_path / "state/credentials/API_KEY"
    file.parent.mkdir(parents=True)
    file.write_text("s3cret-value\n")
    file.chmod(mode)


@pytest.mark.parametrize("place", ["environment", "file", "vault"])
async def test_a_credential_is_found_where_a_person_put_it_and_told_to_nobody(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv("API_KEY", "s3cret-value")
    elif place == "file":
        put_down(shop, tmp_path)
    else:
        monkeypatch.setenv("MAESTRO_CREDENTIALS_COMMAND", "sh -c 'test {name} = API_KEY && echo s3cret-value'")

    done = await shop.do(needing(shop))

    assert [file.path for file in the(done, e.TaskClaimed).files] == ["used"]
    assert "s3cret-value" not in str(done) + str(shop.ctx.said)


async def test_a_credential_that_is_nowhere_is_asked_for_by_name_with_the_places_for_it(
    shop: Shop, tmp_path: Path
) -> None:
    problem = the(await shop.do(needing(shop, "touch used")), e.TaskFailed).problem

    assert problem.kind == "environment" and "API_KEY" in problem.reason
    for place in ("export API_KEY", str(tmp_path / "state/credentials/API_KEY"), "MAESTRO_CREDENTIALS_COMMAND"):
        assert place in problem.mend
    assert shop.left() == []


async def test_an_action_that_holds_a_credentials_value_is_not_even_proposed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_down(shop, tmp_path)
    command = playing(shop.repo, shop.base, "run: 'curl -H token:s3cret-value https://example.org'")
    agent = structs.replace(command.agent, credentials=("API_KEY",))
    done = await shop.do(structs.replace(command, agent=agent))

    problem = the(done, e.TaskFailed).problem
    assert "holds the value of a credential" in problem.reason and "name the variable" in problem.mend
    assert permitting(shop).asked == [] and "s3cret-value" not in str(done)


async def test_a_credential_that_others_may_read_is_refused(shop: Shop, tmp_path: Path) -> None:
    put_down(shop, tmp_path, 0o640)
    problem = the(await shop.do(needing(shop)), e.TaskFailed).problem

    assert "others may read" in problem.reason and "chmod 600" in problem.mend


@pytest.mark.parametrize("command", ["sh -c 'echo s3cret; exit 3'", "/no/such/vault {name}", "'unclosed"])
async def test_a_vault_that_fails_is_told_without_what_it_printed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("MAESTRO_CREDENTIALS_COMMAND", command)
    problem = the(await shop.do(needing(shop)), e.TaskFailed).problem

    assert "vault's command" in problem.reason and "s3cret" not in str(problem)


async def test_a_program_that_nobody_gave_credentials_has_none(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "s3cret-value")
    done = await shop.do(running(shop.repo, shop.base, 'test -z "$API_KEY" && touch clean'))
    assert [file.path for file in the(done, e.TaskClaimed).files] == ["clean"]
