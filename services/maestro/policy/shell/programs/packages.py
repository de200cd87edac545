"""Package managers: which dependency is added, for whom, from where; and which package is run at once."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use

_DEV_TOOLS = frozenset(
    """
    eslint prettier tsc tslint jest vitest mocha ava tap playwright cypress webpack vite rollup esbuild parcel babel
    swc tsup turbo nx lerna husky lint-staged commitlint stylelint markdownlint markdownlint-cli markdownlint-cli2
    biome @biomejs/biome oxlint typescript ts-node tsx nodemon serve http-server storybook next nuxt astro
    svelte-kit remix ng vue-cli-service typedoc jsdoc documentation c8 nyc depcheck knip npm-check-updates ncu madge
    size-limit concurrently cross-env rimraf-none react-scripts expo-doctor graphql-codegen openapi-generator-cli
    @redocly/cli spectral cspell alex textlint standard xo tailwindcss postcss sass terser svgo ruff black isort
    flake8 pylint mypy pyright pytest tox nox pre-commit bandit coverage sphinx-build mkdocs pyupgrade autoflake
    autopep8 yapf pydocstyle vulture radon interrogate codespell cookiecutter pip-audit safety deptry djlint
    sqlfluff yamllint ansible-lint commitizen cz towncrier bump2version twine-check build check-manifest pipdeptree
    cowsay json2ts ts-prune tsd dpdm license-checker publint attw @arethetypeswrong/cli type-coverage wait-on
    envinfo browserslist update-browserslist-db create-react-app create-next-app create-vite degit-none
    """.split()
)
"""What developers run from a package at once: described elsewhere, or works on the project only."""

_URL = re.compile(
    r"^(?:git\+|https?://|git://|ssh://|git@|github:|gitlab:|bitbucket:|file:/+tmp)|\.git(?:#|$)"
    r"|^[\w.-]+/[\w.-]+(?:#.*)?$|@(?:git\+|https?:)"
)
_ODD_INDEX = (
    "-i",
    "--index-url",
    "--extra-index-url",
    "--registry",
    "--index",
    "--default-index",
    "--find-links",
    "-f",
    "--trusted-host",
    "--source",
    "--repository-url",
)
KNOWN_INDEX = re.compile(
    r"https://(?:pypi\.org|test\.pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|rubygems\.org"
    r"|download\.pytorch\.org|index\.crates\.io|npm\.pkg\.github\.com)(?:/|$)"
)


def odd_source(use: Use) -> None:
    for option in _ODD_INDEX:
        for value in use.parsed.values(option):
            if "://" in value.value and not KNOWN_INDEX.match(value.value) and option not in ("-f",):
                use.add("dependency", value.value, "runtime", "unusual source")
                if (
                    value.value.startswith("http://")
                    and "localhost" not in value.value
                    and "127.0.0.1" not in value.value
                ):
                    use.opaque("remote", "packages from an unprotected address")


def added(use: Use, packages: list[str], where: str) -> None:
    for package in packages or ["?"]:
        source = "unusual source" if _URL.search(package) and not package.startswith("@") else ""
        if package.startswith("http://"):
            use.opaque("remote", "a package from an unprotected address")
        use.add(
            "dependency", package, "dev" if where == "dev" else "runtime" if where == "runtime" else "system", source
        )


# --- JavaScript ---------------------------------------------------------------------------


def words_after(use: Use, command: str) -> list[Text]:
    for number, word in enumerate(use.arguments):
        if word.value == command:
            return use.arguments[number + 1 :]
    return []


_DLX_VALUES = """
    -p --package -c --call --shell --node-options --registry --from --with --python --index --spec --suffix
    --index-url --extra-index-url -i --pip-args --workspace -w --cwd
    """


def package_runner(use: Use, *, always_fetched: bool = False) -> Text:
    """npx, uvx, bunx, pipx run."""
    parsed = use.parse(values=_DLX_VALUES, first=True)
    for text in parsed.values("-c", "--call"):
        use.shell(text)
    for package in parsed.values("-p", "--package", "--from", "--spec", "--with"):
        fetched(use, package.value, True)
    if parsed.asks_for_help or not parsed.operands:
        return use.output()
    words = list(parsed.operands)
    if words[0].value == "--":
        words = words[1:]
    if not words:
        return use.output()
    if not words[0].known:
        use.opaque("unresolved", "a package that nobody can know beforehand")
        return use.output()
    name = re.sub(r"(?<=.)@.*$", "", words[0].value)
    bare = name.rpartition("/")[2] if not name.startswith("@") else name
    from maestro.policy.shell.calls import is_described

    explicit = parsed.has("-y", "--yes") or always_fetched or use.name in ("uvx", "bunx")
    if _URL.search(words[0].value) and not name.startswith("@") and "/" in name:
        use.opaque("remote", "runs a package from an address")
    elif name in _DEV_TOOLS or bare in _DEV_TOOLS:
        if is_described(bare):
            return use.run([Text(bare), *words[1:]])
        use.add("run-code", name, "project", "tool")
    elif is_described(bare):
        return use.run([Text(bare), *words[1:]])
    elif re.match(r"create-|@[\w-]+/create", name):
        use.add("unknown", name)
    else:
        fetched(use, name, explicit)
    return use.output()


def fetched(use: Use, package: str, explicit: bool) -> None:
    name = re.sub(r"(?<=.)@.*$", "", package)
    if name in _DEV_TOOLS or name.rpartition("/")[2] in _DEV_TOOLS:
        return
    if explicit or (_URL.search(package) and not package.startswith("@")):
        use.opaque("remote", f"runs the package {package} at once")
    else:
        use.add("unknown", package)


def pipx(use: Use) -> Text:
    parsed = use.parse(values=_DLX_VALUES, first=True)
    words = parsed.words()
    if parsed.asks_for_help or not words:
        return EMPTY
    if words[0] == "run":
        use.arguments = parsed.operands[1:]
        return package_runner(use, always_fetched=True)
    if words[0] in (
        "install",
        "inject",
        "upgrade",
        "upgrade-all",
        "uninstall",
        "uninstall-all",
        "reinstall",
        "reinstall-all",
    ):
        added(use, [word for word in words[1:] if not word.startswith("-")], "system")
    else:
        use.add("read", f"pipx {words[0]}")
    return EMPTY


# --- Python's managers ---------------------------------------------------------------------------

PROGRAMS = {
    "pipx": pipx,
    "npx": package_runner,
    "pnpx": package_runner,
    "bunx": package_runner,
    "uvx": package_runner,
}


def cargo_added(use: Use) -> Text:
    odd = use.parsed.has("--git", "--registry", "--index")
    for package in use.parsed.words()[1:] or [use.parsed.value("--git", "--path").value]:
        use.add("dependency", package, "runtime", "unusual source" if odd else "")
    return EMPTY


def bundle_exec(use: Use) -> Text:
    rest = use.parsed.operands[1:]
    return use.run(words_after(use, "exec")) if rest else EMPTY


def rustup_run(use: Use) -> Text:
    return use.run(words_after(use, "run")[1:])


ACTIONS = {
    "@package-runner": package_runner,
    "@cargo-added": cargo_added,
    "@bundle-exec": bundle_exec,
    "@composer-exec": bundle_exec,
    "@rustup-run": rustup_run,
}
