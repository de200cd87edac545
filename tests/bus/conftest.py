"""What do the tests of the bus share? A stage for real consumers, on this session's server or on one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bus import Stage
from tests.support.bus import stage as make_stage
from tests.support.servers import Server


@pytest.fixture
def stage(server: Server, tmp_path: Path) -> Iterator[Stage]:
    yield from make_stage(server, tmp_path)


@pytest.fixture
def own_stage(own_server: Server, tmp_path: Path) -> Iterator[Stage]:
    yield from make_stage(own_server, tmp_path)
