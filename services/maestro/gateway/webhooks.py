"""How is somebody's address told? By a POST signed as Standard Webhooks (standardwebhooks.com, version 1), with a
callback that decides the gate it is about, once, where the configuration names in whose name.

The whole of the signature is fifteen lines, which is why no library makes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from maestro.bus.settings import SettingsError
from maestro.gateway.access import DAY_MS, Access
from maestro.gateway.answers import find_gate, gate_version
from maestro.gateway.settings import WebhookConfig, read_secret_file
from maestro.gateway.telling import News
from maestro.gateway.watching import Watcher

PREFIX = "whsec_"
SHORTEST = 24
TIMEOUT_S = 15.0
CALLBACK_MS = 7 * DAY_MS


def read_key(text: str) -> bytes:
    """The signing secret's bytes. Raises SettingsError."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < SHORTEST:
        mend = f"make one: echo {PREFIX}$(head -c 32 /dev/urandom | base64)"
        raise SettingsError(f"a webhook's secret is base64 of {SHORTEST} bytes at least, behind {PREFIX}; {mend}")
    return key


def sign(key: bytes, id: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    signed = hmac.new(key, b"%s.%d.%s" % (id.encode(), at_s, body), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


@dataclass(slots=True)
class Webhook:
    """One address. `send` says whether it took the news; it may be told the same news twice, under one id."""

    config: WebhookConfig
    key: bytes
    access: Access
    watcher: Watcher
    url: str

    @classmethod
    def of(cls, config: WebhookConfig, access: Access, watcher: Watcher, url: str) -> Webhook:
        """Raises SettingsError."""
        key = read_key(read_secret_file(config.secret_file, f"webhooks: {config.name}: secret_file"))
        return cls(config, key, access, watcher, url)

    @property
    def name(self) -> str:
        return self.config.name

    def wants(self, news: News) -> bool:
        return news.type in self.config.events

    async def send(self, news: News) -> bool:
        body = msgspec.json.encode(self._payload(news))
        now = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "maestro-webhooks",
            "webhook-id": news.id,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(self.key, news.id, now, body),
        }
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                answer = await client.post(self.config.url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return 200 <= answer.status_code < 300

    def _payload(self, news: News) -> dict[str, Any]:
        told = {name: getattr(news, name) for name in ("run", "feature", "title", "text", "url", "data")}
        payload = {"type": news.type, "timestamp": news.at, "data": told}
        callback = self._callback(news)
        return payload | ({"callback": callback} if callback else {})

    def _callback(self, news: News) -> dict[str, Any] | None:
        """How this gate is decided without a log-in: once, in the name that the configuration gives."""
        watched = self.watcher.get(news.run)
        gate = find_gate(watched.state, news.gate, news.visit) if watched and news.gate else None
        if not self.config.decide_as or gate is None or gate.opened is None or gate.status != "open":
            return None
        _, token = self.access.give(
            self.config.decide_as,
            "callback",
            lasts_ms=CALLBACK_MS,
            via="webhook",
            about=f"{news.run} {gate.gate} {gate.visit}",
        )
        return {
            "url": f"{self.url}/api/v1/callback",
            "token": token,
            "version": gate_version(gate.opened),
            "choices": [{"key": choice.key, "label": choice.label} for choice in gate.opened.choices],
        }
