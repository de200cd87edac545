"""A forge that a test can ask: what GitHub's and GitLab's REST APIs answer about requests to merge, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

from maestro_contracts.records import Forge

REPOSITORY = "ada/thing"
Kind = Literal["github", "gitlab"]
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Pull:
    """One request. `state`: open, merged or closed; `origin` is the repository that its branch lies in."""

    number: int
    branch: str
    head: str
    state: str = "open"
    target: str = "main"
    origin: str | None = REPOSITORY
    merge_commit: str | None = None


@dataclass
class ForgeDouble:
    """`bases`: what the newest common commit of two is. `odd`: answers instead, where it is set. `asked`: the paths
    and headers of all questions."""

    kind: Kind
    token: str = ""
    pulls: list[Pull] = field(default_factory=list)
    bases: dict[tuple[str, str], str] = field(default_factory=dict)
    odd: Answer | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> ForgeDouble:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                double.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                (double.odd or double.answers)(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        return base if self.kind == "github" else f"{base}/api/v4"

    def forge(self, **more: Any) -> Forge:
        return Forge(self.kind, self.url, REPOSITORY, **more)

    def listed(self) -> list[dict[str, Any]]:
        """What it would list now, of whatever branch."""
        each = self._pull if self.kind == "github" else self._merge_request
        return [each(pull) for pull in self.pulls]

    # --- what it answers --------------------------------------------------------------------------------------------

    def answers(self, to: BaseHTTPRequestHandler) -> None:
        if self.token and to.headers["Authorization"] != f"Bearer {self.token}":
            says(401, {"message": "Bad credentials" if self.kind == "github" else "401 Unauthorized"})(to)
            return
        asked = urlsplit(to.path)
        place = f"/repos/{REPOSITORY}" if self.kind == "github" else f"/api/v4/projects/{quote(REPOSITORY, safe='')}"
        if not asked.path.startswith(f"{place}/"):
            says(404, {"message": "Not Found"})(to)
            return
        given = parse_qs(asked.query)
        answer = self._github if self.kind == "github" else self._gitlab
        answer(asked.path.removeprefix(f"{place}/"), given)(to)

    def _github(self, what: str, given: dict[str, list[str]]) -> Answer:
        if what == "pulls":
            assert given["state"] == ["all"]
            owner, _, branch = given["head"][0].partition(":")
            found = [
                pull
                for pull in self.pulls
                if pull.branch == branch and (pull.origin is None or pull.origin.startswith(f"{owner}/"))
            ]
            return says(200, [self._pull(pull) for pull in sorted(found, key=lambda pull: -pull.number)])
        one, _, other = what.removeprefix("compare/").partition("...")
        base = self.bases.get((one, other))
        if base is None:
            return says(404, {"message": "Not Found"})
        status = "ahead" if base == one else "diverged"
        commits = {"base_commit": {"sha": one}, "merge_base_commit": {"sha": base}, "commits": []}
        return says(200, {"status": status, "ahead_by": 1, "behind_by": 0, "total_commits": 1, **commits})

    def _pull(self, pull: Pull) -> dict[str, Any]:
        ended = None if pull.state == "open" else "2026-01-02T03:04:05Z"
        repo = None if pull.origin is None else {"id": 1, "full_name": pull.origin, "fork": pull.origin != REPOSITORY}
        return {
            "url": f"{self.url}/repos/{REPOSITORY}/pulls/{pull.number}",
            "id": 1000 + pull.number,
            "html_url": f"https://forge.example/{REPOSITORY}/pull/{pull.number}",
            "number": pull.number,
            "state": "open" if pull.state == "open" else "closed",
            "title": "Greet people",
            "user": {"login": "ada", "type": "User"},
            "created_at": "2026-01-01T00:00:00Z",
            "closed_at": ended,
            "merged_at": ended if pull.state == "merged" else None,
            "merge_commit_sha": pull.merge_commit,
            "draft": False,
            "head": {"label": f"ada:{pull.branch}", "ref": pull.branch, "sha": pull.head, "repo": repo},
            "base": {"label": f"ada:{pull.target}", "ref": pull.target, "sha": "0" * 40, "repo": {"id": 1}},
        }

    def _gitlab(self, what: str, given: dict[str, list[str]]) -> Answer:
        if what == "merge_requests":
            assert given["state"] == ["all"]
            found = [pull for pull in self.pulls if pull.branch == given["source_branch"][0]]
            return says(200, [self._merge_request(pull) for pull in sorted(found, key=lambda pull: -pull.number)])
        assert what == "repository/merge_base"
        base = self.bases.get((given["refs[]"][0], given["refs[]"][1]))
        if base is None:
            return says(400, {"message": "Could not find ref"})
        return says(200, {"id": base, "short_id": base[:8], "title": "Start", "parent_ids": []})

    def _merge_request(self, pull: Pull) -> dict[str, Any]:
        merged = pull.state == "merged"
        return {
            "id": 1000 + pull.number,
            "iid": pull.number,
            "project_id": 3,
            "title": "Greet people",
            "state": {"open": "opened"}.get(pull.state, pull.state),
            "created_at": "2026-01-01T00:00:00.000Z",
            "merged_at": "2026-01-02T03:04:05.000Z" if merged else None,
            "target_branch": pull.target,
            "source_branch": pull.branch,
            "source_project_id": 3 if pull.origin == REPOSITORY else None if pull.origin is None else 4,
            "target_project_id": 3,
            "author": {"id": 1, "username": "ada"},
            "draft": False,
            "sha": pull.head,
            "merge_commit_sha": pull.merge_commit,
            "squash_commit_sha": None,
            "references": {"short": f"!{pull.number}", "full": f"{REPOSITORY}!{pull.number}"},
            "web_url": f"https://forge.example/{REPOSITORY}/-/merge_requests/{pull.number}",
        }


def says(status: int, body: Any, **headers: str) -> Answer:
    """Answers so, whatever is asked; `Retry_After="5"` is the header `Retry-After: 5`."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        try:
            to.wfile.write(data)
        except OSError:
            to.close_connection = True

    return answer
