"""What does each golden log fold into? Prints `{"<log>/<run>": "<state hash>"}`; needs nothing but Maestro itself.

PYTHONPATH=.:contracts:services python3 tests/golden/hashes.py            print
PYTHONPATH=.:contracts:services python3 tests/golden/hashes.py --write    keep them, after FOLD_VERSION was raised
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from pathlib import Path

from maestro.log.commit import parse_commit
from maestro.log.keyring import Keyring
from maestro.log.memory_store import MemoryStore
from maestro.log.note import VerifyKey
from maestro.log.store import SYSTEM, Note, Write
from maestro.runs.fold import FOLD_VERSION
from maestro.runs.follow import load
from maestro.runs.hashing import state_hash

GOLDEN = Path(__file__).parent


async def stored(log: Path) -> tuple[MemoryStore, Keyring]:
    """A golden log in a store of today, and the keyring for it."""
    store = MemoryStore()
    for folder in sorted((path for path in log.iterdir() if path.is_dir()), key=lambda path: path.name != SYSTEM):
        for file in sorted(folder.glob("*.note")):
            body = file.read_bytes()
            await store.write([Write(folder.name, (Note(body, parse_commit(body).ids),))])
        for blob in sorted((folder / "blobs").glob("*")):
            await store.write([Write(folder.name, blobs=((blob.name, blob.read_bytes()),))])
    return store, Keyring(VerifyKey.decode((log / "operator.pub").read_text()))


async def hashes() -> dict[str, str]:
    """The state hash of every run of every golden log."""
    found: dict[str, str] = {}
    for log in sorted(GOLDEN.glob("log-*")):
        store, keyring = await stored(log)
        for run in await store.runs():
            found[f"{log.name}/{run}"] = state_hash(await load(store, keyring, run))
    return found


def keep(found: dict[str, str]) -> None:
    said = {"fold_version": FOLD_VERSION, "hashes": found}
    (GOLDEN / "state-hashes.json").write_text(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        keep(asyncio.run(hashes()))
    print(json.dumps({"python": platform.python_version(), "hashes": asyncio.run(hashes())}))
