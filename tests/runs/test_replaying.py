"""Is the fold the same for everybody, and does it tell why a state is what it is?"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from maestro.log.reader import Commit, commits
from maestro.runs.explaining import ABSENT, Change, Explaining, value_at
from maestro.runs.fold import FOLD_VERSION, fold, new_run
from maestro.runs.hashing import canonical_text, flat, state_hash
from maestro.runs.state import RunState, clone
from tests.golden.hashes import GOLDEN, stored

ROOT = Path(__file__).parents[2]
LOG, RUN = GOLDEN / "log-v2", "greet-people-m5m3la"
HASHES = json.loads((GOLDEN / "state-hashes.json").read_text())
OTHERS = ("python3.11", "python3.12", "python3.13", "python3.14")
MORE = tuple(path for path in os.environ.get("MAESTRO_TEST_PYTHONS", "").split(os.pathsep) if path)
"""Interpreters with Maestro's requirements, for whoever has several."""


async def story() -> list[Commit]:
    store, keyring = await stored(LOG)
    return [each async for each in commits(store, keyring, RUN) if isinstance(each, Commit)]


def folded(story: list[Commit]) -> RunState:
    state = new_run(RUN)
    for commit in story:
        fold(state, commit)
    return state


# --- the hash -------------------------------------------------------------------------------------------------


def hashed_by(python: str, seed: str) -> dict[str, Any]:
    path = os.pathsep.join(str(ROOT / part) for part in (".", "contracts", "services"))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, GOLDEN / "hashes.py"], env=env, capture_output=True, text=True)
    if done.returncode == 127 or (done.returncode and "No module named" in done.stderr):
        said = done.stderr.strip().splitlines() or ["it does not start"]
        pytest.skip(f"not run on {python}: {said[-1] if done.returncode == 1 else said[0]}")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_golden_hashes_are_those_of_todays_fold() -> None:
    """Another hash under the same version means that a snapshot or a colleague would disagree: raise FOLD_VERSION."""
    assert HASHES["fold_version"] == FOLD_VERSION


@pytest.mark.parametrize("seed", ["0", "12345"])
def test_a_golden_log_folds_into_the_same_state_whatever_the_hash_seed(seed: str) -> None:
    assert hashed_by(sys.executable, seed)["hashes"] == HASHES["hashes"]


@pytest.mark.parametrize("python", (*OTHERS, *MORE))
def test_a_golden_log_folds_into_the_same_state_on_another_python(python: str) -> None:
    found = shutil.which(python)
    if found is None:
        pytest.skip(f"not run on {python}: it is not on this machine")
    assert hashed_by(found, "7")["hashes"] == HASHES["hashes"]


@pytest.mark.engine
def test_a_golden_log_folds_into_the_same_state_in_the_image(engine: None) -> None:
    image = os.environ.get("MAESTRO_TEST_IMAGE", "maestro:test")
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
        pytest.skip(f"not run in the image: there is no {image}")
    inside = ["docker", "run", "--rm", "--network=none", "--entrypoint=python", f"--volume={ROOT}:/t:ro"]
    inside += ["--env=PYTHONPATH=/t:/t/contracts:/t/services", "--env=PYTHONDONTWRITEBYTECODE=1"]
    done = subprocess.run([*inside, image, "/t/tests/golden/hashes.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hashes"] == HASHES["hashes"]


async def test_the_hash_does_not_see_in_which_order_a_mapping_was_filled() -> None:
    state = folded(await story())
    other = clone(state)
    shuffled = list(state.tasks.items())
    random.Random(4).shuffle(shuffled)
    other.tasks = dict(shuffled)
    other.gates = dict(reversed(state.gates.items()))
    assert state_hash(state) == state_hash(other)


async def test_the_hash_sees_every_field_of_a_state() -> None:
    state = folded(await story())
    hashes = {state_hash(state)}
    for name in ("status", "head", "feature"):
        other = clone(state)
        setattr(other, name, getattr(other, name) + "x")
        hashes.add(state_hash(other))
    assert len(hashes) == 4


async def test_every_entry_changes_the_hash() -> None:
    state, seen = new_run(RUN), set()
    for commit in await story():
        seen.add(state_hash(fold(state, commit)))
    assert len(seen) == state.seq


async def test_the_text_that_is_hashed_says_by_which_fold() -> None:
    magic, version, rest = canonical_text(folded(await story())).split(b"\n", 2)
    assert (magic, version) == (b"maestro/state/v1", str(FOLD_VERSION).encode())
    assert json.loads(rest)["status"] == "completed"


# --- why ------------------------------------------------------------------------------------------------------


async def explained(path: str) -> tuple[Explaining, list[Change]]:
    explaining = Explaining.of(RUN, path)
    return explaining, [change for commit in await story() for change in explaining.take(commit)]


async def test_a_value_is_explained_by_the_events_that_made_it_so() -> None:
    _, changes = await explained("status")
    assert [(change.type, change.before, change.after) for change in changes] == [
        ("RunStarted", "none", "running"),
        ("RunCompleted", "running", "completed"),
    ]
    first, last = changes
    assert first.address == "1.0" and first.actor.startswith("conductor") and first.at < last.at


async def test_what_was_not_there_before_was_nothing_and_not_null() -> None:
    explaining, changes = await explained("gates.approve-plan@1.decided.key")
    assert explaining.seen and changes[-1].type == "GateDecided"
    assert changes[0].before is ABSENT and isinstance(changes[-1].after, str)


async def test_each_change_begins_where_the_one_before_ended() -> None:
    for path in ("steps", "tasks", "head", "due"):
        _, changes = await explained(path)
        assert [change.before for change in changes[1:]] == [change.after for change in changes[:-1]]


async def test_explaining_event_by_event_ends_in_the_state_of_the_fold() -> None:
    explaining, _ = await explained("status")
    assert state_hash(explaining.state) == state_hash(folded(await story()))


async def test_every_path_that_a_difference_shows_can_be_asked_for() -> None:
    state = folded(await story())
    paths = flat(state)
    assert len(paths) > 100
    assert [path for path in paths if value_at(state, path) is ABSENT] == []


async def test_a_field_that_never_was_is_never_seen() -> None:
    explaining, changes = await explained("tasks.T-999.status")
    assert (explaining.seen, changes) == (False, [])
