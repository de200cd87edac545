"""Which commands test and lint this project? Rules for each ecosystem, over file names and manifests."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from maestro.planner.project import Command, Project, in_folder, json, table
from maestro.planner.python_project import python_lint, python_tests


def test_commands(project: Project) -> list[Command]:
    return [command for rule in _TEST_RULES for command in rule(project)]


def lint_commands(project: Project) -> list[Command]:
    return [command for rule in _LINT_RULES for command in rule(project)]


# --- JavaScript and TypeScript ----------------------------------------------------------------------------------------

_NO_TEST = "no test specified"


def _scripts(project: Project) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Folder, package manager, language and scripts of each package at the least depth."""
    for folder in project.folders_with("package.json"):
        data = json(project.text(folder, "package.json"))
        declared = data.get("packageManager")
        manager = declared.split("@")[0] if isinstance(declared, str) else ""
        if manager not in ("npm", "yarn", "pnpm"):
            locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}
            manager = next((tool for lock, tool in locks.items() if project.has(folder, lock)), "npm")
        typescript = sum(path.endswith((".ts", ".tsx")) for path in project.paths)
        javascript = sum(path.endswith((".js", ".jsx", ".mjs", ".cjs")) for path in project.paths)
        yield folder, manager, "TypeScript" if typescript > javascript else "JavaScript", table(data, "scripts")


def _node_tests(project: Project) -> Iterator[Command]:
    for folder, manager, language, scripts in _scripts(project):
        script = scripts.get("test")
        if isinstance(script, str) and script.strip() and _NO_TEST not in script:
            evidence = (posixpath.join(folder, "package.json"),)
            yield Command(
                in_folder(folder, f"{manager} test"), language, 0.9, "package.json has a test script", evidence
            )


def _node_lint(project: Project) -> Iterator[Command]:
    for folder, manager, language, scripts in _scripts(project):
        if isinstance(scripts.get("lint"), str):
            yield Command(in_folder(folder, f"{manager} run lint"), language, 0.9, "package.json has a lint script")


# --- the others -------------------------------------------------------------------------------------------------------


def _manifest_rule(
    names: tuple[str, ...], command: str, language: str, confidence: float, wrapper: str = "", needs: str = ""
) -> Callable[[Project], Iterator[Command]]:
    """A rule for ecosystems where one manifest says it all. `wrapper` is a script of the project that stands in for
    the command's first word; `needs` is text that the manifest must hold."""

    def rule(project: Project) -> Iterator[Command]:
        for folder in project.folders_with(*names):
            name = next(name for name in names if project.has(folder, name))
            if needs and needs not in project.text(folder, name):
                continue
            wrapped = wrapper and posixpath.join(folder, wrapper) in project.executables
            text = f"./{wrapper} {command.partition(' ')[2]}" if wrapped else command
            evidence = (posixpath.join(folder, name),)
            yield Command(in_folder(folder, text), language, confidence, f"there is a {name}", evidence)

    return rule


_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


def _make_rule(*targets: str) -> Callable[[Project], Iterator[Command]]:
    def rule(project: Project) -> Iterator[Command]:
        for name in _MAKEFILES:
            text = project.text("", name)
            target = next((t for t in targets if re.search(rf"^{t}\s*:(?![=:])", text, re.M)), None)
            if target is not None:
                yield Command(f"make {target}", "", 0.6, f"{name} has a target {target}", (name,))
                return

    return rule


_GRADLE = ("build.gradle", "build.gradle.kts")

_TEST_RULES: tuple[Callable[[Project], Iterator[Command]], ...] = (
    python_tests,
    _node_tests,
    _manifest_rule(("Cargo.toml",), "cargo test", "Rust", 0.9),
    _manifest_rule(("go.mod",), "go test ./...", "Go", 0.9),
    _manifest_rule(("pom.xml",), "mvn -q test", "Java", 0.9, wrapper="mvnw"),
    _manifest_rule(_GRADLE, "gradle test", "Java", 0.85, wrapper="gradlew"),
    _manifest_rule(("Gemfile",), "bundle exec rspec", "Ruby", 0.7, needs="rspec"),
    _manifest_rule(("composer.json",), "vendor/bin/phpunit", "PHP", 0.7, needs="phpunit"),
    _manifest_rule(("mix.exs",), "mix test", "Elixir", 0.9),
    _manifest_rule(("Package.swift",), "swift test", "Swift", 0.8),
    _make_rule("test", "tests", "check"),
)

_LINT_RULES: tuple[Callable[[Project], Iterator[Command]], ...] = (
    python_lint,
    _node_lint,
    _manifest_rule(("go.mod",), "go vet ./...", "Go", 0.8),
    _manifest_rule(("rustfmt.toml", ".rustfmt.toml"), "cargo fmt --check", "Rust", 0.8),
    _manifest_rule(("clippy.toml", ".clippy.toml"), "cargo clippy", "Rust", 0.8),
    _make_rule("lint"),
)
