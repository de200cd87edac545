"""Does this YAML document fit this model, and if not, what would a person change, and where?

`validate` is the one way from a file to a pydantic model. Values are taken strictly (a number is no text, `3` in
quotes is no number): what a file says is what is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from maestro_contracts.yamlfile import Document, FileProblem, InvalidFile, Path, did_you_mean


class FileModel(BaseModel):
    """The base of all models of files: frozen, strict, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


Model = TypeVar("Model", bound=FileModel)


def validate(document: Document, model: type[Model]) -> Model:
    """The document as an instance of the model. Raises InvalidFile with every mistake."""
    data = {} if document.data is None else document.data
    try:
        # As JSON, since strictness then takes a list for a tuple and nothing else for anything else.
        return model.model_validate_json(msgspec.json.encode(data))
    except ValidationError as error:
        found = [details for details in error.errors(include_url=False) if not _is_echo(details)]
        raise InvalidFile(_problem(document, model, details) for details in found) from None


def _is_echo(details: ErrorDetails) -> bool:
    """True for 'too few' where there are enough, some of them wrong: those are told already."""
    if details["type"] != "too_short":
        return False
    return bool(len(details["input"]) >= details["ctx"]["min_length"])


def _problem(document: Document, model: type[FileModel], details: ErrorDetails) -> FileProblem:
    path, known = _place(model, details["loc"])
    reason, mend = _words(details, known)
    return document.problem(path, reason, mend)


def _place(model: type[FileModel], loc: tuple[int | str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The path in the file of pydantic's location, and the keys known where its last part stands."""
    path: Path = ()
    at: Any = model
    known: tuple[str, ...] = ()
    for part in loc:
        if part == "[key]":
            continue
        members = _by_tag(at)
        if isinstance(part, str) and part in members:
            at = members[part]
            continue
        inside = _model_in(at)
        known = tuple(inside.model_fields) if inside else ()
        path = (*path, part)
        at = _plain(_inner(at, inside, part))
    return path, known


def _model_in(at: Any) -> type[BaseModel] | None:
    """The model that `at` is, or may be beside None."""
    return next((kind for kind in (at, *get_args(at)) if _is_model(kind)), None) if not _by_tag(at) else None


def _is_model(at: Any) -> bool:
    return isinstance(at, type) and issubclass(at, BaseModel)


def _inner(at: Any, inside: type[BaseModel] | None, part: int | str) -> Any:
    """The type of a field, or of a collection's items."""
    if inside is not None and isinstance(part, str):
        field = inside.model_fields.get(part)
        return field.annotation if field is not None else None
    return next((arg for arg in get_args(at) if arg is not Ellipsis and arg is not str), None)


def _plain(at: Any) -> Any:
    """The type without what `Annotated` puts around it."""
    return _plain(get_args(at)[0]) if get_origin(at) is Annotated else at


def _by_tag(at: Any) -> dict[str, type[BaseModel]]:
    """The members of a tagged union by their `type`."""
    members = (arg for arg in get_args(at) if _is_model(arg) and "type" in arg.model_fields)
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in members}


Words = tuple[str, str]


def _words(details: ErrorDetails, known: tuple[str, ...]) -> Words:
    """Pydantic's finding as a reason and a mend."""
    context = details.get("ctx", {})
    rule = _RULES.get(details["type"])
    if details["type"] == "extra_forbidden":
        return "no such key here", did_you_mean(str(details["loc"][-1]), known)
    if details["type"] == "wrong":
        return context["reason"], context["mend"]
    if rule is not None:
        return rule(details["input"], context)
    return details["msg"].removeprefix("Value error, "), ""


def _kind(wanted: str, mend: str) -> Callable[[Any, dict[str, Any]], Words]:
    def words(given: Any, context: dict[str, Any]) -> Words:
        if given is None:
            return f"must be {wanted}, and nothing is written", "write a value, or remove the line"
        return f"must be {wanted}, not {_shown(given)}", mend

    return words


def _shown(given: Any) -> str:
    text = msgspec.json.encode(given).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _literal(given: Any, context: dict[str, Any]) -> Words:
    return f"must be {context['expected']}, not {_shown(given)}", ""


def _tag(given: Any, context: dict[str, Any]) -> Words:
    expected = [tag.strip("' ") for tag in context["expected_tags"].split(",")]
    return f"{context['tag']!r} is no type of step", did_you_mean(context["tag"], expected)


def _bound(words: str, name: str) -> Callable[[Any, dict[str, Any]], Words]:
    return lambda given, context: (f"must be {words} {context[name]:g}, not {_shown(given)}", "")


_RULES: dict[str, Callable[[Any, dict[str, Any]], Words]] = {
    "missing": lambda given, context: ("is missing", "add it"),
    "union_tag_not_found": lambda given, context: ("has no 'type'", "add a line 'type: ...'"),
    "union_tag_invalid": _tag,
    "literal_error": _literal,
    "string_type": _kind("text", "put it in quotes"),
    "int_type": _kind("a whole number", "write a number without quotes"),
    "int_from_float": _kind("a whole number", "write it without a fraction"),
    "float_type": _kind("a number", "write a number without quotes"),
    "bool_type": _kind("true or false", "write true or false, without quotes"),
    "tuple_type": _kind("a list", "write [a, b], or one '- ' line for each"),
    "dict_type": _kind("a mapping", "write 'key: value' lines"),
    "model_type": _kind("a mapping", "write 'key: value' lines"),
    "model_attributes_type": _kind("a mapping", "write 'key: value' lines"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "greater_than": _bound("greater than", "gt"),
    "string_pattern_mismatch": lambda given, context: (f"{_shown(given)} has characters that cannot stand here", ""),
    "too_short": lambda given, context: (f"needs at least {context['min_length']}", "add one"),
    "too_long": lambda given, context: (f"takes at most {context['max_length']}", "remove some"),
    "string_too_short": lambda given, context: ("must not be empty", "write something"),
    "string_too_long": lambda given, context: (f"longer than {context['max_length']} characters", "shorten it"),
}
