"""How does somebody log in with an OpenID Connect provider? Authorisation code flow with PKCE (RFC 7636), state and
nonce; the ID token's signature, issuer, audience, times and nonce are checked (OpenID Connect Core, 3.1.3.7).

What a log-in under way needs to be remembered is kept in this process, for ten minutes, and belongs to one browser.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from maestro.gateway.problems import Refusal
from maestro.gateway.settings import LOCAL, OidcConfig, read_secret_file
from maestro.people.names import why_no_person

PENDING_S = 600.0
MOST_PENDING = 1000
FRESH_S = 3600.0
TIMEOUT_S = 10.0
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CALLBACK = "/login/oidc/callback"


@dataclass(frozen=True, slots=True)
class Pending:
    """A log-in that was begun. `browser` is in a cookie of the browser that began it."""

    browser: str
    nonce: str
    verifier: str
    to: str
    until: float


class Oidc:
    """One provider. `url` is this gateway's own address."""

    def __init__(self, config: OidcConfig, url: str) -> None:
        self._config, self._redirect = config, url + CALLBACK
        self._pending: OrderedDict[str, Pending] = OrderedDict()
        self._known: dict[str, Any] = {}
        self._until = 0.0
        _check_secure(config.issuer)

    async def begin(self, to: str) -> tuple[str, str]:
        """Where the browser is sent, and what its cookie holds meanwhile. Raises Refusal."""
        known = await self._discover()
        state, pending = secrets.token_urlsafe(32), _pending(to)
        self._pending[state] = pending
        while len(self._pending) > MOST_PENDING:
            self._pending.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(self._config.scopes),
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        start = known["authorization_endpoint"]
        return f"{start}{'&' if '?' in start else '?'}{urlencode(asked)}", pending.browser

    async def finish(self, state: str, code: str, browser: str) -> tuple[str, str]:
        """Who it is, and where they wanted to go. Raises Refusal where the provider's word does not hold."""
        pending = self._pending.pop(state, None)
        if pending is None or pending.until < time.monotonic() or not secrets.compare_digest(pending.browser, browser):
            raise Refusal(400, "this log-in was not begun here, or too long ago", "log in again")
        claims = await self._claims(await self._exchange(code, pending), pending)
        return self._person(claims), pending.to

    # --- talking to the provider --------------------------------------------------------------------------------------

    async def _discover(self) -> dict[str, Any]:
        if time.monotonic() > self._until:
            found = await self._ask("GET", f"{self._config.issuer}/.well-known/openid-configuration")
            if found.get("issuer", "").rstrip("/") != self._config.issuer:
                raise _provider("it says to be another issuer than is configured")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _check_secure(str(found.get(name, "")))
            self._known, self._until = found, time.monotonic() + FRESH_S
        return self._known

    async def _exchange(self, code: str, pending: Pending) -> str:
        known = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "client_id": self._config.client_id,
            "code_verifier": pending.verifier,
        }
        secret = self._config.client_secret_file
        auth = (self._config.client_id, read_secret_file(secret, "oidc.client_secret_file")) if secret else None
        answer = await self._ask("POST", known["token_endpoint"], data=form, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _provider("it gave no ID token")
        return token

    async def _claims(self, token: str, pending: Pending) -> dict[str, Any]:
        from joserfc import jwk, jwt
        from joserfc.errors import JoseError

        known = await self._discover()
        keys = await self._ask("GET", known["jwks_uri"])
        registry = jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": known["issuer"]},
            aud={"essential": True, "value": self._config.client_id},
            nonce={"essential": True, "value": pending.nonce},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            read = jwt.decode(token, jwk.KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
            registry.validate(read.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _provider(f"its ID token does not hold ({type(error).__name__})") from None
        return dict(read.claims)

    async def _ask(self, method: str, url: str, **how: Any) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                answer = await client.request(method, url, **{k: v for k, v in how.items() if v is not None})
            found = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise _provider("it does not answer as it should")
        return found

    # --- who it is ----------------------------------------------------------------------------------------------------

    def _person(self, claims: dict[str, Any]) -> str:
        name = claims.get(self._config.person)
        if not isinstance(name, str) or (self._config.person == "email" and claims.get("email_verified") is False):
            raise Refusal(
                403, f"the provider says nothing certain about your {self._config.person}", "ask its operator"
            )
        if not any(fnmatchcase(name.casefold(), each.casefold()) for each in self._config.allowed):
            raise Refusal(403, f"{name} may not log in here", "whoever runs Maestro lists who may: oidc.allowed")
        if why := why_no_person(name):
            raise Refusal(403, why, "choose another claim: oidc.person")
        return name


def _pending(to: str) -> Pending:
    return Pending(
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48),
        to,
        time.monotonic() + PENDING_S,
    )


def challenge(verifier: str) -> str:
    """PKCE's S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _check_secure(url: str) -> None:
    """Raises Refusal where somebody on the way could answer in the provider's place."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise _provider(f"{url or 'an address'} is not https")


def _provider(why: str) -> Refusal:
    return Refusal(502, f"the log-in provider cannot be used: {why}", "log in with a token, and tell whoever runs this")
