"""How does the integrator answer? It looks at what is there, adds what is missing, and says what is there now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from maestro.approvals.book import ActionBook, Intent
from maestro.approvals.permission import Begins, Permission, consumed, ended
from maestro.approvals.policies import intent_of
from maestro.approvals.sealing import seal_rule
from maestro.bus.service import Context, Delivery, Handler, Outcome, Said, Service
from maestro.git import names
from maestro.git.change import read_change
from maestro.git.problems import GitProblem, from_os_error
from maestro.git.workspace import RunRepo, Workspace
from maestro.integrator.branch import advance, head_of, history, point, put_forward
from maestro.integrator.decider import (
    conflict,
    merge_message,
    merged_before,
    moved_by_others,
    not_on_branch,
    not_permitted,
    not_undone,
    prd_message,
    revert_message,
    said_before,
)
from maestro.runs.fold import change_of
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Problem

if TYPE_CHECKING:
    from maestro.bus.runtime import Tools
    from maestro.integrator.watching import Watcher

Permitted = Callable[[], Awaitable[Problem | None]]
PASSING = frozenset({"transient", "time_out"})
"""Problems that may be gone at the next delivery: the message is left for it."""


class Integrator:
    """What the integrator needs: the way to repositories."""

    def __init__(self, workspace: Workspace, permission: Begins) -> None:
        self.workspace = workspace
        self.permission = permission

    # --- the branch -------------------------------------------------------------------------------------------------

    async def prepare_run(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles PrepareRun."""
        command = delivery.command
        assert isinstance(command, c.PrepareRun)
        try:
            said: e.Event = await self._prepared(delivery.run, command)
        except (GitProblem, OSError) as error:
            said = e.StepWorkFailed(command.step, command.visit, command.attempt, _problem(error))
        return _outcome(delivery, said)

    async def _prepared(self, run: str, command: c.PrepareRun) -> e.RunPrepared:
        repo = await self.workspace.open(run, command.repo.url)
        base = command.onto or command.repo.base
        if not base:
            raise GitProblem("structural", "the repository has no commit to start from", "make a first commit")
        await repo.refs.ensure(base)
        async with repo.turn():
            head = await repo.refs.read(repo.branch)
            if head is None:
                await repo.refs.write(repo.branch, base, None)
                head = base
        if not await repo.repository.descends(head, base):
            reason = f"the branch {names.branch(run)} is there already and does not come from {base[:12]}"
            raise GitProblem("structural", reason, "rename that branch")
        return e.RunPrepared(command.step, command.visit, names.branch(run), head)

    # --- the PRD ----------------------------------------------------------------------------------------------------

    async def commit_prd(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles CommitPrd. Raises GitProblem, for the command to be delivered again."""
        command = delivery.command
        assert isinstance(command, c.CommitPrd)
        repo = await self.workspace.open(delivery.run, command.repo.url)
        commit = await self._with_file(
            repo, command.repo.base, command.path, command.markdown, command.status, delivery.id
        )
        return _outcome(delivery, e.PrdCommitted(command.version, command.path, commit, command.status))

    async def _with_file(self, repo: RunRepo, base: str, path: str, text: str, status: str, event: str) -> str:
        """The commit that has the file: the one made for this event before, the head where nothing differs, or a new
        one. It is put into the tree itself: ignore rules do not matter, and no index or working tree is touched."""

        async def make(head: str) -> tuple[str, str]:
            found = said_before(await history(repo, base, head), event)
            if found is not None:
                return head, found.id
            tree = await repo.repository.put_file(head, path, text.encode())
            if tree == (await repo.repository.commit(head)).tree:
                return head, head
            new = await repo.repository.commit_tree(tree, [head], prd_message(repo.run, path, status, event))
            return new, new

        async with repo.turn():
            return await advance(repo, make)

    # --- tasks --------------------------------------------------------------------------------------------------------

    async def merge_task(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles MergeTask. Raises GitProblem where the next delivery may succeed."""
        command = delivery.command
        assert isinstance(command, c.MergeTask)
        try:
            repo = await self.workspace.open(delivery.run, command.repo.url)
            said = await self._merged(repo, command, self._permitted(repo, delivery, command, ctx))
        except GitProblem as problem:
            if problem.kind in PASSING and delivery.count < 3:
                raise
            said = e.MergeRefused(command.task, command.attempt, problem.problem)
        return _outcome(delivery, said, *_effect(command, said))

    def _permitted(self, repo: RunRepo, delivery: Delivery, command: c.MergeTask, ctx: Context) -> Permitted:
        """Begins the merge as the effect that was approved, or says why it may not be made."""

        async def permitted() -> Problem | None:
            base = (await repo.repository.commit(command.commit)).parents[:1]
            change = await read_change(repo.repository, base[0] if base else command.repo.base, command.commit)

            def intend(book: ActionBook) -> Intent:
                proposal = change_of(command.task, command.attempt)
                return intent_of(book, proposal, change.digest, change.parts, change.unread, delivery.id)

            return not_permitted(await self.permission.begin(delivery.run, intend, ctx))

        return permitted

    async def _merged(self, repo: RunRepo, command: c.MergeTask, permitted: Permitted) -> e.TaskMerged | e.MergeRefused:
        await repo.refs.ensure(command.commit)
        async with repo.turn():
            await put_forward(repo, command.onto)
            return await advance(repo, lambda head: self._merged_onto(repo, command, permitted, head))

    async def _merged_onto(
        self, repo: RunRepo, command: c.MergeTask, permitted: Permitted, head: str
    ) -> tuple[str, e.TaskMerged | e.MergeRefused]:
        """Where the branch goes from `head`, and what to say of it."""
        git, task = repo.repository, (command.task, command.attempt)
        found = merged_before(await history(repo, command.repo.base, head), command.task, command.commit)
        if found is not None:
            return head, e.TaskMerged(*task, found.id, found.tree)
        problem = await self._obstacle(repo, command, head)
        if problem is not None:
            return head, e.MergeRefused(*task, problem)
        merge = await git.merge(head, command.commit)
        if merge.conflicts:
            return head, e.MergeRefused(*task, conflict(command.task, merge.conflicts), merge.conflicts)
        problem = await permitted()
        if problem is not None:
            return head, e.MergeRefused(*task, problem)
        if await git.descends(head, command.commit):
            return head, e.TaskMerged(*task, head, (await git.commit(head)).tree)
        text = merge_message(repo.run, *task, command.title, command.event)
        new = await git.commit_tree(merge.tree, [head, command.commit], text)
        return new, e.TaskMerged(*task, new, merge.tree)

    async def _obstacle(self, repo: RunRepo, command: c.MergeTask, head: str) -> Problem | None:
        onto, git = command.onto, repo.repository
        since = None
        if onto and onto != head and await git.find(onto) and await git.descends(head, onto):
            since = await git.changes(onto, head)
        return moved_by_others(names.branch(repo.run), head, onto, since)

    # --- undoing ------------------------------------------------------------------------------------------------------

    async def revert_change(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles RevertChange."""
        command = delivery.command
        assert isinstance(command, c.RevertChange)
        try:
            repo = await self.workspace.open(delivery.run, command.repo.url)
            async with repo.turn():
                said: e.Event = await advance(repo, lambda head: self._reverted(repo, command, delivery.id, head))
        except (GitProblem, OSError) as error:
            said = e.RollBackFailed(command.proposal, _problem(error))
        return _outcome(delivery, said)

    async def _reverted(
        self, repo: RunRepo, command: c.RevertChange, event: str, head: str
    ) -> tuple[str, e.RolledBack | e.RollBackFailed]:
        """What the merge brought is taken back: merging its first parent over it, with the merge as the base."""
        git = repo.repository
        found = said_before(await history(repo, command.repo.base, head), event)
        if found is not None:
            return head, e.RolledBack(command.proposal, found.id, command.commit, found.tree)
        merged = await git.find(command.commit)
        if merged is None or not await git.descends(head, merged):
            return head, e.RollBackFailed(command.proposal, not_on_branch(names.branch(repo.run), command.commit))
        undone = await git.revert(head, merged)
        if undone.conflicts:
            return head, e.RollBackFailed(command.proposal, not_undone(undone.conflicts))
        text = revert_message(repo.run, command.what, merged, event)
        new = await git.commit_tree(undone.tree, [head], text)
        return new, e.RolledBack(command.proposal, new, merged, undone.tree)

    # --- checkpoints and the end --------------------------------------------------------------------------------------

    async def make_checkpoint(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles MakeCheckpoint. Raises GitProblem, for the command to be delivered again."""
        command = delivery.command
        assert isinstance(command, c.MakeCheckpoint)
        repo = await self.workspace.open(delivery.run, command.repo.url)
        ref = names.checkpoint_ref(repo.run, command.number)
        commit = command.commit or await repo.refs.read(ref) or await head_of(repo)
        await repo.refs.ensure(commit)
        await point(repo, ref, commit)
        return _outcome(delivery, e.CheckpointMade(command.number, command.name, commit, ref))

    async def hand_over(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles HandOver."""
        command = delivery.command
        assert isinstance(command, c.HandOver)
        try:
            said: e.Event = await self._handed_over(delivery, command)
        except (GitProblem, OSError) as error:
            said = e.StepWorkFailed(command.step, command.visit, command.attempt, _problem(error))
        return _outcome(delivery, said)

    async def _handed_over(self, delivery: Delivery, command: c.HandOver) -> e.HandedOver:
        repo = await self.workspace.open(delivery.run, command.repo.url)
        base = command.repo.base
        if command.prd_path:
            await self._with_file(repo, base, command.prd_path, command.markdown, "implemented", delivery.id)
        head = await repo.repository.commit(await head_of(repo))
        await repo.refs.ensure(base)
        return e.HandedOver(
            step=command.step,
            visit=command.visit,
            branch=names.branch(delivery.run),
            commit=head.id,
            tree=head.tree,
            base=base,
            files=await repo.repository.changes(base, head.id),
        )


def _problem(error: GitProblem | OSError) -> Problem:
    return error.problem if isinstance(error, GitProblem) else from_os_error(error, "working on the branch").problem


def _outcome(delivery: Delivery, event: e.Event, *more: Said) -> Outcome:
    return Outcome(delivery.run, (Said(f"{delivery.id}/result", event, delivery.cause), *more))


def _effect(command: c.MergeTask, said: e.TaskMerged | e.MergeRefused) -> tuple[Said, ...]:
    """That a merge was made ends the effect; one that was refused has not begun."""
    if isinstance(said, e.MergeRefused):
        return ()
    proposal = change_of(command.task, command.attempt)
    return (Said(ended(proposal), e.EffectEnded(proposal, "done", commit=said.commit), consumed(proposal)),)


def handlers_of(integrator: Integrator) -> dict[type[c.Command], Handler]:
    return {
        c.PrepareRun: integrator.prepare_run,
        c.CommitPrd: integrator.commit_prd,
        c.MergeTask: integrator.merge_task,
        c.MakeCheckpoint: integrator.make_checkpoint,
        c.HandOver: integrator.hand_over,
        c.RevertChange: integrator.revert_change,
    }


def asking_forges(workspace: Workspace, state_dir: Path) -> Handler:
    """Handles AskForge. What speaks HTTP is imported when the first forge is asked: it takes as long to load as all
    the rest, and most runs wait for none."""
    watcher: Watcher | None = None

    async def ask(delivery: Delivery, ctx: Context) -> Outcome:
        nonlocal watcher
        if watcher is None:
            from maestro.integrator.watching import Watcher as Made

            watcher = Made(workspace, state_dir)
        return await watcher.ask_forge(delivery, ctx)

    return ask


def make_service(tools: Tools) -> Service:
    """The integrator. Its work takes milliseconds, but for a forge's; the branches take turns by themselves."""
    permission = Permission(tools.store, tools.admission.keyring, seal_rule(tools.settings.state_dir))
    workspace = Workspace(tools.settings.work_dir)
    handlers = handlers_of(Integrator(workspace, permission))
    handlers[c.AskForge] = asking_forges(workspace, tools.settings.state_dir)
    return Service(role="integrator", handlers=handlers, parallel=4)
