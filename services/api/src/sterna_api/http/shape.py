"""Finds every problem of a decoded JSON value, where msgspec names only the first.

The rules are msgspec's strict ones, so a value has no problem here exactly when msgspec takes it
(text with NUL apart, which PostgreSQL cannot hold). Only the kinds of types that requests are
made of are known; another kind is a fault of the programmer and raises TypeError.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

from sterna_api.http.free_value import free_problems
from sterna_api.http.problem import Location, Problem

DEPTH_MAX = 32
PROBLEMS_MAX = 100


@lru_cache(maxsize=256)
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def problems_of(value: Any, kind: Any, loc: Location) -> list[Problem]:
    """List what is wrong with `value` as a `kind`, at most 100 problems."""
    found: list[Problem] = []
    for problem in _check(value, _type_of(kind), loc):
        found.append(problem)
        if len(found) == PROBLEMS_MAX:
            break
    return found


def _check(value: Any, kind: inspect.Type, loc: Location) -> Iterator[Problem]:
    if len(loc) > DEPTH_MAX:
        yield Problem(loc, "The value is nested too deeply", "too_deep")
        return
    match kind:
        case inspect.Metadata():
            yield from _check(value, kind.type, loc)
        case inspect.UnionType():
            yield from _check_optional(value, kind, loc)
        case inspect.StructType():
            yield from _check_struct(value, kind, loc)
        case inspect.ListType() | inspect.VarTupleType():
            yield from _check_list(value, kind, loc)
        case inspect.DictType():
            yield from _check_names(value, kind, loc)
        case inspect.StrType():
            yield from _check_text(value, kind, loc)
        case inspect.IntType():
            if isinstance(value, bool) or not isinstance(value, int):
                yield Problem(loc, "Input should be an integer", "int_type")
            else:
                yield from _check_bounds(value, kind, loc)
        case inspect.FloatType():
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield Problem(loc, "Input should be a number", "float_type")
            else:
                yield from _check_bounds(value, kind, loc)
        case inspect.BoolType():
            if not isinstance(value, bool):
                yield Problem(loc, "Input should be true or false", "bool_type")
        case inspect.NoneType():
            if value is not None:
                yield Problem(loc, "Input should be null", "none_required")
        case inspect.LiteralType():
            if value not in kind.values or isinstance(value, bool):
                allowed = ", ".join(repr(item) for item in kind.values)
                yield Problem(loc, f"Input should be one of {allowed}", "literal_error")
        case inspect.DateTimeType():
            yield from _check_moment(value, kind, loc)
        case inspect.AnyType():
            yield from free_problems(value, loc)
        case _:
            raise TypeError(f"requests are not made of {type(kind).__name__}")


def _check_optional(value: Any, kind: inspect.UnionType, loc: Location) -> Iterator[Problem]:
    """Check a union of null and one other type, or of scalars and an object: there is no other."""
    if value is None and kind.includes_none:
        return
    others = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    if len(others) == 1:
        yield from _check(value, others[0], loc)
        return
    found = [list(_check(value, part, loc)) for part in others]
    if not all(found):
        return
    # Text that is not as it should be is said to be so, and not to be no number; so are objects.
    told = (each for part, each in zip(others, found, strict=True) if _is_like(value, part))
    problems = next(told, None)
    if problems is not None:
        yield from problems
    else:
        yield Problem(loc, "Input should be a text, a number, true or false", "scalar_type")


def _is_like(value: Any, kind: inspect.Type) -> bool:
    plain = kind.type if isinstance(kind, inspect.Metadata) else kind
    return (isinstance(value, str) and isinstance(plain, inspect.StrType)) or (
        isinstance(value, dict) and isinstance(plain, inspect.DictType)
    )


def _check_struct(value: Any, kind: inspect.StructType, loc: Location) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(loc, "Input should be an object", "object_type")
        return
    known = {field.encode_name: field for field in kind.fields}
    for name, field in known.items():
        if name in value:
            yield from _check(value[name], field.type, (*loc, name))
        elif field.required:
            yield Problem((*loc, name), "Field required", "missing")
    if kind.forbid_unknown_fields:
        for name in value.keys() - known.keys():
            yield Problem((*loc, name[:100]), "Extra inputs are not permitted", "extra_forbidden")


def _check_list(
    value: Any, kind: inspect.ListType | inspect.VarTupleType, loc: Location
) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(loc, "Input should be an array", "list_type")
        return
    if kind.min_length is not None and len(value) < kind.min_length:
        yield Problem(loc, f"There should be at least {kind.min_length} items", "too_short")
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Problem(loc, f"There should be at most {kind.max_length} items", "too_long")
    for index, item in enumerate(value):
        yield from _check(item, kind.item_type, (*loc, index))


def _check_names(value: Any, kind: inspect.DictType, loc: Location) -> Iterator[Problem]:
    """Check an object whose names are as free as its values."""
    if not isinstance(value, dict):
        yield Problem(loc, "Input should be an object", "object_type")
        return
    if kind.min_length is not None and len(value) < kind.min_length:
        yield Problem(loc, f"There should be at least {kind.min_length} items", "too_short")
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Problem(loc, f"There should be at most {kind.max_length} items", "too_long")
    for name, item in value.items():
        place = (*loc, name[:100])
        yield from _check(name, kind.key_type, place)
        yield from _check(item, kind.value_type, place)


def _check_text(value: Any, kind: inspect.StrType, loc: Location) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(loc, "Input should be a string", "string_type")
        return
    if "\0" in value:
        yield Problem(loc, "Text holds no NUL character", "string_nul")
    if kind.min_length is not None and len(value) < kind.min_length:
        msg = f"Text should have at least {kind.min_length} characters"
        yield Problem(loc, msg, "string_too_short")
    if kind.max_length is not None and len(value) > kind.max_length:
        msg = f"Text should have at most {kind.max_length} characters"
        yield Problem(loc, msg, "string_too_long")
    elif kind.pattern is not None and re.search(kind.pattern, value) is None:
        yield Problem(loc, f"Text should match {kind.pattern}", "string_pattern_mismatch")


def _check_bounds(
    value: float, kind: inspect.IntType | inspect.FloatType, loc: Location
) -> Iterator[Problem]:
    if kind.ge is not None and value < kind.ge:
        msg = f"Input should be greater than or equal to {kind.ge}"
        yield Problem(loc, msg, "greater_than_equal")
    if kind.le is not None and value > kind.le:
        msg = f"Input should be less than or equal to {kind.le}"
        yield Problem(loc, msg, "less_than_equal")


def _check_moment(value: Any, kind: inspect.DateTimeType, loc: Location) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(loc, "Input should be a moment as text", "datetime_type")
        return
    try:
        parsed = msgspec.convert(value, datetime)
        if parsed.tzinfo is not None:
            parsed.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        yield Problem(loc, "Input should be a moment by RFC 3339", "datetime_parsing")
        return
    if kind.tz and parsed.tzinfo is None:
        yield Problem(loc, "The moment should have a zone", "timezone_aware")
