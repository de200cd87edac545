"""Does bad input get the thing, the reason, the mend and an exit code, with nothing lost and nothing started?"""

from __future__ import annotations

import asyncio
import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from maestro.cli.errors import CliError
from maestro.cli.request import Asked, check_repository
from maestro.cli.where import find_place
from tests.support.command_line import COMMAND, Done, Person
from tests.support.gitrepo import commit, git, make_repo


def refused(done: Done, code: int, *words: str) -> None:
    """It ended with this code, said these words, and showed no traceback."""
    assert done.code == code, done.out + done.err
    for word in words:
        assert word in done.err, done.err
    assert "Traceback" not in done.err
    assert "[Maestro] Run" not in done.out


def nothing_started(person: Person) -> None:
    assert not list(person.state.glob("repos/*/runs/*"))


# --- secrets ---------------------------------------------------------------------------------------------------------

AWS = "AKIA" + "IOSFODNN7ABCDEFG"


def test_a_secret_in_what_a_run_is_given_is_named_by_its_line_and_never_recorded(person: Person) -> None:
    specification = person.spec.read_text()
    person.spec.write_text(f"{specification}\nUse {AWS} for it.\n")
    line = len(specification.splitlines()) + 2
    refused(person.does(*person.run_arguments), 3, f"spec.md, line {line}", "recorded for good", "agent.credentials")
    person.spec.write_text(specification)

    playbook = person.play.read_text()
    person.play.write_text(f"{playbook}# {AWS}\n")
    done = person.does(*person.run_arguments)
    refused(done, 3, f"the agent's playbook, line {len(playbook.splitlines()) + 1}")
    person.play.write_text(playbook)

    command = f"command:sh -c 'true {AWS}'"
    told = person.does("run", "--spec", person.spec, "--agent", command)
    refused(told, 3, "the agent's command, line 1")
    assert AWS not in done.err + told.err
    nothing_started(person)


# --- the repository ------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_git_repository(person: Person, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    done = person.does(*person.run_arguments, "--repo", tmp_path / "plain")

    refused(done, 3, "plain is not a git repository", "git init")
    refused(person.does(*person.run_arguments, cwd=tmp_path / "plain"), 3, "no git repository", "--repo")
    nothing_started(person)


def test_a_folder_that_is_not_there(person: Person) -> None:
    refused(person.does(*person.run_arguments, "--repo", "nowhere"), 3, "nowhere", "--repo")


