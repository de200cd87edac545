"""What does each part of the tree do? Statements in the order in which a shell would run them, with all branches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from maestro.policy.shell import calls, declare, redirect, words
from maestro.policy.shell.nodes import unaccounted
from maestro.policy.shell.params import arithmetic
from maestro.policy.shell.state import MOST_DEPTH, MOST_STEPS, Conditions, Findings, State, assigned
from maestro.policy.shell.syntax import Node, NoParser, Unparsable, parse
from maestro.policy.shell.text import (
    ANYTHING,
    DECODED,
    EMPTY,
    ENVIRONMENT,
    NETWORK,
    OUTPUT,
    OWN_CODE,
    STDIN,
    UNKNOWN,
    Text,
    anything,
    joined,
)

_MOST_TURNS = 16


_INDEX_RUNS = re.compile(r"\w\[.*(?:\$\(|`)", re.S)
_SUBSTITUTES = re.compile(r"`|[$<>]\(|\$\{")


class TooMuch(Exception):
    """The text goes on longer, or deeper, than anybody follows it."""


class Reader:
    """Reads one text. What it starts in a subshell is read by a `fork`, which shares what is found."""

    def __init__(self, state: State, found: Findings, depth: int = 0) -> None:
        self.state = state
        self.found = found
        self.depth = depth
        self.conditions = Conditions()
        self.calling: tuple[str, ...] = ()
        self.is_inner = False
        self.shadowed: dict[str, list[Text] | None] = {}
        """What variables held that a function made its own."""

    def fork(self, deeper: int = 0) -> Reader:
        other = Reader(self.state.copy(), self.found, self.depth + deeper)
        other.conditions.depth = self.conditions.depth
        other.calling = self.calling
        other.is_inner = self.is_inner
        return other

    # --- texts

    def text(self, text: str, stdin: Text = EMPTY) -> Text:
        """Reads a whole text as a shell would; its output."""
        if self.depth > MOST_DEPTH:
            raise TooMuch("nested deeper than anybody follows")
        self.spend(len(text) // 100)
        try:
            tree = parse(text)
        except NoParser:
            raise
        except Unparsable as error:
            self.found.opaque("unparsable", f"does not parse: {error}")
            return ANYTHING
        if strange := unaccounted(tree):
            self.found.opaque("unparsable", f"unaccounted: {strange}")
            return ANYTHING
        output = self.statements(tree.get("Stmts", []), stdin)
        if _SUBSTITUTES.search(text):
            self._read_the_rest(tree)
        return output

    def _read_the_rest(self, tree: Node) -> None:
        """Commands in a substitution run wherever it stands, also where nobody needed its output: in an index, say."""
        pending: list[Any] = [tree]
        while pending:
            each = pending.pop()
            if isinstance(each, list):
                pending += each
            elif isinstance(each, dict) and each.get("Type") != "FuncDecl":
                if each.get("Type") in ("CmdSubst", "ProcSubst") and id(each) not in self.found.substituted:
                    self.substituted(each)
                pending += each.values()

    def nested(self, text: Text, stdin: Text = EMPTY, *, same_state: bool = False) -> Text:
        """A text that is run as code. What is not certain in it may be anything."""
        if NETWORK in text.marks:
            self.found.opaque("remote", "runs what comes from the network")
            return ANYTHING
        if text.value == UNKNOWN and OWN_CODE in text.marks:
            self.found.add("run-code", "settings that a known program prints", "project", "settings")
            return ANYTHING
        if DECODED in text.marks:
            self.found.opaque("decoded", "runs what was decoded")
        if not text.known and not self._is_only_data(text.value):
            self.found.opaque("unresolved", "runs a text that nobody can know beforehand")
        reader = self if same_state else self.fork()
        before = reader.is_inner
        reader.depth += 1
        reader.is_inner = True
        try:
            return reader.text(text.value, stdin)
        finally:
            reader.depth -= 1
            reader.is_inner = before

    @staticmethod
    def _is_only_data(text: str) -> bool:
        """Unknown letters inside an argument's name stay data; where a command begins they are code."""
        starts = [piece.lstrip() for piece in _COMMAND_STARTS.split(text)]
        return UNKNOWN in text and not any(start.startswith(UNKNOWN) for start in starts)

    # --- statements

    def statements(self, statements: Sequence[Node], stdin: Text = EMPTY) -> Text:
        outputs = [self.statement(each, stdin) for each in statements]
        return joined(outputs)

    def statement(self, node: Node, stdin: Text = EMPTY, *, piped: bool = False) -> Text:
        """`piped`: what it puts out goes to the next one."""
        self.spend(1)
        flow = redirect.opened(self, node.get("Redirs", []), stdin)
        command = node.get("Cmd")
        output = self.command(command, flow.stdin, flow) if command else EMPTY
        if ENVIRONMENT in output.marks and not piped:
            self.found.add("credential", "all environment variables", "", "read")
        return flow.closed(output)

    def command(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        method = getattr(self, f"_{node['Type'].lower()}", None)
        if method is None:
            self.found.opaque("unparsable", f"unaccounted: {node['Type']}")
            return ANYTHING
        if self.depth > MOST_DEPTH:
            raise TooMuch("nested deeper than anybody follows")
        self.depth += 1
        try:
            output: Text = method(node, stdin, flow)
        finally:
            self.depth -= 1
        return output

    def _callexpr(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        arguments = self._words(node.get("Args", []))
        assigns = node.get("Assigns", [])
        if not arguments:
            for assign in assigns:
                declare.assignment(self, assign)
            if node.get("Args") and flow.stdin.value:
                self.found.opaque("unresolved", "a command whose name comes to nothing")
            return EMPTY
        names = [assign.get("Name", {}).get("Value", "") for assign in assigns]
        before = {name: self.state.variables.get(name) for name in names}
        for assign in assigns:
            declare.assignment(self, assign, for_one=True)
        output = calls.call(self, arguments, stdin, flow)
        self._restore(before)
        return output

    def _words(self, nodes: Sequence[Node]) -> list[Text]:
        """Their expansions, which are work too."""
        texts: list[Text] = []
        for node in nodes:
            texts += words.expand(node, self)
            self.spend(len(texts) // 32)
        return texts

    def spend(self, steps: int) -> None:
        """Counts work. Raises TooMuch where it goes on longer than anybody follows."""
        self.found.steps += steps
        if self.found.steps > MOST_STEPS:
            raise TooMuch("longer than anybody follows")

    def _restore(self, before: dict[str, list[Text] | None]) -> None:
        for name, value in before.items():
            if value is None:
                self.state.variables.pop(name, None)
            else:
                self.state.variables[name] = value

    def _binarycmd(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        left, operator, right = node["X"], node.get("Op"), node["Y"]
        if operator in ("|", "|&"):
            return self.fork().statement(right, self.fork().statement(left, stdin, piped=True).having(STDIN))
        first = self.statement(left, stdin)
        with self.conditions.perhaps():
            second = self.statement(right, stdin)
        return joined([first, second]) if operator == "&&" else self._either(first, second)

    def _subshell(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        return self.fork().statements(node.get("Stmts", []), stdin)

    def _block(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        return self.statements(node.get("Stmts", []), stdin)

    def _ifclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        outputs = [self.statements(node.get("Cond", []), stdin)]
        with self.conditions.perhaps():
            outputs.append(self.statements(node.get("Then", []), stdin))
            if other := node.get("Else"):
                outputs.append(self._ifclause(other, stdin, flow))
        return self._one_of(outputs)

    def _either(self, first: Text, second: Text) -> Text:
        """`A || B`: one of two outputs, unless they are two names of one program."""
        names = [calls.known_as(text.value.strip()) for text in (first, second)]
        if first.known and names[0] and names[0] == names[1]:
            return first
        return self._one_of([first, second])

    def _one_of(self, outputs: list[Text]) -> Text:
        said = [output for output in outputs if output.value]
        return (
            said[0]
            if len(said) == 1
            else anything(*(mark for each in outputs for mark in each.marks))
            if said
            else EMPTY
        )

    def _whileclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        outputs = [self.statements(node.get("Cond", []), stdin)]
        self._look_for_processes(node)
        with self.conditions.perhaps():
            outputs.append(self.statements(node.get("Do", []), stdin))
        return anything(*(mark for each in outputs for mark in each.marks)) if joined(outputs).value else EMPTY

    def _look_for_processes(self, node: Node) -> None:
        """A loop that starts one process after the other and waits for none of them."""
        body = node.get("Do", [])
        starts = [each for each in body if each.get("Background")]
        names = {
            part.get("Value")
            for each in body
            for word in (each.get("Cmd") or {}).get("Args", [])
            for part in word["Parts"]
        }
        if starts and not names & {"wait", "sleep", "break", "exit", "return", "read"}:
            self.found.opaque("unresolved", "starts processes without waiting for any")

    def _forclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        loop = node["Loop"]
        if loop["Type"] == "CStyleLoop":
            for part in ("Init", "Cond", "Post"):
                arithmetic(loop.get(part), self)
            if not loop.get("Cond"):
                self._look_for_processes(node)
            name = ""
            turns = [EMPTY]
        else:
            name = loop["Name"]["Value"]
            turns = self._words(loop.get("Items", []))
        if not turns:
            turns = [ANYTHING] if "InPos" not in loop else []
        if len(turns) > _MOST_TURNS:
            turns = [*turns[:_MOST_TURNS], anything(*(mark for text in turns for mark in text.marks))]
        outputs = []
        for turn in turns:
            if name:
                self.state.variables[name] = [turn]
            outputs.append(self.statements(node.get("Do", []), stdin))
        return joined(outputs)

    def _caseclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        words.value_of(node.get("Word"), self)
        outputs = []
        for item in node.get("Items", []):
            for pattern in item.get("Patterns", []):
                words.value_of(pattern, self)
            with self.conditions.perhaps():
                outputs.append(self.statements(item.get("Stmts", []), stdin))
        return self._one_of(outputs)

    def _funcdecl(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        name = node["Name"]["Value"]
        self.state.functions[name] = node["Body"]
        if name in ("command_not_found_handle", "command_not_found_handler"):
            self.called(name, node["Body"], [ANYTHING], EMPTY)
        return EMPTY

    def _testclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        pending: list[Any] = [node.get("X")]
        while pending:
            each = pending.pop() or {}
            if each.get("Type") == "Word":
                value = words.value_of(each, self).value
                if _INDEX_RUNS.search(value):
                    self.found.opaque("unresolved", "an index that is computed by commands")
            else:
                pending += [each.get("X"), each.get("Y")] if each.get("X") else []
        return EMPTY

    def _arithmcmd(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        arithmetic(node.get("X"), self)
        return EMPTY

    def _letclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        for expression in node.get("Exprs", []):
            arithmetic(expression, self)
        return EMPTY

    def _declclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        declare.declaration(self, node)
        return EMPTY

    def _timeclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        return self.statement(node["Stmt"], stdin) if node.get("Stmt") else EMPTY

    def _coprocclause(self, node: Node, stdin: Text, flow: redirect.Flow) -> Text:
        return self.fork().statement(node["Stmt"], anything(STDIN))

    # --- what expanding words needs

    @property
    def home(self) -> str:
        return self.state.home

    @property
    def separators(self) -> str:
        found = self.state.lookup("IFS") or [Text(" \t\n")]
        return joined(found).value

    def variable(self, name: str) -> list[Text] | None:
        return self.state.lookup(name)

    def assign(self, name: str, value: list[Text]) -> None:
        assigned(self.state, name, value, certain=self.conditions.depth == 0)

    def substituted(self, node: Node) -> Text:
        self.found.substituted[id(node)] = node
        return self.fork().statements(node.get("Stmts", [])).having(OUTPUT)

    def expanded_again(self, text: Text) -> None:
        """Text that shfmt leaves as it is, and bash expands once more: patterns, prompts."""
        if re.search(r"\$\(|`|[<>]\(", text.value):
            self.found.opaque("unresolved", "a pattern or a prompt that runs commands")

    def process_substituted(self, node: Node) -> Text:
        self.found.substituted[id(node)] = node
        reader = self.fork()
        path = f"/dev/fd/{60 + len(self.state.files)}"
        if node.get("Op") == ">(":
            reader.statements(node.get("Stmts", []), anything(STDIN))
        else:
            self.state.files[path] = reader.statements(node.get("Stmts", []))
        return Text(path)

    def called(self, name: str, body: Node, arguments: list[Text], stdin: Text) -> Text:
        """A function of the script itself."""
        if name in self.calling:
            self.found.opaque("unresolved", f"{name} calls itself, without an end that anybody could see")
            return ANYTHING
        before = self.state.positional, self.calling, self.shadowed
        self.state.positional, self.calling, self.shadowed = arguments, (*self.calling, name), {}
        try:
            return self.statement(body, stdin)
        finally:
            self._restore(self.shadowed)
            self.state.positional, self.calling, self.shadowed = before


_COMMAND_STARTS = re.compile(r"[;&|\n(`{]|\$\(|\b(?:then|do|else|sudo|exec|eval|xargs|env|command)\s")
