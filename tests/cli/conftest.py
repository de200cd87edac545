"""Who uses the command line in these tests?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import Person


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody whose run is over: for everything that only looks."""
    person = Person(tmp_path_factory.mktemp("finished"))
    done = person.does(*person.run_arguments, "--yes")
    assert done.code == 0, done.out + done.err
    return person
