"""What a JSON value may hold that is kept as it was sent, whatever it means."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import inspect

from sterna_api.http.problem import Location, Problem

_DEPTH_MAX = 32
_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1
"""What can be written again: an integer of 64 bits."""


def free_problems(value: Any, loc: Location) -> Iterator[Problem]:
    """Give what keeps a value from being written as it was read."""
    if len(loc) > _DEPTH_MAX:
        yield Problem(loc, "The value is nested too deeply", "too_deep")
        return
    match value:
        case str() if "\0" in value:
            yield Problem(loc, "Text holds no NUL character", "string_nul")
        case bool():
            return
        case int() if not _INTEGER_MIN <= value <= _INTEGER_MAX:
            yield Problem(loc, "An integer has 64 bits at the most", "int_too_large")
        case dict():
            for name, each in value.items():
                place = (*loc, name[:100])
                if "\0" in name:
                    yield Problem(place, "Text holds no NUL character", "string_nul")
                yield from free_problems(each, place)
        case list():
            for index, each in enumerate(value):
                yield from free_problems(each, (*loc, index))
        case _:
            return


@lru_cache(maxsize=256)
def has_free_parts(kind: Any) -> bool:
    """Tell whether a type leaves open what some part of it is."""
    return _has_free_parts(inspect.type_info(kind), frozenset())


def _has_free_parts(kind: inspect.Type, seen: frozenset[type]) -> bool:
    match kind:
        case inspect.AnyType():
            return True
        case inspect.Metadata():
            return _has_free_parts(kind.type, seen)
        case inspect.StructType():
            if kind.cls in seen:
                return False
            inside = seen | {kind.cls}
            return any(_has_free_parts(each.type, inside) for each in kind.fields)
        case inspect.UnionType():
            return any(_has_free_parts(each, seen) for each in kind.types)
        case inspect.ListType() | inspect.VarTupleType():
            return _has_free_parts(kind.item_type, seen)
        case inspect.DictType():
            return _has_free_parts(kind.value_type, seen)
        case _:
            return False
