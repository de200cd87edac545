"""Does a notary seal what stands in a log, name what cannot stand there, and wait for nobody? On a real server."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest_asyncio

from maestro.git.names import run_refs
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import Note, Write
from maestro.notary.decider import Pace
from maestro.tlog.checkpoint import log_key, origin_of, parse_signed
from maestro.tlog.merkle import Tree
from maestro.tlog.policy import Policy, Witness, k_of
from maestro_contracts import events as e
from maestro_contracts.records import Problem
from tests.support.gitrepo import git, make_repo
from tests.support.notarial import RUN, Town, two_of_three
from tests.support.servers import Server
from tests.support.wait import wait_until


@pytest_asyncio.fixture
async def town(store: RedisStore, tmp_path: Path) -> Town:
    made = Town(store, tmp_path / "notary")
    await made.found()
    return made


async def tree_of(town: Town, size: int) -> Tree:
    tree = Tree()
    for entry in await town.store.read(RUN, limit=size):
        tree.append(entry.body)
    return tree


async def violations(town: Town) -> list[tuple[int, str]]:
    found = await town.said(e.ViolationFound)
    return [(each.entry, each.reason) for each in found if isinstance(each, e.ViolationFound)]


async def test_a_run_is_sealed_on_its_way_and_as_a_whole_at_its_end(town: Town) -> None:
    async with town.notary():
        await town.reports(3)
        await wait_until(town.seals, what="a first seal")
        await town.reports(2)
        await town.ends()
        whole = await town.sealed_whole()
    seals = await town.seals()
    key = log_key(origin_of(town.people.key.verify_key, RUN), town.seal.verify_key)
    for seal in seals:
        tree = await tree_of(town, seal.size)
        point = parse_signed(seal.note.encode())
        assert (seal.size, tree.root(seal.size)) == (point.checkpoint.size, point.checkpoint.root)
        assert seal.root == tree.root(seal.size).hex()
        assert Policy().judge(point, [key]).is_valid
    assert [seal.final for seal in seals][-1] and sum(seal.final for seal in seals) == 1
    last = (await town.verdicts())[-1]
    assert whole.size == last.seq - 1, "the seal of the whole covers everything before itself"


async def test_many_entries_are_sealed_before_the_time_and_the_notarys_own_words_need_no_seal(town: Town) -> None:
    async with town.notary(pace=Pace(entries=10, ms=3_600_000)):
        await town.reports(25)
        await wait_until(town.seals, what="a seal after ten entries")
        await town.ends()
        await town.sealed_whole()
        head = await town.store.head(RUN)
        await town.reports(1, run="another-abc234")
        await town.ends(run="another-abc234")
        await town.sealed_whole(run="another-abc234")
        assert head == await town.store.head(RUN), "nothing was said but of what is new"


async def test_a_notary_that_comes_back_goes_on_and_says_nothing_twice(town: Town) -> None:
    async with town.notary():
        await town.reports(2)
        await wait_until(town.seals, what="a seal")
    await town.reports(2)
    async with town.notary():
        await town.ends()
        await town.sealed_whole()
    async with town.notary() as notary:
        await wait_until(lambda: RUN in notary.runs and notary.runs[RUN].closed_seq, what="a run that is closed")
    async with town.notary() as notary:
        await wait_until(lambda: RUN in notary.closed, what="a run that is not read again")
    sizes = [(seal.size, seal.final) for seal in await town.seals()]
    assert sorted(set(sizes)) == sizes
    assert await violations(town) == []


async def test_what_nobody_signed_quarantines_its_run_and_no_other(town: Town) -> None:
    async with town.notary():
        await town.reports(2)
        await town.store.write([Write(RUN, (Note(b"no note at all", ("junk",)),))])
        stranger = await town.people.join("worker-2", "worker")
        await town.says(stranger, e.RunCompleted(1))
        await town.reports(1, run="another-abc234")
        await town.ends(run="another-abc234")
        found = await wait_until(lambda: _two(town), what="two violations")
        await town.sealed_whole(run="another-abc234")
    assert [entry for entry, _ in found] == [3, 4]
    assert "not a signed note" in found[0][1] and "may not say RunCompleted" in found[1][1]
    assert await town.said(e.ViolationFound, run="another-abc234") == []


async def _two(town: Town) -> list[tuple[int, str]]:
    found = await violations(town)
    return found if len(found) >= 2 else []


async def test_a_flood_of_junk_is_not_answered_by_a_flood(town: Town) -> None:
    async with town.notary():
        await town.reports(1)
        await town.store.write([Write(RUN, (Note(b"junk %d" % n, (f"junk:{n}",)),)) for n in range(100)])
        await town.ends()
        await town.sealed_whole()
    assert len(await violations(town)) == 16


async def test_after_the_seal_of_the_whole_only_what_became_of_work_may_be_said(town: Town) -> None:
    async with town.notary():
        await town.reports(1)
        await town.ends()
        whole = await town.sealed_whole()
        problem = Problem("cancelled", "it came late")
        await town.says(town.worker, e.TaskFailed("T-001", 1, 1, "worker-1", problem))
        await wait_until(lambda: _sealed_past(town, whole.size), what="what came late is sealed too")
        assert await violations(town) == []
        await town.says(town.conductor, e.RunCompleted(2))
        [(_, reason)] = await wait_until(lambda: violations(town), what="a violation")
    assert "RunCompleted was said after the run had ended" in reason


async def _sealed_past(town: Town, size: int) -> bool:
    return any(seal.final and seal.size > size for seal in await town.seals())


async def test_a_run_with_three_witnesses_of_which_one_is_killed_and_one_lies(town: Town, tmp_path: Path) -> None:
    _honest, liar, mortal = witnesses = town.witnesses(tmp_path, 3)
    for each in witnesses:
        each.start()
    try:
        policy = two_of_three(witnesses)
        async with town.notary(policy):
            await town.reports(3)
            first = await wait_until(lambda: _cosigned_by(town, 3), what="a seal that all three cosigned")
            mortal.kill()
            liar.stop()
            # It answers with what another key signed.
            (liar.folder / "witness.key").unlink()
            liar.start()
            await town.reports(2)
            await town.ends()
            whole = await town.sealed_whole()
            assert (whole.cosigned, whole.missing) == (("w1",), ("w2", "w3")), "the run went on all the same"
        judged = policy.judge(parse_signed(whole.note.encode()), [town.seal.verify_key])
        assert first and not judged.has_quorum and not judged.forged
    finally:
        for each in witnesses:
            each.kill()


async def _cosigned_by(town: Town, count: int) -> bool:
    seals = [*await town.said(e.LogSealed), *await town.said(e.SealCosigned)]
    return any(len(seal.cosigned) == count for seal in seals if isinstance(seal, e.LogSealed | e.SealCosigned))


async def test_a_slow_witness_holds_nothing_up_and_is_written_down_when_it_comes(town: Town, tmp_path: Path) -> None:
    quick, slow = town.witnesses(tmp_path, 2)
    quick.start()
    slow.start()
    policy = k_of(2, [Witness("w1", quick.cosigner, quick.url), Witness("w2", slow.cosigner, slow.url)])
    try:
        slow.freeze()
        async with town.notary(policy):
            await town.reports(1)
            await town.ends()
            whole = await town.sealed_whole()
            assert whole.missing == ("w2",)
            assert slow.process is not None
            slow.process.send_signal(signal.SIGCONT)
            await wait_until(lambda: town.said(e.SealCosigned), what="the late cosignature")
        [late] = await town.said(e.SealCosigned)
        assert isinstance(late, e.SealCosigned) and (late.cosigned, late.missing) == (("w1", "w2"), ())
    finally:
        quick.kill()
        slow.kill()


async def test_a_log_that_lost_its_end_is_noticed_by_the_notary(town: Town, server: Server) -> None:
    async with town.notary():
        await town.reports(5)
        await wait_until(town.seals, what="a seal")
    await _cut(town, server, keep=2)
    async with town.notary():
        [(_, reason)] = await wait_until(lambda: violations(town), what="a violation")
    assert "its end was cut off" in reason
    assert await town.seals() == [], "a log that contradicts its seals is not sealed again"


async def test_a_log_that_lost_its_end_is_noticed_by_a_witness_where_the_notary_forgot(
    town: Town, server: Server, tmp_path: Path
) -> None:
    (witness,) = town.witnesses(tmp_path, 1)
    witness.start()
    policy = k_of(1, [Witness("w1", witness.cosigner, witness.url)])
    try:
        async with town.notary(policy):
            await town.reports(5)
            await wait_until(lambda: _cosigned_by(town, 1), what="a cosigned seal")
        await _cut(town, server, keep=2)
        shutil.rmtree(town.folder)
        async with town.notary(policy):
            [(_, reason)] = await wait_until(lambda: violations(town), what="a violation")
    finally:
        witness.kill()
    assert "witness w1 holds our own checkpoint of 5 entries" in reason


async def _cut(town: Town, server: Server, keep: int) -> None:
    """Somebody with the server in their hands takes the end of the log away, index and all."""
    client = server.client()
    for number in range(keep + 1, await town.store.head(RUN) + 1):
        client.xdel(f"{{p00}}:run:{RUN}:log", f"0-{number}")
    entries = client.xrange(f"{{p00}}:run:{RUN}:log")
    client.delete(f"{{p00}}:run:{RUN}:log", f"{{p00}}:run:{RUN}:head", f"{{p00}}:run:{RUN}:dd")
    for id, fields in entries:
        client.xadd(f"{{p00}}:run:{RUN}:log", fields, id=id)
    client.close()
    # Whoever reads on has begun anew: others are told by `LogWentBack`.
    town.store = town.people.store = await open_store(server.url)


async def test_seals_are_laid_down_in_the_runs_repository_and_in_a_folder(town: Town, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    base = make_repo(repo)
    async with town.notary(anchors=("git", f"file:{tmp_path}/seals")) as notary:
        await town.reports(1)
        await wait_until(lambda: RUN in notary.runs, what="a run that is followed")
        notary.runs[RUN].book.repo = str(repo)
        await town.ends()
        whole = await town.sealed_whole()
        await wait_until(lambda: (tmp_path / "seals" / f"{RUN}.checkpoint").exists(), what="a file")
        await wait_until(lambda: git(repo, "for-each-ref", run_refs(RUN)), what="a ref")
    assert whole.note == (tmp_path / "seals" / f"{RUN}.checkpoint").read_text()
    assert whole.note == git(repo, "cat-file", "-p", f"{run_refs(RUN)}seal") + "\n"
    assert base == git(repo, "rev-parse", "HEAD")
