"""What of others changed while an agent worked? Everything is compared with what was there before; what is the run's
own or makes git run something is put back, and of the person's own refs nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from maestro.git import names
from maestro.git.fingerprint import Fingerprint, fingerprint, refs_of
from maestro.git.finishing import finish
from maestro.git.guard import Finding, Guard, guarded
from maestro.git.problems import GitProblem
from maestro.git.refs import OwnRefs
from maestro.git.workspace import RunRepo


@dataclass(slots=True)
class Watch:
    """One attempt under watch."""

    repo: RunRepo
    guard: Guard
    before: Fingerprint
    refs: dict[str, str]
    seen: bool = False

    async def ended(self) -> Finding:
        """To be called when nothing of the agent runs any more."""
        tree = self.before.differs(await fingerprint(self.repo))
        await self.look_at_refs()
        found = await self.guard.ended()
        return Finding(tuple(dict.fromkeys((*found.names, *tree))), found.kept)

    async def look_at_refs(self) -> None:
        """Once; what others do to refs from then on is not looked at."""
        if self.seen or not isinstance(self.repo.refs, OwnRefs):
            return
        self.seen, now = True, await refs_of(self.repo)
        found = [await self._seen(name, now.get(name, "")) for name in sorted(self.refs.keys() | now.keys())]
        self.guard.tell(tuple(each for each in found if each))

    async def _seen(self, name: str, now: str) -> str:
        """How a ref that somebody else moved is told of; empty where all is well."""
        before = self.refs.get(name, "")
        if before == now or not await self._is_wrong(name, before, now):
            return ""
        shown = names.shown(name)
        ours = name == self.repo.branch or name.startswith(names.run_refs(self.repo.run))
        if ours and (name != self.repo.branch or not now):
            with suppress(GitProblem):
                await self.repo.repository.set_ref(name, before, now or None)
            return f"{shown} (put back)"
        kept = names.lost_ref(self.repo.run, name, before)
        if before and not (now and await self._descends(now, before)):
            with suppress(GitProblem):
                await self.repo.repository.set_ref(kept, before, None)
            return f"{shown} (as it was: {kept})"
        return shown

    async def _is_wrong(self, name: str, before: str, now: str) -> bool:
        """Runs make refs and move their branches forward; they take none away and none back."""
        if names.is_seal_ref(name):
            # The notary lays down another one each second, whoever is at work.
            return not now
        if name.startswith(names.REFS):
            return bool(before)
        if name.startswith(names.HEADS):
            return bool(before) and not (now and await self._descends(now, before))
        return True

    async def _descends(self, commit: str, base: str) -> bool:
        try:
            return await self.repo.repository.descends(commit, base)
        except GitProblem:
            return False


@asynccontextmanager
async def watched(repo: RunRepo, who: str) -> AsyncIterator[Watch]:
    """Watches while an agent of `who` is at work. Raises GitProblem, OSError."""
    async with guarded(repo.repository.git_dir, f"{repo.run}-{who}") as guard:
        refs = await refs_of(repo) if isinstance(repo.refs, OwnRefs) else {}
        watch = Watch(repo, guard, await fingerprint(repo), refs)
        try:
            yield watch
        finally:
            with suppress(GitProblem):
                await finish(watch.look_at_refs())
