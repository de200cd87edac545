"""With which key does the person at the command line sign, and when is one made for them?"""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from maestro.cli.engine import Engine
from maestro.cli.errors import CliError
from maestro.cli.own_key import OwnKey, ensure_own_key, key_file, own_key, people_of, signer_of
from maestro.cli.where import Place
from maestro.embedded.stack import make_keys
from maestro.embedded.state_dir import open_state_dir
from maestro.log.identity import make_operator_key
from maestro.log.memory_store import MemoryStore
from maestro.log.note import KeyRefused
from maestro.people import PublicKey, sign, verify
from maestro.people.agent import AgentKey
from maestro.people.keyfile import FileKey, make_key
from maestro.people.names import BUILT_IN
from maestro.people.operator import Operator, enrol, revoke
from tests.support.people import ssh_add, ssh_agent, ssh_keygen


class Laptop:
    """A private server with its operator's key, and somebody at its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"XDG_CONFIG_HOME": str(folder / "config")}
        state = open_state_dir(folder / "state")
        make_keys(state)
        self.state = state.root
        self.engine = Engine(Place(state), MemoryStore(), "")  # type: ignore[arg-type]

    async def ensure(self, given: str = "") -> OwnKey | None:
        own, directory = await ensure_own_key(self.engine, given, self.env)
        if own is not None:
            owner = directory.by_key(own.signer.public.fingerprint)
            assert owner is not None and owner.person == own.person
        return own

    async def own(self, given: str = "") -> OwnKey | None:
        return own_key(self.state, await people_of(self.engine), given, self.env)

    async def enrols(self, person: str, key: PublicKey) -> None:
        directory = await people_of(self.engine)
        await self._operator().say(enrol(directory, person, key, None, 1), directory)

    async def revokes(self, person: str, fingerprint: str = "") -> None:
        directory = await people_of(self.engine)
        await self._operator().say(revoke(directory, person, fingerprint, "it was stolen"), directory)

    def _operator(self) -> Operator:
        key = make_operator_key(self.state / "operator.key", self.state / "operator.pub")
        return Operator(key, self.engine.store, lambda: 1)


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    monkeypatch.setenv("LOGNAME", "zoe")
    return Laptop(tmp_path)


async def test_the_first_time_a_key_is_made_and_enrolled_with_one_line_and_then_it_is_just_there(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await laptop.own() is None

    first = await laptop.ensure()
    said = capsys.readouterr().err
    again = await laptop.ensure()

    assert first is not None and again is not None
    assert (first.person, first.signer.public) == (again.person, again.signer.public)
    assert first.person == "zoe" and first.where.startswith(str(key_file(laptop.state, "zoe")))
    assert (await people_of(laptop.engine)).roles("zoe") == BUILT_IN
    assert said.count("\n") == 1 and "you are enrolled as zoe (approver, security, operator)" in said
    assert capsys.readouterr().err == ""
    verify(b"x", sign(b"x", first.signer), first.signer.public.line)


async def test_the_key_of_one_repository_is_enrolled_in_the_next_one_too(laptop: Laptop) -> None:
    first = await laptop.ensure()
    laptop.engine.store = MemoryStore()  # type: ignore[assignment]

    second = await laptop.ensure()

    assert first is not None and second is not None and first.signer.public == second.signer.public


async def test_a_key_that_is_configured_is_enrolled_and_none_is_made(laptop: Laptop) -> None:
    key = ssh_keygen(laptop.folder)
    (laptop.folder / "config" / "maestro").mkdir(parents=True)
    (laptop.folder / "config" / "maestro" / "person.yaml").write_text(f"name: zoe@example.org\nkey: {key}\n")

    own = await laptop.ensure()

    assert own is not None and (own.person, own.signer.public) == ("zoe@example.org", FileKey(key).public)
    assert not key_file(laptop.state, "zoe").exists()


async def test_a_strangers_key_does_not_become_ones_own_by_being_named(laptop: Laptop) -> None:
    mine = await laptop.ensure()
    stranger = ssh_keygen(laptop.folder, "stranger")

    with pytest.raises(CliError, match="nobody is enrolled with the key"):
        await laptop.ensure(str(stranger))

    assert mine is not None
    assert (await people_of(laptop.engine)).owner(FileKey(stranger).public.fingerprint) is None


async def test_where_the_server_is_elsewhere_or_the_operator_s_key_is_no_key_is_made(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAESTRO_REDIS_URL", "redis://elsewhere:6379/0")
    assert await laptop.ensure() is None
    monkeypatch.delenv("MAESTRO_REDIS_URL")
    (laptop.state / "operator.key").unlink()

    assert await laptop.ensure() is None
    assert not (laptop.state / "people").exists()


async def test_a_revoked_key_is_not_replaced_behind_the_operator_s_back(laptop: Laptop) -> None:
    own = await laptop.ensure()
    assert own is not None
    await laptop.revokes("zoe", own.signer.public.fingerprint)

    assert await laptop.ensure() is None
    with pytest.raises(CliError, match="of zoe was revoked: it was stolen"):
        await laptop.ensure(str(key_file(laptop.state, "zoe")))


async def test_a_revoked_person_is_not_enrolled_again(laptop: Laptop) -> None:
    await laptop.enrols("zoe", FileKey(ssh_keygen(laptop.folder)).public)
    await laptop.revokes("zoe")

    assert await laptop.ensure() is None


async def test_the_order_is_the_named_key_the_own_one_and_then_the_agent_s(laptop: Laptop) -> None:
    named, held = ssh_keygen(laptop.folder, "named"), ssh_keygen(laptop.folder, "held")
    for person, path in (("named", named), ("held", held)):
        await laptop.enrols(person, FileKey(path).public)
    with ssh_agent(laptop.folder) as environment:
        ssh_add(environment, held)
        laptop.env["SSH_AUTH_SOCK"] = environment["SSH_AUTH_SOCK"]

        found = [await laptop.own(), await laptop.own(str(named))]
        make_key(key_file(laptop.state, "zoe"), "zoe")
        await laptop.enrols("zoe", FileKey(key_file(laptop.state, "zoe")).public)
        found += [await laptop.own()]

    assert [own.person if own else None for own in found] == ["held", "named", "zoe"]


async def test_an_agent_with_keys_of_several_people_must_be_told_whose(laptop: Laptop) -> None:
    with ssh_agent(laptop.folder) as environment:
        laptop.env["SSH_AUTH_SOCK"] = environment["SSH_AUTH_SOCK"]
        for name in ("ann", "bob"):
            key = ssh_keygen(laptop.folder, name)
            ssh_add(environment, key)
            await laptop.enrols(name, FileKey(key).public)

        with pytest.raises(CliError, match="holds keys of several people: ann, bob"):
            await laptop.own()
        own = await laptop.own(str(laptop.folder / "bob.pub"))

    assert own is not None and own.person == "bob"


async def test_an_agent_that_is_gone_holds_no_key(laptop: Laptop) -> None:
    laptop.env["SSH_AUTH_SOCK"] = str(laptop.folder / "gone.sock")

    assert await laptop.own() is None


def test_an_agent_signs_for_a_key_with_a_passphrase_and_for_one_whose_file_is_elsewhere(tmp_path: Path) -> None:
    key = ssh_keygen(tmp_path, "locked", passphrase="correct horse")
    plain = ssh_keygen(tmp_path, "plain")
    with ssh_agent(tmp_path) as environment:
        asks = signer_of(key, environment)
        ssh_add(environment, key, passphrase="correct horse")
        ssh_add(environment, plain)
        locked = signer_of(key, environment)
        plain.unlink()

        elsewhere = signer_of(tmp_path / "plain.pub", environment)
        for signer in (elsewhere, locked):
            assert isinstance(signer, AgentKey)
            verify(b"x", sign(b"x", signer), signer.public.line)

    with pytest.raises(KeyRefused, match="neither beside it nor in an ssh-agent"):
        signer_of(tmp_path / "plain.pub", {})
    with pytest.raises(KeyRefused, match="has a passphrase, and there is no terminal"):
        sign(b"x", asks)


def test_a_passphrase_is_asked_for_at_the_terminal_and_not_shown(tmp_path: Path) -> None:
    key = ssh_keygen(tmp_path, passphrase="correct horse")
    program = (
        "from pathlib import Path; from maestro.cli.own_key import signer_of; from maestro.people import sign;"
        f"print(sign(b'x', signer_of(Path({str(key)!r}), {{}})))"
    )

    terminal = pexpect.spawn(sys.executable, ["-c", program], encoding="utf-8", timeout=60)
    terminal.expect_exact(f"passphrase for {key}: ")
    terminal.waitnoecho()
    terminal.sendline("correct horse")
    terminal.expect_exact("-----END SSH SIGNATURE-----")
    terminal.close()

    assert "correct horse" not in terminal.before