def test_folders_without_a_working_tree_are_told_apart(person: Person, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")

    bare = tmp_path / "bare"
    for done in (person.does(*person.run_arguments, cwd=bare), person.does(*person.run_arguments, "--repo", bare)):
        refused(done, 3, "bare is a bare repository", "clone it")
    refused(
        person.does(*person.run_arguments, cwd=person.repo / ".git"), 3, "inside git's own folder", str(person.repo)
    )


def test_a_current_folder_that_was_removed(person: Person, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone} && exec {shlex.join([*COMMAND, *person.run_arguments])}"

    done = subprocess.run(["sh", "-c", command], cwd=gone, env=person.env, capture_output=True, text=True)

    refused(Done(done.returncode, done.stdout, done.stderr), 3, "the current folder was removed", "cd")


def test_a_repository_without_a_commit(person: Person, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")

    refused(person.does(*person.run_arguments, "--repo", tmp_path / "empty"), 3, "no commit yet", "git commit")


@pytest.mark.parametrize("base", ["nothing-like-it", "--output=x", "HEAD:README.md"])
def test_a_base_that_is_no_commit(person: Person, base: str) -> None:
    refused(person.does(*person.run_arguments, f"--base={base}"), 3, "--base", "commit")


def test_a_worktree_shares_the_state_of_its_repository(person: Person, tmp_path: Path) -> None:
    git(person.repo, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "other")

    assert person.does("runs", cwd=tmp_path / "other").code == 0
    assert person.does("runs").code == 0
    assert len(list(person.state.glob("repos/*"))) == 1


def test_a_dirty_tree_and_a_detached_head_are_refused_and_left_alone_when_they_are_meant(tmp_path: Path) -> None:
    person = Person(tmp_path, name="it's a «репо» 日本")
    commit(person.repo, {".gitignore": "*.pyc\n"})
    configure(person, "workers: {processes: 1}\n")
    (person.repo / "README.md").write_text("Changed.\n")
    (person.repo / "new.txt").write_text("new")
    refused(person.does(*person.run_arguments, "--yes"), 3, "README.md", "new.txt", "git stash", "--allow-dirty")
    git(person.repo, "checkout", "-q", "--detach")
    refused(person.does(*person.run_arguments, "--allow-dirty"), 3, "detached", "git switch", "--base HEAD")
    nothing_started(person)

    done = person.does(*person.run_arguments, "--yes", "--allow-dirty", "--base", "main")

    assert done.code == 0, done.out + done.err
    assert git(person.repo, "status", "--porcelain").splitlines() == ["M README.md", "?? new.txt"]
    branch = f"maestro/{person.the_run()}"
    assert "def greet" in git(person.repo, "show", f"{branch}:hello.py")
    assert "new.txt" not in git(person.repo, "ls-tree", "--name-only", branch)


@pytest.mark.parametrize("kind", ["file", "link", "link that is not committed", "link below"])
def test_a_folder_of_ours_that_is_none_is_named_before_anything_starts(person: Person, kind: str) -> None:
    flow = person.repo / ".flow"
    if kind == "file":
        commit(person.repo, {".flow": "mine"})
    elif kind == "link below":
        flow.mkdir()
        (flow / "maestro").symlink_to("/tmp")
    else:
        flow.symlink_to(person.folder)
        if kind == "link":
            git(person.repo, "add", "-A")
            git(person.repo, "commit", "-qm", "A link")
        else:
            (person.repo / ".git/info/exclude").write_text(".flow\n")

    done = person.does(*person.run_arguments, "--yes")

    refused(done, 3, ".flow", "is a file" if kind == "file" else "is a link", "move it away")
    nothing_started(person)


def test_a_folder_of_ours_that_is_a_file_in_the_base_is_named(person: Person) -> None:
    commit(person.repo, {".flow": "mine"})
    git(person.repo, "rm", "-q", ".flow")
    git(person.repo, "commit", "-qm", "No more")

    refused(person.does(*person.run_arguments, "--base", "HEAD~"), 3, ".flow is a file in the commit")
    assert not (person.repo / ".flow").exists()


def test_a_committed_file_where_the_prd_would_go_is_not_written_over(person: Person) -> None:
    commit(person.repo, {".flow/prd-greet-people-v1.md": "mine", ".flow/prd-greet-people-today-v1.md": "mine"})

    done = person.does(*person.run_arguments, "--yes")

    refused(done, 3, ".flow/prd-greet-people-v1.md is committed", "ANOTHER NAME", "git rm")
    nothing_started(person)
    another = person.does("run", "Welcome them", *person.run_arguments[1:], "--no-input")
    assert another.code == 5, another.err


@pytest.mark.parametrize(
    ("ref", "words"), [("refs/heads/maestro", "git branch -m maestro"), ("refs/maestro", "git update-ref -d")]
)
def test_a_ref_that_leaves_no_room_for_those_of_runs_is_named(person: Person, ref: str, words: str) -> None:
    git(person.repo, "update-ref", ref, "HEAD")

    refused(person.does(*person.run_arguments, "--yes"), 3, "maestro", words)
    nothing_started(person)


BEADS = ".beads/issues.jsonl"
OURS = '{"id": "maestro-12345678", "title": "Add", "external_ref": "maestro:notes-abcdef/T-001"}\n'
THEIRS = '{"id": "bd-1", "title": "Theirs"}\n'


@pytest.mark.parametrize(
    ("committed", "there", "dirty"),
    [
        (None, {BEADS: OURS}, False),
        (THEIRS, {BEADS: THEIRS + OURS}, False),
        (THEIRS + OURS, {BEADS: THEIRS + OURS.replace("Add", "Done")}, False),
        (None, {BEADS: THEIRS + OURS}, True),
        (THEIRS, {BEADS: OURS}, True),
        (None, {BEADS: OURS, ".beads/beads.db": "x"}, True),
        (None, {BEADS: "[" * 100_000}, True),
    ],
)
def test_what_maestro_wrote_into_the_trackers_file_does_not_make_a_tree_dirty(
    person: Person, committed: str | None, there: dict[str, str], dirty: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if committed is not None:
        commit(person.repo, {BEADS: committed})
    for path, text in there.items():
        (person.repo / path).parent.mkdir(exist_ok=True)
        (person.repo / path).write_text(text)
    monkeypatch.setenv("MAESTRO_STATE_DIR", str(person.state))
    place = asyncio.run(find_place(person.repo))

    if dirty:
        with pytest.raises(CliError, match=r"\.beads"):
            check_repository(place, Asked())
    else:
        check_repository(place, Asked())


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_nothing_asked_for(person: Person) -> None:
    refused(person.does("run", "--agent", f"script:{person.play}"), 2, "nothing was asked for", "--spec")


def test_a_specification_that_is_not_there(person: Person) -> None:
    refused(person.does("run", "--spec", "nowhere.md", "--agent", "command:true"), 3, "nowhere.md", "No such file")


def test_a_specification_without_requirements(person: Person) -> None:
    person.spec.write_text("# A title\n\nAnd nothing that must be true.\n")

    refused(person.does(*person.run_arguments, "--yes"), 3, "spec.md", "requirement")
    nothing_started(person)


@pytest.mark.parametrize("content", [b"", b"  \n", b"# \xff\xfe\n"])
def test_a_specification_that_is_empty_or_no_text(person: Person, content: bytes) -> None:
    person.spec.write_bytes(content)

    refused(person.does(*person.run_arguments, "--yes"), 3, "spec.md")


def test_a_sentence_where_nobody_can_be_asked_makes_up_no_requirements(person: Person) -> None:
    done = person.does("run", "Add greetings", "--agent", f"script:{person.play}", "--yes")

    assert done.code == 1
    assert "no requirements are made up" in done.out and "--spec" in done.out


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("oracle", ("names no agent", "--agent script:")),
        ("script:", ("names no agent",)),
        ("command:", ("names no agent",)),
        ("command:'open", ("cannot be split", "quotes")),
    ],
)
def test_an_agent_that_is_none(person: Person, agent: str, words: tuple[str, ...]) -> None:
    done = person.does("run", "--spec", person.spec, f"--agent={agent}")

    refused(done, 2 if "names no agent" in words else 3, *words)


def test_an_agent_that_is_not_installed(person: Person) -> None:
    done = person.does("run", "--spec", person.spec, "--agent", "command:no-such-agent --now")

    refused(done, 3, "'no-such-agent' is not on PATH")


def test_no_agent_at_all(person: Person) -> None:
    refused(person.does("run", "--spec", person.spec), 3, "no agent is configured", "--agent", "config.yaml")


def test_a_playbook_with_a_mistake_names_its_line(person: Person) -> None:
    person.play.write_text("playbook: 1\ntasks:\n  - requirement: R-1\n    stpes: []\n")

    refused(person.does(*person.run_arguments), 3, "play.yaml:4", "stpes", "steps")


# --- workflow and configuration ------------------------------------------------------------------------------------


def manifest(*steps: str) -> str:
    return "version: 1\nname: mine\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)


GATE = (
    "{name: ask, type: gate, title: Ask, phase: 1, prompt: Well?, depends_on: [a], "
    "choices: [{label: yes, key: y, target: TARGET}]}"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            manifest(
                "{name: a, type: command, title: A, phase: 1, command: 'true', depends_on: [b]}",
                "{name: b, type: command, title: B, phase: 1, command: 'true', depends_on: [a]}",
            ),
            ("depends_on",),
        ),
        (manifest("{name: a, type: command, title: A, phase: 1, command: 'true', depends_on: [z]}"), ("'z'",)),
        (
            manifest(
                "{name: a, type: command, title: A, phase: 1, command: 'true'}", GATE.replace("TARGET", "nowhere")
            ),
            ("'nowhere'", "target"),
        ),
        (
            manifest(
                "{name: a, type: command, title: A, phase: 1, command: 'true'}",
                "{name: a, type: command, title: A, phase: 1, command: 'true'}",
            ),
            ("named 'a'", "name of its own"),
        ),
        (
            manifest("{name: a, type: command, title: A, phase: 1, comand: 'true'}"),
            ("comand", "command"),
        ),
        ("version: 1\nname: [\n", ("mine.yaml",)),
    ],
    ids=["cycle", "unknown dependency", "unknown target", "doubled step", "wrong key", "no yaml"],
)
def test_a_workflow_with_a_mistake_names_file_field_and_mend(person: Person, text: str, words: tuple[str, ...]) -> None:
    (person.folder / "mine.yaml").write_text(text)

    done = person.does(*person.run_arguments, "--workflow", person.folder / "mine.yaml")

    refused(done, 3, "mine.yaml", *words)
    nothing_started(person)


