"""Which frameworks does a project build on? Known names among what its dependency files ask for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from maestro.planner.project import REQUIREMENTS, Project, ini, json, table, toml

FRAMEWORKS: Mapping[str, Mapping[str, str]] = {
    "Python": {
        "django": "Django", "flask": "Flask", "fastapi": "FastAPI", "starlette": "Starlette", "aiohttp": "aiohttp",
        "tornado": "Tornado", "sqlalchemy": "SQLAlchemy", "pydantic": "Pydantic", "click": "Click", "typer": "Typer",
        "numpy": "NumPy", "pandas": "pandas", "celery": "Celery", "faststream": "FastStream", "pytest": "pytest",
    },
    "JavaScript": {
        "react": "React", "vue": "Vue", "@angular/core": "Angular", "svelte": "Svelte", "next": "Next.js",
        "nuxt": "Nuxt", "express": "Express", "fastify": "Fastify", "@nestjs/core": "NestJS", "jest": "Jest",
        "vitest": "Vitest", "mocha": "Mocha", "typescript": "TypeScript", "electron": "Electron",
    },
    "Rust": {
        "tokio": "Tokio", "axum": "axum", "actix-web": "Actix Web", "rocket": "Rocket", "serde": "Serde",
        "clap": "clap", "bevy": "Bevy",
    },
    "Go": {
        "github.com/gin-gonic/gin": "Gin", "github.com/labstack/echo": "Echo", "github.com/gofiber/fiber": "Fiber",
        "github.com/spf13/cobra": "Cobra", "google.golang.org/grpc": "gRPC", "gorm.io/gorm": "GORM",
    },
    "Java": {
        "spring-boot": "Spring Boot", "quarkus": "Quarkus", "micronaut": "Micronaut", "junit": "JUnit",
        "hibernate": "Hibernate",
    },
    "Ruby": {"rails": "Rails", "sinatra": "Sinatra", "rspec": "RSpec"},
    "PHP": {"laravel/framework": "Laravel", "symfony/": "Symfony", "phpunit/phpunit": "PHPUnit"},
}  # fmt: skip


def frameworks(project: Project) -> tuple[str, ...]:
    """Known frameworks that a dependency file names, sorted."""
    found: set[str] = set()
    for path, text in project.texts.items():
        for language, names in dependencies(path, text):
            found.update(title for key, title in FRAMEWORKS[language].items() if _named(key, names))
    return tuple(sorted(found, key=str.casefold))


def _named(key: str, names: frozenset[str]) -> bool:
    """Whether a dependency is called so, or is a part of what is called so (`spring-boot-starter-web`)."""
    whole = "/" in key or "-" in key
    return key in names or (whole and any(name.startswith(key) for name in names))


_REQUIREMENT_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _requirement_names(lines: Iterable[str]) -> frozenset[str]:
    found = (_REQUIREMENT_NAME.match(line) for line in lines)
    return frozenset(match[1].lower().replace("_", "-") for match in found if match)


def _pyproject_names(text: str) -> frozenset[str]:
    data = toml(text)
    project = table(data, "project")
    lines = _strings(project.get("dependencies"))
    for group in (*table(project, "optional-dependencies").values(), *table(data, "dependency-groups").values()):
        lines += _strings(group)
    poetry = table(data, "tool", "poetry")
    lines += list(table(poetry, "dependencies")) + list(table(poetry, "dev-dependencies"))
    for group in table(poetry, "group").values():
        lines += list(table(group, "dependencies"))
    return _requirement_names(lines)


_QUOTED = re.compile(r"""(?<![=\w])\s*['"]([A-Za-z][\w.-]*)\s*(?:\[[\w, -]*\])?\s*(?:[<>=~!;][^'"]*)?['"]""")


def _ini_names(text: str) -> frozenset[str]:
    """What a `setup.cfg` or a `tox.ini` asks for: `install_requires`, extras, `deps`."""
    lines: list[str] = []
    for section, values in ini(text).items():
        for key, value in values.items():
            if key.endswith(("requires", "_require")) or key == "deps" or "extras_require" in section:
                lines += value.splitlines()
    return _requirement_names(lines)


def _python_names(name: str, text: str) -> frozenset[str] | None:
    """What a Python project's file asks for; None where it is another kind of file."""
    match name:
        case "pyproject.toml":
            return _pyproject_names(text)
        case "setup.cfg" | "tox.ini":
            return _ini_names(text)
        case "setup.py" | "noxfile.py":
            return _requirement_names(_QUOTED.findall(text))
        case "Pipfile":
            data = toml(text)
            return _requirement_names([*table(data, "packages"), *table(data, "dev-packages")])
        case "environment.yml":
            return _requirement_names(re.findall(r"^\s*-\s*([\w.-]+)", text, re.M))
        case _ if REQUIREMENTS.match(name):
            return _requirement_names(text.splitlines())
    return None


def dependencies(path: str, text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The language and the names that a dependency file depends on."""
    name = posixpath.basename(path)
    python = _python_names(name, text)
    if python is not None:
        yield "Python", python
    elif name == "package.json":
        data = json(text)
        yield "JavaScript", frozenset([*table(data, "dependencies"), *table(data, "devDependencies")])
    elif name == "Cargo.toml":
        data = toml(text)
        tables = (data, table(data, "workspace"))
        yield "Rust", frozenset(n for t in tables for k in ("dependencies", "dev-dependencies") for n in table(t, k))
    elif name == "go.mod":
        yield "Go", frozenset(re.findall(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/[\w./-]+)\s+v", text, re.M))
    elif name in ("pom.xml", "build.gradle", "build.gradle.kts"):
        yield "Java", frozenset(re.findall(r"[a-z][a-z0-9-]+", text))
    elif name == "Gemfile":
        yield "Ruby", frozenset(re.findall(r"^\s*gem\s+['\"]([\w-]+)['\"]", text, re.M))
    elif name == "composer.json":
        data = json(text)
        yield "PHP", frozenset([*table(data, "require"), *table(data, "require-dev")])
