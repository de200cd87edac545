"""Was the run's branch merged at the forge? The integrator asks, and says what it saw; the gatekeeper judges.

The forge is asked over HTTP and trusted with nothing but its own answer: no redirect is followed, no more is read than
fits, and what is not understood is no merge. The credential goes into the question's header and nowhere else.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from pathlib import Path

import httpx

from maestro.agents.credentials import Withheld, credentials
from maestro.bus.service import Asked, Context, Delivery, Outcome, Said
from maestro.git import names
from maestro.git.problems import GitProblem, from_os_error
from maestro.git.workspace import RunRepo, Workspace
from maestro.integrator.forges import (
    Garbled,
    Request,
    base_url,
    headers,
    in_order,
    read_base,
    read_requests,
    requests_url,
)
from maestro.integrator.refusals import Unanswered, away, garbled, refused, too_large
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Forge, Problem, Sighting

MOST_BYTES = 2 * 1024 * 1024
MOST_COMPARED = 3
"""Requests of each state whose commits are compared with the run's in one look."""
UNKNOWN_COMMIT = frozenset({400, 404, 422})
"""How forges answer where they cannot compare two commits: they do not have both."""


class Watcher:
    """Looks at forges. `state_dir`: below it lie the credentials where no variable says otherwise."""

    def __init__(self, workspace: Workspace, state_dir: Path) -> None:
        self._workspace = workspace
        self._state_dir = state_dir

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """Whose certificates count, read once; `SSL_CERT_FILE` names others."""
        return httpx.create_ssl_context()

    async def ask_forge(self, delivery: Delivery, ctx: Context) -> Outcome:
        """Handles AskForge. What is seen again is not said again."""
        command = delivery.command
        assert isinstance(command, c.AskForge)
        wait_s = 0.0
        try:
            seen = await self._seen(delivery.run, command, ctx.now() / 1000)
        except Unanswered as unanswered:
            seen, wait_s = Sighting("unknown", problem=unanswered.problem), unanswered.wait_s
        said: tuple[Said, ...] = ()
        if seen != command.told:
            event = e.PullRequestSeen(command.gate, command.visit, command.number, ctx.actor, command.commit, seen)
            said = (Said(f"{delivery.id}/result", event, delivery.cause),)
        judge = c.JudgePullRequest(command.gate, command.visit, command.number, command.repo, command.commit, wait_s)
        asked = Asked(f"gate:{command.gate}:{command.visit}/judge:{command.number}", judge, delivery.id)
        return Outcome(delivery.run, said, (asked,), advance=bool(said))

    async def _seen(self, run: str, command: c.AskForge, now_s: float) -> Sighting:
        """Raises Unanswered."""
        forge = command.forge
        try:
            token = await asyncio.to_thread(_token, forge, self._state_dir)
            repo = await self._workspace.open(run, command.repo.url)
        except Withheld as withheld:
            raise Unanswered(withheld.problem) from None
        except GitProblem as problem:
            raise Unanswered(problem.problem) from None
        except OSError as error:
            raise Unanswered(from_os_error(error, "looking at the repository").problem) from None
        try:
            async with (
                asyncio.timeout(forge.timeout_s),
                httpx.AsyncClient(verify=self._trusted, follow_redirects=False, timeout=forge.timeout_s) as client,
            ):
                client.headers.update(headers(forge, token))
                return await Look(forge, names.branch(run), command.commit, repo, client, now_s).seen()
        except TimeoutError:
            raise away(forge, f"did not answer within {forge.timeout_s:g} s") from None
        except (OSError, ValueError, ImportError) as error:
            # Certificates or a proxy that the environment names, and that are none.
            raise away(forge, f"could not be asked from here: {_said_by(error)}") from None


def _token(forge: Forge, state_dir: Path) -> str:
    """Raises Withheld."""
    if not forge.token:
        return ""
    found = credentials([forge.token], state_dir, asker="the gate", holder="integrator")[forge.token]
    if not (found.isascii() and found.isprintable()) or " " in found:
        mend = f"put the token alone, on one line, where the integrator finds {forge.token}"
        raise Withheld(Problem("environment", f"the credential {forge.token} is no token", mend))
    return found


class Look:
    """One look at one forge, for one branch that must hold `commit`."""

    def __init__(
        self, forge: Forge, branch: str, commit: str, repo: RunRepo, client: httpx.AsyncClient, now_s: float
    ) -> None:
        self._forge, self._branch, self._commit = forge, branch, commit
        self._repo, self._client, self._now_s = repo, client, now_s

    async def seen(self) -> Sighting:
        """The request that counts: one that was merged, else one that is open, else one that was closed. Where none
        counts, one that does not, with the reason. Raises Unanswered."""
        found = await self._requests()
        told: Sighting | None = None
        for request in in_order((request for request in found if request.own), self._commit, MOST_COMPARED):
            if told is not None and told.state == "open" and request.state == "closed":
                return told  # Somebody is still at it.
            problem = await self._problem(request)
            sighting = _sighting(request, problem)
            if problem is None:
                return sighting
            if told is None or (told.state, request.state) == ("merged", "open"):
                told = sighting
        if told is None and found:
            return _sighting(found[0], self._stranger(found[0]))
        return told or Sighting("none")

    async def _requests(self) -> list[Request]:
        body = await self._get(requests_url(self._forge, self._branch))
        try:
            return read_requests(self._forge, self._branch, body)
        except Garbled:
            raise garbled(self._forge) from None

    def _stranger(self, request: Request) -> Problem:
        where = self._forge.repository
        reason = f"#{request.number} comes from another repository than {where}"
        return Problem("structural", reason, f"push {self._branch} to {where} and open the request from there")

    async def _problem(self, request: Request) -> Problem | None:
        """Why this request of the repository's own does not count; None where it does."""
        target = self._forge.target
        if target and request.target != target:
            reason = f"#{request.number} goes to another branch than {target}"
            return Problem("structural", reason, f"open a request to merge {self._branch} into {target}")
        if await self._holds(request.head):
            return None
        reason = (
            f"#{request.number} is at {request.head[:12] or 'no commit'}, which lacks the run's {self._commit[:12]}"
        )
        mend = f"push {self._branch} as the run left it"
        return Problem("structural", reason, mend if request.state == "open" else f"{mend}, and open another request")

    async def _holds(self, head: str) -> bool:
        """Whether that commit is the run's, or has it among its ancestors: here where it is known here, else there."""
        if not head or head == self._commit:
            return bool(head)
        try:
            if await self._repo.repository.find(head) is not None:
                return await self._repo.repository.descends(head, self._commit)
        except GitProblem:
            pass  # The forge has both of them.
        try:
            body = await self._get(base_url(self._forge, self._commit, head))
            return read_base(self._forge, body) == self._commit
        except Unanswered as unanswered:
            if unanswered.status in UNKNOWN_COMMIT:
                return False
            raise
        except Garbled:
            raise garbled(self._forge) from None

    async def _get(self, url: str) -> bytes:
        """The body of an answer 200. Raises Unanswered."""
        try:
            async with self._client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise refused(self._forge, answer.status_code, answer.headers, self._now_s)
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise garbled(self._forge)
                body = bytearray()
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise too_large(self._forge, MOST_BYTES)
                return bytes(body)
        except httpx.TimeoutException:
            raise away(self._forge, f"did not answer within {self._forge.timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise away(self._forge, f"gave no answer: {_said_by(error)}") from None


def _sighting(request: Request, problem: Problem | None) -> Sighting:
    return Sighting(request.state, request.number, request.url, request.head, request.merge_commit, problem)


def _said_by(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(char if char.isprintable() else "?" for char in text[:160])
