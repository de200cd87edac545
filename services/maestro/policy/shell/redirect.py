"""Where does a statement's input come from, and where does its output go? Files, here-documents, hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maestro.policy.network import where_of_host
from maestro.policy.shell import files, words
from maestro.policy.shell.syntax import Node
from maestro.policy.shell.text import EMPTY, NETWORK, Text, joined

if TYPE_CHECKING:
    from maestro.policy.shell.walk import Reader

_INPUTS = ("<", "<>", "<&")
_DOCUMENTS = ("<<", "<<-")


@dataclass
class Flow:
    """What flows into a statement and out of it. `hosts`: its input or output is a connection."""

    reader: Reader
    stdin: Text
    targets: list[tuple[Text, bool]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def closed(self, output: Text) -> Text:
        """The output has gone where it should; what is left for the next one in the pipe."""
        for target, appended in self.targets:
            files.written(self.reader, target, output, appended=appended)
        if self.hosts:
            files.sent(self.reader, output, self.hosts)
        return EMPTY if self.targets else output


def opened(reader: Reader, redirects: Sequence[Node], stdin: Text) -> Flow:
    flow = Flow(reader, stdin)
    for node in redirects:
        _open(reader, node, flow)
    return flow


def _open(reader: Reader, node: Node, flow: Flow) -> None:
    operator, number = node.get("Op", ""), node.get("N", {}).get("Value", "")
    if operator in _DOCUMENTS:
        literal = words.is_quoted(node.get("Word"))
        _put(reader, number, words.document(node.get("Hdoc"), literal, reader), flow)
        return
    target = words.value_of(node.get("Word"), reader)
    if operator == "<<<":
        _put(reader, number, joined([target, Text("\n")]), flow)
    elif host := _host(target.value):
        flow.hosts.append(host)
        reader.found.add("network", host, where_of_host(host), "send")
        if "<" in operator:
            flow.stdin = Text(flow.stdin.value, marks=flow.stdin.marks | {NETWORK})
    elif operator == "<&" and target.value.isdigit():
        flow.stdin = reader.state.files.get(f"/dev/fd/{target.value}", flow.stdin.having("stdin", "descriptor"))
    elif operator in _INPUTS and not _is_descriptor(target.value):
        content = files.read(reader, target)
        _put(reader, number, content, flow)
        if operator == "<>":
            files.written(reader, target, EMPTY, appended=True)
    elif ">" in operator and not (operator in (">&", "<&") and _is_descriptor(target.value)):
        _open_output(reader, operator, number, target, flow)


def _put(reader: Reader, number: str, content: Text, flow: Flow) -> None:
    if number in ("", "0"):
        flow.stdin = content
    else:
        reader.state.files[f"/dev/fd/{number}"] = content


def _open_output(reader: Reader, operator: str, number: str, target: Text, flow: Flow) -> None:
    appended = operator in (">>", "&>>")
    if number in ("", "1") or operator.startswith("&"):
        flow.targets.append((target, appended))
    else:
        files.written(reader, target, EMPTY, appended=appended, content_known=False)


def _is_descriptor(value: str) -> bool:
    return value in ("-", "") or value.rstrip("-").isdigit()


def _host(path: str) -> str:
    """bash makes connections of these paths."""
    parts = path.split("/")
    return parts[3] if len(parts) >= 5 and parts[1] == "dev" and parts[2] in ("tcp", "udp") else ""
