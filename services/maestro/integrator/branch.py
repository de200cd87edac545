"""How is a run's branch moved? By compare-and-swap, one at a time, from the commit that was looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from maestro.git import names
from maestro.git.problems import GitProblem, RefMoved
from maestro.git.repository import Commit
from maestro.git.workspace import RunRepo

T = TypeVar("T")
TRIES = 5


async def head_of(repo: RunRepo) -> str:
    """The branch's head. Raises GitProblem where there is no branch."""
    head = await repo.refs.read(repo.branch)
    if head is None:
        reason = f"the branch {names.branch(repo.run)} is not there"
        raise GitProblem("structural", reason, "start a new run, or make the branch again at the commit the log names")
    return head


async def advance(repo: RunRepo, make: Callable[[str], Awaitable[tuple[str, T]]]) -> T:
    """Move the branch from its head to the commit that `make(head)` gives (the head itself: leave it) and return what
    it says with it. Another host may have moved the branch meanwhile: then it is made again on the new head."""
    for _ in range(TRIES):
        head = await head_of(repo)
        new, said = await make(head)
        if new == head:
            return said
        with suppress(RefMoved):
            await repo.refs.write(repo.branch, new, head)
            return said
    raise RefMoved(repo.branch)


async def put_forward(repo: RunRepo, onto: str) -> None:
    """The branch as the log has it, where it is gone or stands behind: that loses nobody's work."""
    head = await repo.refs.read(repo.branch)
    if not onto or head == onto or await repo.repository.find(onto) is None:
        return
    if head is None or await repo.repository.descends(onto, head):
        await repo.refs.write(repo.branch, onto, head)


async def point(repo: RunRepo, ref: str, commit: str) -> None:
    """Make the ref name the commit. What another program put in its place before is kept under another name."""
    found = await repo.refs.read(ref)
    if found == commit:
        return
    if found is not None:
        with suppress(RefMoved):
            await repo.refs.write(names.lost_ref(repo.run, ref, found), found, None)
    await repo.refs.write(ref, commit, found)


async def history(repo: RunRepo, base: str, head: str) -> list[Commit]:
    """The branch's commits since its base, newest first."""
    await repo.refs.ensure(base)
    return await repo.repository.history(base, head)
