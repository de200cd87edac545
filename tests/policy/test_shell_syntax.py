"""Is shfmt asked safely? One text or many, too long, too deep, missing, dead, and a tree that holds something new."""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro.policy.loading import load_policy
from maestro.policy.shell import effects_of_command, nodes, syntax
from maestro.policy.shell.syntax import Unparsable, parse, prepare
from maestro_contracts.yamlfile import InvalidFile


@pytest.fixture
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "_answers", syntax._Answers())
    monkeypatch.setattr(syntax, "_ready", syntax._Ready())


TEXTS = [
    "ls",
    "echo 'a\nb'",
    "cat <<EOF\nhello\nEOF",
    "for i in 1 2; do echo $i; done",
    "a && b || c; d & e |& f",
    "# only a comment",
    "x=(1 2 [5]=3); echo ${x[@]:1:2}",
    "[[ -f a && b =~ c ]]",
    "if a; then b; fi > out",
    "",
]
BROKEN = [
    "if",
    "echo 'x",
    "cat <<EOF\nx",
    "a |",
    "{ b",
    "}",
    ")",
    "a \\",
    "fi",
    "do",
    "a &&",
    "`",
    "$(",
    "((",
    "case x in",
]


@pytest.mark.usefixtures("nothing_is_remembered")
def test_many_texts_in_one_question_give_the_trees_of_each_alone() -> None:
    alone = [parse(text) for text in TEXTS]
    syntax._answers = syntax._Answers()

    prepare(TEXTS)

    assert [tree.get("Stmts", []) for tree in alone] == [parse(text).get("Stmts", []) for text in TEXTS]


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_text_spoils_no_other(broken: str) -> None:
    prepare(["ls", broken, "}", "EOF", "'", "pwd", "fi", "x)"])

    assert parse("ls")["Stmts"] and parse("pwd")["Stmts"]
    if broken != "a \\":  # a text may end in a backslash; what follows it is not its own
        with pytest.raises(Unparsable):
            parse(broken)


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize(
    "text",
    ["x" * (syntax.MOST_INPUT + 1), "$(" * 500 + "ls" + ")" * 500, "(" * 5000, "\ud800", "{ " * 3000 + "ls"],
    ids=["too long", "too deep", "brackets", "no text", "braces"],
)
def test_what_is_too_much_is_opaque(text: str) -> None:
    assert {"opaque"} == {effect.kind for effect in effects_of_command(text).effects}


@pytest.mark.usefixtures("nothing_is_remembered")
def test_without_the_parser_everything_is_opaque(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "find_shfmt", lambda: "")

    reading = effects_of_command("ls -la # without a parser")

    assert {"opaque"} == {effect.kind for effect in reading.effects}
    assert "shfmt is missing" in reading.problems[0]
    assert "pip install" in reading.problems[0] and "shfmt-py" in reading.problems[0]


@pytest.mark.usefixtures("nothing_is_remembered")
def test_once_the_parser_is_there_nothing_stays_opaque(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(syntax, "find_shfmt", lambda: "")
        assert {"opaque"} == {effect.kind for effect in effects_of_command("ls -la # for a while").effects}

    assert {"read"} == {effect.kind for effect in effects_of_command("ls -la # for a while").effects}


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize(
    "says", ["echo 'flag provided but not defined: -tojson'; exit 2", "cat > /dev/null; echo '{\"Stmts\": []}'"]
)
def test_a_parser_that_is_too_old_is_named_with_how_to_get_another(
    says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "shfmt"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo v3.2.0 && exit\n{says}\n')
    program.chmod(0o755)
    monkeypatch.setattr(syntax, "find_shfmt", lambda: str(program))

    [problem] = effects_of_command(f"ls # {says}").problems
    assert f"{program} is too old" in problem and "shfmt-py" in problem
    with pytest.raises(syntax.NoParser, match="too old"):
        syntax.shfmt_version()


@pytest.mark.usefixtures("nothing_is_remembered")
def test_a_policy_that_cannot_be_checked_without_the_parser_says_so_and_blames_no_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syntax, "find_shfmt", lambda: "")

    with pytest.raises(InvalidFile, match="shfmt is missing") as caught:
        load_policy(user=None)
    assert len(caught.value.problems) == 1


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize(
    "script", ["exit 0", "exit 7", "echo nonsense", "kill -9 $$", "cat; printf '{}'", "printf '[]'", "yes x"]
)
def test_a_parser_that_fails_makes_its_text_opaque(
    script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "shfmt"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(syntax, "find_shfmt", lambda: str(program))
    monkeypatch.setattr(syntax, "MOST_OUTPUT", 1_000_000)

    assert {"opaque"} == {effect.kind for effect in effects_of_command(f"ls # {script}").effects}


@pytest.mark.usefixtures("nothing_is_remembered")
def test_a_parser_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "shfmt"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(syntax, "find_shfmt", lambda: str(program))
    monkeypatch.setattr(syntax, "SECONDS", 0.2)

    with pytest.raises(Unparsable, match="took longer"):
        parse("ls # and wait")


def test_every_part_of_the_grammar_is_accounted_for() -> None:
    tree = parse(
        """
        a=(1 2 [x]=3); declare -a q=(1); export A=1 B; x+=3; arr[2]=4
        f() { echo "$1"; }; function g { :; } >/dev/null
        if a; then b; elif c; then d; else e; fi
        while read -r x; do :; done < <(ls); until false; do break; done
        for i in a b; do :; done; for ((i=0;i<3;i++)); do :; done; select s in a; do :; done
        case $x in a|b) foo ;; *) bar ;& esac
        [[ -f a && ! $b =~ c || ( -z d ) ]]; (( x = 1 , y++ )); let a=1 b=2
        echo $'a' "b$c`d`" $(e) ${f:-g} ${h:1:2} ${i/j/k} ${!l} ${#m} ${n[1]} ${!o*} ${p@Q} $((1+(2*-3)?4:5))
        echo <(f) >(g) @(a|b) $[1+1]
        time -p ls; coproc X { y; }; ! foo & cat <<-'EOF' <<<"hs" 2>&1 &>x >|y <>z {fd}>w
	a
	EOF
        a |& b || c; { a; } ; ( b ) # comment
        """
    )
    assert nodes.unaccounted(tree) == ""


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"Type": "File", "Stmts": [{"Cmd": {"Type": "NewClause"}}]}, "node NewClause"),
        ({"Type": "File", "Stmts": [{"Cmd": {"Type": "CallExpr", "New": 1}}]}, "CallExpr.New"),
        ({"Type": "File", "Stmts": [{"Disown": True}]}, "Stmt.Disown"),
    ],
)
def test_what_nobody_accounts_for_is_named(tree: dict[str, object], said: str) -> None:
    assert said == nodes.unaccounted(tree)


def test_a_mistake_of_the_reader_lets_nothing_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maestro.policy.shell.calls.described", lambda *_: 1 / 0)

    reading = effects_of_command("systemctl status # for this test alone")

    assert "opaque" in {effect.kind for effect in reading.effects}
    assert "could not be read: ZeroDivisionError" in reading.problems