def test_a_workflow_that_is_not_there_names_those_that_are(person: Person) -> None:
    refused(person.does(*person.run_arguments, "--workflow", "autonomos"), 3, "autonomos", "autonomous")


def configure(person: Person, text: str) -> Path:
    path = person.repo / ".flow/maestro/config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workres: {processes: 2}\n", ("config.yaml:1", "workres", "workers")),
        ("workers:\n  processes: many\n", ("config.yaml:2", "workers.processes", "whole number")),
        ("agent: {kind: script}\n", ("needs a playbook",)),
        ("server: {url: 'redis://user:secret@host/0'}\n", ("password_file",)),
    ],
)
def test_a_configuration_with_a_mistake_names_line_key_and_mend(
    person: Person, text: str, words: tuple[str, ...]
) -> None:
    configure(person, text)

    refused(person.does(*person.run_arguments), 3, *words)
    refused(person.does("config", "check"), 3, *words)


def test_a_good_configuration_is_shown_with_its_defaults(person: Person) -> None:
    configure(person, "workers: {processes: 3}\n")

    assert person.does("config", "check", "--json").json["workers"] == {
        "processes": 3,
        "parallel": 2,
        "batch": 8,
        "lease_seconds": 15.0,
        "max_in_flight": 512,
    }


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("workers.processes=none", 3, ("workers.processes", "whole number")),
        ("workres.processes=2", 3, ("workres", "workers")),
        ("workers", 3, ("sets nothing", "--set key=value")),
        ("=2", 3, ("sets nothing",)),
    ],
)
def test_a_setting_that_cannot_be_set(person: Person, setting: str, code: int, words: tuple[str, ...]) -> None:
    refused(person.does(*person.run_arguments, f"--set={setting}"), code, *words)


