"""Which backend does an agent's kind name?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from maestro.agents.protocol import Agent


def _command() -> Agent:
    from maestro.agents.command import CommandAgent

    return CommandAgent()


def _script() -> Agent:
    from maestro.agents.script import ScriptAgent

    return ScriptAgent()


BACKENDS: Mapping[str, Callable[[], Agent]] = {"command": _command, "script": _script}
"""What makes each backend. `probe` is none: a worker answers it without any agent."""
