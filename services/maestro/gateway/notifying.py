"""How are people told where they are anyway: Slack, mail, a phone? By Apprise, installed where it is wanted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from maestro.bus.settings import SettingsError
from maestro.gateway.settings import NotifyConfig, read_secret_file
from maestro.gateway.telling import News


@dataclass(slots=True)
class Notifier:
    """Some addresses of Apprise's. What is told has a title, a sentence and a link, and never a secret."""

    config: NotifyConfig
    apprise: Any

    @classmethod
    def of(cls, config: NotifyConfig) -> Notifier:
        """Raises SettingsError where Apprise is not installed, or understands an address not."""
        try:
            import apprise
        except ImportError:
            raise SettingsError("notify needs Apprise, which is not installed; pip install apprise") from None
        made = apprise.Apprise()
        lines = read_secret_file(config.urls_file, f"notify: {config.name}: urls_file").splitlines()
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.startswith("#") and not made.add(line.strip()):
                raise SettingsError(f"notify: {config.urls_file}, line {number}: no address that Apprise knows")
        return cls(config, made)

    @property
    def name(self) -> str:
        return f"notify-{self.config.name}"

    def wants(self, news: News) -> bool:
        return news.type in self.config.events

    async def send(self, news: News) -> bool:
        body = "\n".join(line for line in (news.feature, news.text, news.url) if line)
        return bool(await asyncio.to_thread(self.apprise.notify, title=news.title, body=body))
