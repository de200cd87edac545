"""Whose runs are disturbed here, and how does the same run end when nobody disturbs it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.endtoend import Owner, ended_as_it_would_have, tree_of


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return Owner(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tree of the branch that an undisturbed run leaves."""
    owner = Owner(tmp_path_factory.mktemp("undisturbed"))
    done = owner.does(*owner.run_arguments, "--yes")
    assert done.code == 0, done.out + done.err
    ended_as_it_would_have(owner)
    return tree_of(owner, owner.the_run())
