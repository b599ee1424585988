from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sterna_api.http.free_value import has_free_parts
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.shape import DEPTH_MAX, problems_of

T = TypeVar("T", bound=msgspec.Struct)

_BODY: Location = ("body",)
_MARKS = (rb"\u0000", b"0001-01-01", b"9999-12-31")
_EXACT_MAX = 2**53
"""Up to here a double is a whole number exactly."""


async def read_body(request: web.Request, kind: type[T]) -> T:
    """Read a request's JSON body; an empty body is an empty object.

    Raises InvalidShape with every problem there is.
    """
    return decode_body(await request.read(), kind)


def decode_body(body: bytes, kind: type[T]) -> T:
    """Read JSON as a `kind`; raises InvalidShape with every problem there is."""
    try:
        decoded = msgspec.json.decode(body.strip() or b"{}", type=kind)
    except msgspec.ValidationError as error:
        return _decode_slowly(body, kind, error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidShape([Problem(_BODY, "The body is not JSON", "json_invalid")]) from None
    except RecursionError:
        raise InvalidShape([_too_deep()]) from None
    # Whether the escape is one depends on the backslash before it: only the slow way knows.
    # So with the first and the last day there is, which may be none in UTC.
    # What is free msgspec takes whatever it is.
    suspect = has_free_parts(kind) or any(mark in body for mark in _MARKS) or _may_be_deep(body)
    if suspect and (problems := _all_problems(body, kind)):
        raise InvalidShape(problems)
    return decoded


def _may_be_deep(body: bytes) -> bool:
    """Tell whether there are enough brackets for more depth than there may be."""
    return body.count(b"[") + body.count(b"{") > DEPTH_MAX


def _decode_slowly(body: bytes, kind: type[T], error: msgspec.ValidationError) -> T:
    """Read what msgspec refuses: JSON knows one kind of number, so 5.0 is an integer."""
    problems = _all_problems(body, kind)
    if problems:
        raise InvalidShape(problems)
    try:
        return msgspec.convert(_read(body), kind)
    except msgspec.ValidationError:
        raise InvalidShape([_first_problem(error)]) from None


def _all_problems(body: bytes, kind: Any) -> list[Problem]:
    try:
        raw = _read(body)
    except RecursionError:
        return [_too_deep()]
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Well-formed up to where the first problem was, and no further.
        return [Problem(_BODY, "The body is not JSON", "json_invalid")]
    return problems_of(raw, kind, _BODY)


def _read(body: bytes) -> Any:
    return _with_integers(msgspec.json.decode(body.strip() or b"{}"))


def _with_integers(value: Any) -> Any:
    match value:
        case dict():
            return {name: _with_integers(each) for name, each in value.items()}
        case list():
            return [_with_integers(each) for each in value]
        case float() if value.is_integer() and abs(value) <= _EXACT_MAX:
            return int(value)
    return value


def _first_problem(error: msgspec.ValidationError) -> Problem:
    """Give msgspec's own words, for what only msgspec refuses (they never hold the value)."""
    return Problem(_BODY, str(error), "value_error")


def _too_deep() -> Problem:
    return Problem(_BODY, "The value is nested too deeply", "too_deep")
