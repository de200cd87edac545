"""Where does a path lead by its letters, and what does touching it do?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.policy.paths import Operation, canonical, effects_of_path, info
from maestro_contracts.effects import EffectKind


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("src/./a/../b.py", "src/b.py"),
        ("./", "."),
        ("/home/ann/.ssh/id_rsa", "~/.ssh/id_rsa"),
        ("/Users/ann/x", "~/x"),
        ("/root/.netrc", "~/.netrc"),
        ("~ann/x", "~/x"),
        ("~/../../etc/shadow", "/etc/shadow"),
        ("/tmp/../etc/passwd", "/etc/passwd"),
        ("//etc//passwd", "/etc/passwd"),
        ("/proc/self/root/etc/shadow", "/etc/shadow"),
        ("/proc/1/root/proc/1/root/etc/shadow", "/etc/shadow"),
        ("/proc/self/cwd/.env", ".env"),
        ("/private/etc/hosts", "/etc/hosts"),
        ("file:///etc/shadow", "/etc/shadow"),
        ("C:\\Users\\ann\\.aws\\credentials", "~/.aws/credentials"),
        ("../other/x", "../other/x"),
    ],
)
def test_a_path_has_one_spelling(path: str, leads_to: str) -> None:
    assert leads_to == canonical(path)


def test_what_is_inside_the_root_is_the_projects_wherever_that_stands() -> None:
    assert canonical("/home/ann/code/x.py", root="/home/ann/code") == "x.py"
    assert canonical("../x.py", cwd="sub", root="/home/ann/code") == "x.py"
    assert canonical("../../x.py", cwd="sub", root="/home/ann/code") == "~/x.py"


@pytest.mark.parametrize(
    ("operation", "path", "kind"),
    [
        ("read", "~/.SSH/ID_RSA", "credential"),
        ("read", "../../../../.ssh/id_rsa", "credential"),
        ("read", "../../../../../etc/shadow", "credential"),
        ("write", "../../../.bashrc", "security-config"),
        ("write", "a/../.git/hooks/pre-push", "security-config"),
        ("delete", ".git/refs/heads/main", "git-discard"),
        ("write", "services/.flow/maestro/policy.yaml", "guard"),
        ("delete", "backups/monday.sql.gz", "data-destroy"),
        ("write", "package.json", "dependency"),
    ],
)
def test_touching_it_has_this_effect(operation: Operation, path: str, kind: EffectKind) -> None:
    assert kind in {effect.kind for effect in effects_of_path(operation, path)}


@pytest.mark.parametrize(
    ("path", "glob", "deep", "kinds"),
    [
        ("~/.ss*/id_*", True, False, {"credential", "read"}),
        ("/etc/sh?dow", True, False, {"credential", "read"}),
        ("~/.{netrc,profile}", True, False, {"credential", "read"}),
        ("*", True, False, {"read"}),
        ("src/**/*.py", True, False, {"read"}),
        ("~/.ss*/id_*", False, False, {"read"}),
        ("/home/ann", False, True, {"credential", "personal-data", "read"}),
        ("/home/ann", False, False, {"read"}),
        (".", False, True, {"read"}),
    ],
)
def test_a_glob_and_a_whole_folder_mean_what_they_may_hold(
    path: str, glob: bool, deep: bool, kinds: set[EffectKind]
) -> None:
    assert kinds == {effect.kind for effect in effects_of_path("read", path, glob=glob, deep=deep)}


@given(path=st.text(max_size=60) | st.text(alphabet="./~*[]{},\\", max_size=30), glob=st.booleans())
def test_every_text_is_some_path(path: str, glob: bool) -> None:
    assert info(canonical(path)).path == canonical(path)
    assert effects_of_path("write", path, glob=glob, deep=glob)
