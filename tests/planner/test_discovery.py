"""What is found out about a codebase by reading its files at one commit, on real git repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maestro.git.problems import GitProblem
from maestro.git.workspace import local
from maestro.planner import repository
from maestro.planner.discovery import MAX_LAYOUT, Found, discover
from tests.support.gitrepo import commit, git, make_repo, write


async def found_in(root: Path, at: str = "HEAD") -> Found:
    opened, _ = await local(root)
    return discover(await repository.read_tree(opened, at), "main")


async def found(root: Path, files: dict[str, str]) -> Found:
    make_repo(root, files)
    return await found_in(root)


def said_by(command: str, where: Path) -> str:
    return subprocess.run(["sh", "-c", command], cwd=where, capture_output=True, timeout=60).stderr.decode()


PYTEST_INI = "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"


# --- Python -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PYTEST_INI},
        {"setup.cfg": "[tool:pytest]\naddopts = -q\n"},
        {"tox.ini": "[pytest]\n"},
        {"pytest.ini": "[pytest]\n"},
        {"tests/test_a.py": "import pytest\n"},
        {"tests/test_a.py": "from pytest import raises\n"},
        {"tests/conftest.py": "", "tests/test_a.py": ""},
        {"test_a.py": "def test_it():\n    assert True\n"},
        {"requirements-dev.txt": "pytest>=8\n", "tests/test_a.py": "import a\n"},
        {"pyproject.toml": "[dependency-groups]\ntest = ['pytest']\n", "tests/test_a.py": ""},
    ],
)
async def test_pytest_runs_the_tests_where_anything_asks_for_it(tmp_path: Path, files: dict[str, str]) -> None:
    assert (await found(tmp_path, {"pkg/__init__.py": "", **files})).codebase.test_commands == ("python -m pytest -q",)


async def test_unittest_runs_them_where_nothing_asks_for_pytest(tmp_path: Path) -> None:
    case = "import unittest\n\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"
    result = await found(tmp_path, {"pkg.py": "", "tests/__init__.py": "", "tests/test_a.py": case})
    assert result.codebase.test_commands == ("python -m unittest discover",)


async def test_unittest_is_told_of_a_folder_that_it_would_not_enter(tmp_path: Path) -> None:
    result = await found(tmp_path, {"pkg.py": "", "my tests/test_a.py": "import unittest\n"})
    assert result.codebase.test_commands == ("python -m unittest discover -s 'my tests'",)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ({"tests/__init__.py": "", "tests/test_a.py": "{}"}, "python -m unittest discover"),
        ({"tests/test_a.py": "{}"}, "python -m unittest discover -s tests"),
        ({"test_a.py": "{}"}, "python -m unittest discover"),
    ],
)
async def test_the_unittest_command_finds_the_tests_when_it_is_run(
    tmp_path: Path, layout: dict[str, str], expected: str
) -> None:
    case = "import unittest, pkg\n\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"
    files = {"pkg.py": ""} | {path: text.replace("{}", case) for path, text in layout.items()}
    (command,) = (await found(tmp_path, files)).codebase.test_commands
    assert command == expected
    assert "Ran 1 test" in said_by(command.replace("python", sys.executable, 1), tmp_path)


async def test_a_src_layout_is_tested_from_the_checkout_and_not_from_an_installed_copy(tmp_path: Path) -> None:
    files = {"src/pkg/__init__.py": "", "tests/test_a.py": "import pytest\n"}
    assert (await found(tmp_path, files)).codebase.test_commands == ('PYTHONPATH="$PWD/src" python -m pytest -q',)


async def test_a_configured_python_path_is_left_alone(tmp_path: Path) -> None:
    files = {"src/pkg/__init__.py": "", "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n"}
    assert (await found(tmp_path, files)).codebase.test_commands == ("python -m pytest -q",)


async def test_the_choice_is_recorded_with_what_spoke_for_it_and_against(tmp_path: Path) -> None:
    files = {"tox.ini": "[tox]\n", "Makefile": "test:\n\ttox\n", "tests/test_a.py": "import pytest\n"}
    (decision,) = (await found(tmp_path, files)).decisions
    assert decision.decision == "python -m pytest -q"
    assert decision.evidence == ("tests/test_a.py",)
    assert 0.5 < decision.confidence < 1
    assert decision.alternatives == ("python -m unittest discover -s tests", "python -m tox", "make test")


async def test_linters_are_those_that_are_configured(tmp_path: Path) -> None:
    text = "[tool.ruff]\n[tool.mypy]\nfiles = 'pkg'\n"
    result = await found(tmp_path, {"pyproject.toml": text, ".flake8": "", "Makefile": "lint: x\nx:\n"})
    assert result.codebase.lint_commands == (
        "python -m ruff check .",
        "python -m flake8",
        "python -m mypy",
        "make lint",
    )


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"mypy.ini": "[mypy]\n"}, "python -m mypy ."),
        ({"mypy.ini": "[mypy]\nfiles = a\n"}, "python -m mypy"),
        ({"setup.cfg": "[mypy]\npackages = a\n"}, "python -m mypy"),
        ({"setup.cfg": "[mypy]\nbroken"}, "python -m mypy ."),
    ],
)
async def test_mypy_is_told_what_to_check_only_where_its_configuration_does_not(
    tmp_path: Path, files: dict[str, str], command: str
) -> None:
    assert (await found(tmp_path, files)).codebase.lint_commands == (command,)


# --- others -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"package.json": '{"scripts": {"test": "jest"}}'}, "npm test"),
        ({"package.json": '{"scripts": {"test": "jest"}}', "yarn.lock": ""}, "yarn test"),
        ({"package.json": '{"scripts": {"test": "jest"}}', "pnpm-lock.yaml": ""}, "pnpm test"),
        ({"package.json": '{"packageManager": "yarn@4.0.0", "scripts": {"test": "jest"}}'}, "yarn test"),
        ({"Cargo.toml": "[package]\nname = 'a'\n"}, "cargo test"),
        ({"go.mod": "module a\n"}, "go test ./..."),
        ({"pom.xml": "<project/>"}, "mvn -q test"),
        ({"build.gradle.kts": ""}, "gradle test"),
        ({"Makefile": "check: all\n\ttrue\n"}, "make check"),
    ],
)
async def test_each_ecosystem_is_tested_by_its_own_tool(tmp_path: Path, files: dict[str, str], command: str) -> None:
    assert (await found(tmp_path, files)).codebase.test_commands == (command,)


async def test_the_projects_own_wrapper_is_used_where_it_can_be_run(tmp_path: Path) -> None:
    write(tmp_path, {"pom.xml": "<project/>", "mvnw": "#!/bin/sh\n"})
    os.chmod(tmp_path / "mvnw", 0o755)
    make_repo(tmp_path, {"src/main/java/A.java": "class A {}"})
    assert (await found_in(tmp_path)).codebase.test_commands == ("./mvnw -q test",)


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
        {"package.json": "{broken", "pyproject.toml": "[[[", "Cargo.lock": ""},
        {"package.json": "[1, 2]"},
        {"Makefile": "test = 1\ntest := 2\n.PHONY: test\n"},
        {"README.md": "Run pytest.\n"},
    ],
)
async def test_no_command_is_made_up(tmp_path: Path, files: dict[str, str]) -> None:
    result = await found(tmp_path, files)
    assert (result.codebase.test_commands, result.decisions) == ((), ())


async def test_the_main_language_is_tested_and_a_second_one_only_with_its_share(tmp_path: Path) -> None:
    python = {f"pkg/m{n}.py": "" for n in range(9)} | {"pytest.ini": ""}
    node = {"package.json": '{"scripts": {"test": "jest"}}', "a.js": ""}
    assert (await found(tmp_path / "a", python | node)).codebase.test_commands == ("python -m pytest -q",)
    both = python | node | {f"web/{n}.js": "" for n in range(6)}
    assert (await found(tmp_path / "b", both)).codebase.test_commands == ("python -m pytest -q", "npm test")


async def test_a_project_in_a_folder_is_tested_there(tmp_path: Path) -> None:
    result = await found(tmp_path, {"my app/pyproject.toml": PYTEST_INI, "my app/tests/test_a.py": ""})
    assert result.codebase.test_commands == ("cd 'my app' && python -m pytest -q",)


async def test_languages_frameworks_dependencies_and_layout_are_listed(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[project]\ndependencies = ['FastAPI>=0.1', 'numpy; python_version > \"3\"']\n",
        "web/package.json": '{"dependencies": {"react": "1"}}',
        "web/app.tsx": "",
        "pkg/a.py": "",
        "pkg/b.py": "",
        "node_modules/x/package.json": "{}",
        "node_modules/x/index.js": "",
        "README.md": "",
    }
    head = make_repo(tmp_path, files)
    codebase = (await found_in(tmp_path)).codebase
    assert codebase.languages == (("Python", 2), ("TypeScript", 1))
    assert codebase.frameworks == ("FastAPI", "NumPy", "React")
    assert codebase.dependency_files == ("pyproject.toml", "web/package.json")
    assert codebase.layout == (
        "node_modules/ (2 files)",
        "pkg/ (2 files)",
        "web/ (2 files)",
        "README.md",
        "pyproject.toml",
    )
    assert (codebase.files, codebase.head, codebase.branch) == (8, head, "main")


@pytest.mark.parametrize(
    ("path", "text", "framework"),
    [
        ("Cargo.toml", "[dependencies]\naxum = '1'\n", "axum"),
        ("go.mod", "module a\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.0\n)\n", "Gin"),
        ("pom.xml", "<artifactId>spring-boot-starter-web</artifactId>", "Spring Boot"),
        ("requirements.txt", "# web\nDjango==5\n", "Django"),
        ("setup.cfg", "[metadata]\nname = click\n[options]\ninstall_requires =\n    flask>=2\n", "Flask"),
        ("setup.py", "setup(name='click', install_requires=['Flask[async] >= 2'])\n", "Flask"),
        ("tox.ini", "[testenv]\ndeps =\n  tornado\ncommands = pytest\n", "Tornado"),
        ("Pipfile", "[packages]\naiohttp = '*'\n", "aiohttp"),
        ("environment.yml", "name: numpy\ndependencies:\n  - pandas=2\n", "pandas"),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\ntyper = '1'\n", "Typer"),
        ("package.json", '{"devDependencies": {"vitest": "1"}}', "Vitest"),
    ],
)
async def test_frameworks_are_known_by_their_dependency_files(
    tmp_path: Path, path: str, text: str, framework: str
) -> None:
    assert (await found(tmp_path, {path: text})).codebase.frameworks == (framework,)


# --- only what the commit holds ---------------------------------------------------------------------------------------


async def test_the_commit_counts_and_not_the_working_tree(tmp_path: Path) -> None:
    first = make_repo(tmp_path, {"a.py": ""})
    commit(tmp_path, {"Cargo.toml": ""})
    write(tmp_path, {"go.mod": "module x\n", "b.py": ""})
    codebase = (await found_in(tmp_path, first)).codebase
    assert (codebase.test_commands, codebase.files, codebase.head) == ((), 1, first)


async def test_names_with_spaces_and_of_any_letters_are_read(tmp_path: Path) -> None:
    files = {
        "ein Ordner/größe.py": "",
        "日本/テスト.py": "",
        "tests/test_ä b.py": "import pytest\n",
        "tab\there.py": "",
    }
    codebase = (await found(tmp_path / "ein Pfad – 日本", files)).codebase
    assert codebase.languages == (("Python", 4),)
    assert "ein Ordner/ (1 file)" in codebase.layout
    assert codebase.test_commands == ("python -m pytest -q",)


async def test_a_name_that_is_not_utf8_is_shown_as_well_as_it_can_be(tmp_path: Path) -> None:
    make_repo(tmp_path, {"a.py": ""})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("import x\n")
    commit(tmp_path, {})
    codebase = (await found_in(tmp_path)).codebase
    assert codebase.languages == (("Python", 2),)
    assert "caf\ufffd.py" in codebase.layout


async def test_binary_huge_and_undecodable_files_are_listed_but_not_understood(tmp_path: Path) -> None:
    make_repo(tmp_path, {"a.py": ""})
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.pytest]\n\0")
    (tmp_path / "package.json").write_text('{"scripts": {"test": "x"}, "y": "' + "z" * repository.MAX_BLOB + '"}')
    (tmp_path / "requirements.txt").write_bytes(b"caf\xe9\nflask\n")
    commit(tmp_path, {})
    codebase = (await found_in(tmp_path)).codebase
    assert codebase.dependency_files == ("package.json", "pyproject.toml", "requirements.txt")
    assert (codebase.test_commands, codebase.frameworks) == ((), ("Flask",))


async def test_links_are_not_followed_and_submodules_are_named(tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", {"x.py": ""})
    root = tmp_path / "main"
    make_repo(root, {"a.py": ""})
    os.symlink("/etc/passwd", root / "package.json")
    os.symlink("..", root / "loop")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{other},libs/other")
    git(root, "add", "package.json", "loop")
    git(root, "commit", "-q", "-m", "Links")
    codebase = (await found_in(root)).codebase
    assert (codebase.files, codebase.dependency_files) == (1, ())
    assert codebase.layout == ("libs/other (submodule)", "a.py")


async def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    trap = f"touch {tmp_path}/ran"
    root = tmp_path / "repo"
    make_repo(root, {"setup.py": f"import os; os.system('{trap}')\n", ".gitattributes": "*.py filter=f diff=f\n"})
    for name in (
        "filter.f.smudge",
        "filter.f.clean",
        "diff.f.textconv",
        "core.fsmonitor",
        "core.pager",
        "alias.ls-tree",
    ):
        git(root, "config", name, trap if not name.startswith("alias") else f"!{trap}")
    hook = root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{trap}\n")
    hook.chmod(0o755)
    assert (await found_in(root)).codebase.files == 2
    assert not (tmp_path / "ran").exists()


async def test_objects_that_a_partial_clone_lacks_count_as_unread(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    make_repo(origin, {"pyproject.toml": PYTEST_INI, "a.py": ""})
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", origin.as_uri(), "clone.git")
    git(tmp_path / "clone.git", "config", "remote.origin.url", str(tmp_path / "gone"))
    codebase = (await found_in(tmp_path / "clone.git")).codebase
    assert (codebase.files, codebase.dependency_files, codebase.test_commands) == (2, ("pyproject.toml",), ())


async def test_a_listing_that_is_too_large_is_cut_to_the_top_level_and_that_shows(tmp_path: Path) -> None:
    make_repo(tmp_path, {"Cargo.toml": ""} | {f"src/m{n}.rs": "" for n in range(100)})
    opened, _ = await local(tmp_path)
    listing = await repository.list_files(opened, "HEAD", limit=1000)
    texts = await repository.read_texts(opened, listing, {"Cargo.toml"})
    codebase = discover(repository.Tree(listing, texts)).codebase
    assert codebase.layout == ("src/ (too many files to count)", "Cargo.toml")
    assert codebase.test_commands == ("cargo test",)


async def test_a_wide_repository_has_a_bounded_layout(tmp_path: Path) -> None:
    codebase = (await found(tmp_path, {f"f{n}.txt": "" for n in range(100)})).codebase
    assert len(codebase.layout) == MAX_LAYOUT + 1
    assert codebase.layout[-1] == "... and 60 more"


async def test_a_commit_that_is_not_there_is_named(tmp_path: Path) -> None:
    make_repo(tmp_path)
    with pytest.raises(GitProblem, match="there is no commit"):
        await found_in(tmp_path, "0" * 40)
    with pytest.raises(GitProblem, match="there is no commit"):
        await found_in(tmp_path, "--help")
