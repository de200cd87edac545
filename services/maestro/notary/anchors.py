"""Where else do seals lie? Outside of the server: in the run's repository, in a folder, at an address. Who cuts off the
end of a log has to come there too. An anchor that cannot be reached holds nothing up, and is named in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maestro.bus.logs import get_log
from maestro.git.command import git
from maestro.git.names import safe, seal_ref
from maestro.git.problems import GitProblem

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint with what cosignatures it has, of one run, whose repository is at `repo` (empty: not known)."""

    run: str
    repo: str
    note: bytes


async def lay_down(seal: Seal, anchors: Sequence[str]) -> None:
    """Lay the seal down at each of these, one after another."""
    for anchor in anchors:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await _lay_down(seal, anchor)
        except (OSError, TimeoutError, GitProblem) as error:
            get_log("anchors").warning("a seal was not laid down", anchor=anchor, run=seal.run, error=str(error))


async def _lay_down(seal: Seal, anchor: str) -> None:
    if anchor == "git":
        await _in_git(seal)
    elif anchor.startswith("file:"):
        _in_folder(seal, Path(anchor.removeprefix("file:")).expanduser())
    else:
        await _at_address(seal, anchor)


async def _in_git(seal: Seal) -> None:
    """As a blob under a ref of the run's: it goes wherever the ref is pushed. Only where the repository is here."""
    repo = Path(seal.repo.removeprefix("file://"))
    if not seal.repo or not repo.is_absolute() or not repo.is_dir():
        return
    blob = (await git("hash-object", "-w", "--stdin", cwd=repo, stdin=seal.note)).text
    await git("update-ref", seal_ref(seal.run), blob, cwd=repo)


def _in_folder(seal: Seal, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{safe(seal.run)}.draft"
    draft.write_bytes(seal.note)
    draft.replace(folder / f"{safe(seal.run)}.checkpoint")


async def _at_address(seal: Seal, url: str) -> None:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.post(url, content=seal.note, headers={"content-type": "text/plain; charset=utf-8"})
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from None
