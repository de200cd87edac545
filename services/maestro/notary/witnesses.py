"""How does the notary have its checkpoints cosigned? It asks each witness over HTTP (c2sp.org/tlog-witness), waits for
none for long, and believes none: a cosignature counts when it is right, a claim when the log's own signature proves it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from maestro.bus.logs import get_log
from maestro.log.note import Signature, VerifyKey
from maestro.tlog.checkpoint import SignedCheckpoint, is_signed_by, parse_lines, parse_signed
from maestro.tlog.exchange import SIZE_TYPE, read_size, write_request
from maestro.tlog.merkle import Tree
from maestro.tlog.policy import Witness
from maestro_contracts.envelope import Unreadable

if TYPE_CHECKING:
    import httpx

TRIES = 3
REQUEST_S = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint to have cosigned: its note, its tree, and the key that its log signs with."""

    signed: SignedCheckpoint
    tree: Tree
    key: VerifyKey

    @property
    def origin(self) -> str:
        return self.signed.checkpoint.origin

    @property
    def size(self) -> int:
        return self.signed.checkpoint.size


@dataclass(frozen=True, slots=True)
class Evidence:
    """A witness has seen another history, and shows the log's own signature on it."""

    reason: str


@dataclass(slots=True)
class WitnessLink:
    """One witness, and what is known of it. Asks one thing of a log at a time."""

    witness: Witness
    url: str
    known: dict[str, int] = field(default_factory=dict)
    """How much of each log it cosigned last, as far as is known."""
    busy: dict[str, asyncio.Lock] = field(default_factory=dict)
    silent: bool = False
    _client: httpx.AsyncClient | None = None

    async def cosign(self, point: Point) -> Signature | Evidence | None:
        """Its cosignature; None where it gives none. Says in the log of this process when it falls silent."""
        async with self.busy.setdefault(point.origin, asyncio.Lock()):
            try:
                answer = await self._ask(point)
                self._heard()
                return answer
            except OSError as error:
                self._not_heard(str(error) or type(error).__name__)
                return None

    async def _ask(self, point: Point) -> Signature | Evidence | None:
        """Raises OSError where it cannot be reached."""
        old = min(self.known.get(point.origin, 0), point.size)
        for _ in range(TRIES):
            proof = point.tree.consistency_proof(old, point.size)
            status, kind, body = await self._post(write_request(old, proof, point.signed.note))
            if status == 200:
                return self._own(point, body)
            size = read_size(body) if status == 409 and kind.startswith(SIZE_TYPE) else None
            if size is None or size > point.size:
                return await self._differs(point, status, size)
            if size < self.known.get(point.origin, 0):
                self._forgot(point, size)
                return None
            old = size
        return None

    def _own(self, point: Point, body: bytes) -> Signature | None:
        try:
            lines = parse_lines(body)
        except Unreadable:
            lines = []
        for line in lines:
            if self.witness.cosigner.cosigned_at(point.signed.text, line) is not None:
                self.known[point.origin] = point.size
                return line
        self._complain("what it answered is no cosignature of its own", point)
        return None

    def _forgot(self, point: Point, size: int) -> None:
        """To have it sign on from there would be to help it sign a history twice."""
        known = self.known[point.origin]
        self._complain(f"it cosigned {known} entries and remembers {size}: its memory is old", point)

    async def _differs(self, point: Point, status: int, size: int | None) -> Evidence | None:
        """It refuses. Only what it can prove is held against the log."""
        other = await self._newest(point)
        if other is not None and is_signed_by(other, point.key):
            seen = other.checkpoint
            if seen.size > point.tree.size:
                return Evidence(
                    f"witness {self.witness.name} holds our own checkpoint of {seen.size} entries, and the log has "
                    f"{point.tree.size}: its end was cut off"
                )
            if point.tree.root(seen.size) != seen.root:
                return Evidence(
                    f"witness {self.witness.name} holds our own checkpoint of {seen.size} entries with another root: "
                    "what was sealed was changed"
                )
        self._complain(f"it refuses (HTTP {status}, size {size}) and shows no reason", point)
        return None

    async def _newest(self, point: Point) -> SignedCheckpoint | None:
        """The checkpoint that it shows of this log. Raises OSError."""
        name = hashlib.sha256(point.origin.encode()).hexdigest()
        status, _, body = await self._get(f"/{name}/checkpoint")
        try:
            signed = parse_signed(body) if status == 200 else None
        except Unreadable:
            return None
        return signed if signed is not None and signed.checkpoint.origin == point.origin else None

    # --- HTTP -------------------------------------------------------------------------------------------------------

    async def _post(self, body: bytes) -> tuple[int, str, bytes]:
        return await self._send("POST", "/add-checkpoint", body)

    async def _get(self, path: str) -> tuple[int, str, bytes]:
        return await self._send("GET", path, b"")

    async def _send(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Raises OSError."""
        import httpx

        if self._client is None:
            self._client = _client(self.url)
        try:
            answer = await self._client.request(method, path, content=body)
            return answer.status_code, answer.headers.get("content-type", ""), answer.content[: 64 * 1024]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}".rstrip(": ")) from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    # --- what is said of it -----------------------------------------------------------------------------------------

    def _heard(self) -> None:
        if self.silent:
            get_log("witnesses").info("a witness answers again", witness=self.witness.name)
        self.silent = False

    def _not_heard(self, error: str) -> None:
        if not self.silent:
            get_log("witnesses").warning("a witness does not answer", witness=self.witness.name, error=error)
        self.silent = True

    def _complain(self, reason: str, point: Point) -> None:
        log = get_log("witnesses")
        log.error("a witness is not right", witness=self.witness.name, reason=reason, origin=point.origin)


def _client(url: str) -> httpx.AsyncClient:
    import httpx

    if url.startswith("unix:"):
        transport = httpx.AsyncHTTPTransport(uds=unquote(url.removeprefix("unix:")))
        return httpx.AsyncClient(transport=transport, base_url="http://witness", timeout=REQUEST_S)
    return httpx.AsyncClient(base_url=url.rstrip("/"), timeout=REQUEST_S)


def links_to(witnesses: Sequence[Witness], local: str = "") -> list[WitnessLink]:
    """A link to each witness that can be reached; one without an address is reached at `local`, where that is given."""
    return [WitnessLink(each, each.url or local) for each in witnesses if each.url or local]
