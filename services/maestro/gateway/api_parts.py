"""What do all operations of the API share? What is sent and answered, which problems there are, which run is meant."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from maestro.gateway.access import Caller
from maestro.gateway.gateway import Gateway
from maestro.gateway.problems import MEDIA_TYPE, ProblemDetails, Refusal
from maestro.gateway.views import GateView, GrantView, JournalView
from maestro.gateway.watching import Watched
from maestro_contracts.proposals import Proposal

ApiRequest = Request[Caller, Any, State]
MAX_SEQ = 2**53 - 1
PAGE = 100


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems that an operation answers with, beside those of every operation."""
    words = {
        400: "The request is not understood, or decides nothing.",
        401: "There is no valid token.",
        403: "The token, or the person, may not do this.",
        404: "There is no such thing.",
        409: "The gate is decided already, or asks something else by now.",
        410: "The gate is closed: too late.",
        413: "The body is too large.",
        415: "The body is not JSON.",
        429: "Too many requests; `Retry-After` says when.",
        503: "The log, or who decides, cannot be reached; `Retry-After` says when.",
    }
    given = sorted({*statuses, 400, 401, 429, 503})
    return {
        status: ResponseSpec(ProblemDetails, generate_examples=False, description=words[status], media_type=MEDIA_TYPE)
        for status in given
    }


class Health(msgspec.Struct, frozen=True):
    """`ok`: the log can be reached and every run was read. `waiting`: not now."""

    status: Literal["ok", "waiting"]
    version: str
    runs: int


class Me(msgspec.Struct, frozen=True):
    """Who the token belongs to, and what it allows until when."""

    name: str
    may: Literal["read", "decide"]
    expires: str


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to a gate. `choice` is the key or the label of one of its choices; nothing else decides anything.

    Who signs with a key of their own sends `statement`, exactly as `.../statement` gave it, and its `signature`
    (armoured SSHSIG, namespace `decision@maestro`); else the gateway vouches for whoever's token this is.
    """

    choice: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(max_length=16_384)] = ""
    answers: dict[str, Annotated[str, msgspec.Meta(max_length=16_384)]] = {}
    visit: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] = 0
    version: Annotated[str, msgspec.Meta(max_length=80)] = ""
    conditions: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=2000)], ...], msgspec.Meta(max_length=20)
    ] = ()
    statement: Annotated[str, msgspec.Meta(max_length=131_072)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class Grants(msgspec.Struct, frozen=True):
    items: list[GrantView]


class JournalPage(msgspec.Struct, frozen=True):
    items: list[JournalView]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a grant is taken back; may be empty."""

    why: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class PolicyQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action to judge. With `run` by the policy that this run keeps, else by the gateway's own."""

    action: Proposal
    run: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Decided(msgspec.Struct, frozen=True):
    """What became of an answer. `decided`: the gate is; `counted`: it waits for others too."""

    outcome: Literal["decided", "counted"]
    gate: GateView


BODIES = (Decision, Revocation, PolicyQuestion)
"""What is sent; a field that is not known is refused, since it was meant to say something."""
Sent = TypeVar("Sent")


async def strictly(request: ApiRequest, kind: type[Sent]) -> Sent:
    """The body, where its JSON is exactly of this type: no text stands for a number. Raises Refusal."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, str(error)) from None


async def watched_run(gateway: Gateway, run: str) -> Watched:
    """The run, as new as this request at least. Raises Refusal where there is none, StoreUnavailable."""
    found = await gateway.watcher.fresh(run)
    if found is None:
        raise Refusal(404, "there is no such run", "list them with GET /api/v1/runs")
    return found


Run = Annotated[str, Parameter(description="The run's id.", max_length=80)]
Gate = Annotated[str, Parameter(description="The gate's name.", max_length=200)]
Visit = Annotated[
    int, Parameter(ge=0, le=MAX_SEQ, description="Which visit of the gate; 0: the one that is open, else the newest.")
]
