"""Hypothesis strategies for every event and command, built from their types."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(-(2**63), 2**63 - 1)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@cache
def built(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Instances of the struct; fields with a default are left out now and then."""
    info = msgspec.inspect.type_info(cls)
    assert isinstance(info, msgspec.inspect.StructType)
    required = {field.name: of(field.type) for field in info.fields if field.required}
    optional = {field.name: of(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: cls(**values))


def of(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a type as msgspec sees it."""
    match kind:
        case msgspec.inspect.StrType():
            return TEXT
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType():
            return WHOLE
        case msgspec.inspect.BytesType():
            return st.binary(max_size=40)
        case msgspec.inspect.FloatType():
            return NUMBER
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([of(each) for each in types])
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(of(item), max_size=2).map(tuple)
        case msgspec.inspect.TupleType(item_types=items):
            return st.tuples(*[of(item) for item in items])
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(of(key), of(value), max_size=2)
        case msgspec.inspect.AnyType():
            return st.none() | st.booleans() | TEXT | st.integers(-(2**31), 2**31)
        case msgspec.inspect.StructType(cls=cls):
            return st.deferred(lambda: built(cls))
        case _:
            raise TypeError(f"no strategy for {kind}")