# --- the server and the state --------------------------------------------------------------------------------------


def test_a_server_that_is_down(person: Person) -> None:
    done = person.does(*person.run_arguments, env={"MAESTRO_REDIS_URL": "redis://127.0.0.1:1/0"})

    refused(done, 4, "127.0.0.1:1", "MAESTRO_REDIS_URL")


def test_an_address_that_is_none(person: Person) -> None:
    done = person.does("runs", env={"MAESTRO_REDIS_URL": "http://example.org"})

    refused(done, 4, "example.org", "redis://")


@pytest.mark.parametrize("secret", ["operator.key", "join/worker"])
def test_a_key_that_others_can_read(person: Person, secret: str) -> None:
    assert person.does("runs").code == 0
    (person.state / secret).chmod(0o644)

    refused(person.does(*person.run_arguments, "--yes"), 3, secret, "0644", "chmod 600")
    (person.state / secret).chmod(0o600)
    assert person.does("runs").code == 0


def test_a_state_directory_that_others_can_write(person: Person) -> None:
    person.state.mkdir()
    person.state.chmod(0o777)

    refused(person.does(*person.run_arguments), 3, str(person.state), "chmod 700")


def test_a_state_directory_that_cannot_be_made(person: Person) -> None:
    done = person.does(*person.run_arguments, env={"MAESTRO_STATE_DIR": str(person.spec / "state")})

    refused(done, 3, "Not a directory", "MAESTRO_STATE_DIR")


def test_the_state_directory_is_closed_to_others(person: Person) -> None:
    person.does("runs")

    assert stat.S_IMODE(person.state.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk needs the right to mount")
def test_a_full_disk_is_named_and_maestro_works_again_afterwards(person: Person) -> None:
    person.state.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", person.state], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        person.state.chmod(0o700)
        (person.state / "fill").write_bytes(b"x" * 220 * 1024)
        done = person.does(*person.run_arguments, "--yes")
        assert done.code in (3, 4) and "space" in done.err.lower() and "Traceback" not in done.err
    finally:
        subprocess.run(["umount", "--lazy", person.state], check=True)

    assert person.does("runs").code == 0


def test_a_demo_folder_that_is_taken(person: Person, tmp_path: Path) -> None:
    make_repo(tmp_path / "d" / "tally")

    refused(person.does("demo", tmp_path / "d"), 3, "is there already", "another folder")


def test_a_workers_command_without_a_server(person: Person) -> None:
    refused(person.does("worker"), 4, "no server runs", "maestro up", "MAESTRO_REDIS_URL")
