"""Somebody who knows a private server's secrets: its owner's password, and what its hidden commands are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from maestro.embedded.server import Endpoint
from maestro.log.library import HIDDEN, hidden_name
from maestro.log.walls_files import library_secret


class Insider(redis.Redis):
    """A plain client, for looking and for doing damage, that walls do not keep out."""

    secret = b""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        name = hidden_name(args[0], self.secret) if self.secret and args[0] in HIDDEN else args[0]
        return super().execute_command(name, *args[1:], **options)


def insider(endpoint: Endpoint, **options: Any) -> Insider:
    password = Path(endpoint.password_file)
    client: Insider = Insider.from_url(endpoint.url, password=password.read_text(), **options)
    client.secret = library_secret(Path(endpoint.users))
    return client
