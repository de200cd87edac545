"""What holds for every text? Reading never fails, wrapping hides nothing, and quotes change nothing."""

from __future__ import annotations

import shlex

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.policy.loading import shipped_policy
from maestro.policy.rules import judge
from maestro.policy.shell import HOME, effects_of_command, read
from maestro.policy.shell.state import Findings
from tests.policy.shell_cases import LEVEL_1, LEVEL_2, LEVEL_3, LONG, commands_of

COMMANDS = [command for table in (LEVEL_1, LEVEL_2, LEVEL_3) for _, command in commands_of(table)]
SIMPLE = [
    command for command in COMMANDS if not set(command) & set(";|&<>()`#\n!") and not command.startswith(("'", "\\"))
]
PLAIN = [
    command
    for command in SIMPLE
    if not set(command) & set("\"'\\$*?{~=") and command.split()[0] not in ("coproc", "time", "export")
]
WORDS = ["rm", "-rf", "/", "$(", "${", "<<<", "if", "then", "fi", "for", "do", "done", "case", "esac", "in", "x=", "$x"]
MORE = [
    "${x:-",
    "bash",
    "-c",
    "sh",
    "eval",
    "sudo",
    "git",
    "push",
    "find",
    "-exec",
    "{}",
    "xargs",
    "curl",
    "python",
    "awk",
]
PIECES = st.sampled_from(
    [*"'\"\\`$(){}[]<>|&;!*?~#=-+:/@^%,. \n\t", "<<E\n", "E\n", "{a,b}", "$'", "\\x", "0", *WORDS, *MORE]
)


def level_of(command: str) -> int:
    return judge(effects_of_command(command).effects, shipped_policy().rules).level


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]))
def test_whatever_the_text_it_is_read_without_an_error(pieces: list[str], between: str) -> None:
    read(between.join(pieces), ".", HOME, Findings())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=10), st.text(max_size=10))
def test_any_characters_at_all_have_effects(text: str, cwd: str, home: str) -> None:
    assert effects_of_command(text, cwd, home).effects


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(COMMANDS), st.integers(0, 60), st.integers(0, 60), PIECES)
def test_a_real_command_that_was_cut_and_patched_is_read_without_an_error(
    command: str, start: int, end: int, piece: str
) -> None:
    read(command[:start] + piece + command[end:], ".", HOME, Findings())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*COMMANDS, *LONG[3]]),
    st.sampled_from(
        ["bash -c {}", "sh -c {}", "eval {}", "env -i bash -c {}", "sudo -u root sh -c {}", "ssh h.example {}"]
    ),
)
def test_a_shell_around_a_command_hides_nothing(command: str, wrapper: str) -> None:
    assert level_of(wrapper.format(shlex.quote(command))) >= level_of(command)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SIMPLE),
    st.sampled_from(["sudo", "env X=1", "timeout 5", "nice -n 3", "nohup", "setsid", "command", "time", "stdbuf -oL"]),
)
def test_a_wrapper_before_a_command_hides_nothing(command: str, wrapper: str) -> None:
    assert level_of(f"{wrapper} {command}") >= level_of(command)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SIMPLE),
    st.sampled_from(["ls; {}", "true && {}", "false || {}", "if x; then {}; fi", "( {} )", "{{ {}; }}"]),
)
def test_where_a_command_stands_hides_nothing(command: str, place: str) -> None:
    assert level_of(place.format(command)) >= level_of(command)


def quoted_otherwise(word: str, how: int) -> str:
    if not word or not word.isascii() or not word.replace("-", "").replace("_", "").isalnum():
        return word
    escaped = "".join(f"\\x{ord(letter):02x}" for letter in word)
    return [
        f"'{word}'",
        f'"{word}"',
        word[0] + "''" + word[1:],
        "\\" + word,
        f"$'{escaped}'",
        f'{word[:1]}"{word[1:]}"',
    ][how]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLAIN), st.data())
def test_other_quotes_around_the_same_words_have_the_same_effects(command: str, data: st.DataObject) -> None:
    words = [quoted_otherwise(word, data.draw(st.integers(0, 5))) for word in command.split(" ")]
    assert effects_of_command(command).effects == effects_of_command(" ".join(words)).effects
