"""Does the tree hold only what the reader accounts for? Every node type of mvdan.cc/sh's syntax, field by field.

A node or a field that stands not here makes the whole text opaque: a newer shfmt may know syntax that we do not follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from maestro.policy.shell.syntax import PLACES, Node

_REMARKS = frozenset("Comments Last CondLast ThenLast DoLast".split())
_PASSED_OVER = PLACES | _REMARKS | {"Type", "InPos"}

FIELDS: dict[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "File": "Stmts",
        "Stmt": "Cmd Negated Background Redirs",
        "CallExpr": "Assigns Args",
        "Assign": "Append Naked Name Index Value Array",
        "Redirect": "Op N Word Hdoc",
        "Subshell": "Stmts",
        "Block": "Stmts",
        "IfClause": "Cond Then Else",
        "WhileClause": "Until Cond Do",
        "ForClause": "Select Loop Do Braces",
        "WordIter": "Name Items",
        "CStyleLoop": "Init Cond Post",
        "BinaryCmd": "Op X Y",
        "FuncDecl": "RsrvWord Parens Name Body",
        "CaseClause": "Word Items",
        "CaseItem": "Op Patterns Stmts",
        "TestClause": "X",
        "ArithmCmd": "X",
        "DeclClause": "Variant Args",
        "LetClause": "Exprs",
        "TimeClause": "PosixFormat Stmt",
        "CoprocClause": "Name Stmt",
        "Word": "Parts",
        "Lit": "Value",
        "SglQuoted": "Dollar Value",
        "DblQuoted": "Dollar Parts",
        "CmdSubst": "Stmts Backquotes",
        "ProcSubst": "Op Stmts",
        "ParamExp": "Short Excl Length Param Index Slice Repl Names Exp",
        "ArithmExp": "Bracket X",
        "ExtGlob": "Op Pattern",
        "Slice": "Offset Length",
        "Replace": "All Orig With",
        "Expansion": "Op Word",
        "BinaryArithm": "Op X Y",
        "UnaryArithm": "Op Post X",
        "ParenArithm": "X",
        "BinaryTest": "Op X Y",
        "UnaryTest": "Op X",
        "ParenTest": "X",
        "ArrayExpr": "Elems",
        "ArrayElem": "Index Value",
    }.items()
}
"""Fields by type. Zsh's and mksh's own fields are left out on purpose: bash has none of them."""

_UNTYPED = {
    "Stmts": "Stmt",
    "Cond": "Stmt",
    "Then": "Stmt",
    "Do": "Stmt",
    "Body": "Stmt",
    "Stmt": "Stmt",
    "Assigns": "Assign",
    "Redirs": "Redirect",
    "Else": "IfClause",
    "Word": "Word",
    "Hdoc": "Word",
    "Value": "Word",
    "Orig": "Word",
    "With": "Word",
    "Patterns": "Word",
    "N": "Lit",
    "Variant": "Lit",
    "Param": "Lit",
    "Pattern": "Lit",
    "Array": "ArrayExpr",
    "Elems": "ArrayElem",
    "Slice": "Slice",
    "Repl": "Replace",
    "Exp": "Expansion",
}
_UNTYPED_BY_OWNER = {
    ("CallExpr", "Args"): "Word",
    ("DeclClause", "Args"): "Assign",
    ("WordIter", "Items"): "Word",
    ("CaseClause", "Items"): "CaseItem",
    ("CoprocClause", "Name"): "Word",
    ("BinaryCmd", "X"): "Stmt",
    ("BinaryCmd", "Y"): "Stmt",
}


def unaccounted(tree: Node) -> str:
    """The first thing in the tree that nobody accounts for; empty where there is none. Deep trees too: no recursion."""
    pending: list[tuple[Node, str]] = [(tree, "File")]
    while pending:
        node, expected = pending.pop()
        kind = node.get("Type", expected)
        known = FIELDS.get(kind)
        if known is None:
            return f"node {kind}"
        for field, value in node.items():
            if field in _PASSED_OVER:
                continue
            if field not in known:
                return f"{kind}.{field}"
            pending += _children(kind, field, value)
    return ""


def _children(owner: str, field: str, value: object) -> Iterator[tuple[Node, str]]:
    expected = _UNTYPED_BY_OWNER.get((owner, field)) or _UNTYPED.get(field) or ("Lit" if field == "Name" else "?")
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each, expected
