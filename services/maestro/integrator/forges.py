"""How is a forge asked about the requests to merge a branch, and what do its answers say? Pure.

GitHub: REST API, version 2022-11-28, `List pull requests` and `Compare two commits`.
GitLab: REST API v4, `List project merge requests` and `Get merge base`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, assert_never
from urllib.parse import quote, urlencode

import msgspec

from maestro_contracts.records import Forge

PAGE = 100
"""Requests that are looked at, the newest first: as many as either forge gives at once."""
_URL = re.compile(r"https?://[!-~]{1,500}")

T = TypeVar("T")
Sha = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class Garbled(ValueError):
    """It is not what such a forge answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """One pull or merge request from a branch of the name asked for. `own`: that branch lies in the configured
    repository, not in a fork. `head` is empty where the forge does not know it any more."""

    number: int
    state: Literal["open", "merged", "closed"]
    url: str
    head: str
    target: str
    own: bool
    merge_commit: str = ""


def headers(forge: Forge, token: str) -> dict[str, str]:
    """What goes with each question. Nothing is packed: a small answer must not become a huge one."""
    common = {"Accept-Encoding": "identity", "User-Agent": "maestro"}
    if token:
        common["Authorization"] = f"Bearer {token}"
    match forge.kind:
        case "github":
            return {**common, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        case "gitlab":
            return {**common, "Accept": "application/json"}
        case _:
            assert_never(forge.kind)


# --- the requests -------------------------------------------------------------------------------------------------


def requests_url(forge: Forge, branch: str) -> str:
    """Where the requests to merge that branch are listed, the newest first."""
    match forge.kind:
        case "github":
            head = f"{forge.repository.partition('/')[0]}:{branch}"
            asked = {"state": "all", "head": head, "sort": "created", "direction": "desc", "per_page": PAGE}
            return f"{_github(forge)}/pulls?{urlencode(asked)}"
        case "gitlab":
            asked = {"state": "all", "source_branch": branch, "order_by": "created_at", "sort": "desc"}
            return f"{_gitlab(forge)}/merge_requests?{urlencode(asked | {'per_page': PAGE})}"
        case _:
            assert_never(forge.kind)


def read_requests(forge: Forge, branch: str, body: bytes) -> list[Request]:
    """The requests to merge a branch of exactly that name, as the forge listed them. Raises Garbled."""
    match forge.kind:
        case "github":
            return [_pull(forge, each) for each in _read(body, list[_Pull]) if each.head.ref == branch]
        case "gitlab":
            return [_merge_request(each) for each in _read(body, list[_MergeRequest]) if each.source_branch == branch]
        case _:
            assert_never(forge.kind)


class _Repository(msgspec.Struct):
    full_name: str


class _Head(msgspec.Struct):
    ref: str
    sha: Sha
    repo: _Repository | None


class _Base(msgspec.Struct):
    ref: str


class _Pull(msgspec.Struct):
    """What counts of GitHub's pull request. `merge_commit_sha` of one that is open is a trial merge."""

    number: Number
    state: Literal["open", "closed"]
    head: _Head
    base: _Base
    merged_at: str | None
    html_url: str = ""
    merge_commit_sha: Sha | None = None


class _MergeRequest(msgspec.Struct):
    """What counts of GitLab's merge request."""

    iid: Number
    state: Literal["opened", "locked", "merged", "closed"]
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    sha: Sha | None
    web_url: str = ""
    merge_commit_sha: Sha | None = None
    squash_commit_sha: Sha | None = None


def _pull(forge: Forge, found: _Pull) -> Request:
    origin = found.head.repo.full_name if found.head.repo is not None else ""
    merged = bool(found.merged_at)
    return Request(
        number=found.number,
        state="merged" if merged else found.state,
        url=_shown(found.html_url),
        head=found.head.sha,
        target=found.base.ref,
        own=origin.casefold() == forge.repository.casefold(),
        merge_commit=(found.merge_commit_sha or "") if merged else "",
    )


def _merge_request(found: _MergeRequest) -> Request:
    state: Literal["open", "merged", "closed"]
    match found.state:
        case "opened" | "locked":  # A locked one is just being merged.
            state = "open"
        case "merged" | "closed":
            state = found.state
        case _:
            assert_never(found.state)
    return Request(
        number=found.iid,
        state=state,
        url=_shown(found.web_url),
        head=found.sha or "",
        target=found.target_branch,
        own=found.source_project_id == found.target_project_id,
        merge_commit=(found.merge_commit_sha or found.squash_commit_sha or "") if state == "merged" else "",
    )


def _shown(url: str) -> str:
    """An address as people may be shown it: what a forge says is as little believed as anybody's."""
    return url if _URL.fullmatch(url) else ""


def in_order(requests: Iterable[Request], commit: str, most: int) -> list[Request]:
    """Those that were merged, then those that are open, then those that were closed: at most so many of each, those of
    exactly that commit first, then the newest."""
    ordered = sorted(requests, key=lambda request: (request.head != commit, -request.number))
    return [
        request
        for state in ("merged", "open", "closed")
        for request in [each for each in ordered if each.state == state][:most]
    ]


# --- what holds what ----------------------------------------------------------------------------------------------


def base_url(forge: Forge, one: str, other: str) -> str:
    """Where the newest commit that both commits hold is told."""
    match forge.kind:
        case "github":
            # The files that differ come with the first page alone, and nobody wants them.
            return f"{_github(forge)}/compare/{one}...{other}?per_page=1&page=2"
        case "gitlab":
            return f"{_gitlab(forge)}/repository/merge_base?{urlencode([('refs[]', one), ('refs[]', other)])}"
        case _:
            assert_never(forge.kind)


class _Commit(msgspec.Struct):
    sha: Sha


class _Comparison(msgspec.Struct):
    merge_base_commit: _Commit


class _BaseCommit(msgspec.Struct):
    id: Sha


def read_base(forge: Forge, body: bytes) -> str:
    """Raises Garbled."""
    match forge.kind:
        case "github":
            return _read(body, _Comparison).merge_base_commit.sha
        case "gitlab":
            return _read(body, _BaseCommit).id
        case _:
            assert_never(forge.kind)


def _github(forge: Forge) -> str:
    return f"{forge.url}/repos/{forge.repository}"


def _gitlab(forge: Forge) -> str:
    return f"{forge.url}/projects/{quote(forge.repository, safe='')}"


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(type(error).__name__) from None
