"""One gateway for the tests of a file: starting one takes longer than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import NotHere, any_running
from tests.support.web import Site, open_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    try:
        with (
            any_running(fsync="everysec") as server,
            open_site(server, tmp_path_factory.mktemp("site"), MAESTRO_WEB_RATE="10000") as made,
        ):
            yield made
    except NotHere as error:
        pytest.skip(str(error))
