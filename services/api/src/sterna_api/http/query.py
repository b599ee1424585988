from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.read_your_writes import PARAMETER
from sterna_api.http.shape import problems_of

T = TypeVar("T", bound=msgspec.Struct)

_WORDS = {"true": True, "1": True, "false": False, "0": False}


def read_query(request: web.Request, kind: type[T]) -> T:
    """Read a request's query parameters; raises InvalidShape with every problem there is.

    A parameter that is not known, or comes twice, is refused.
    """
    numbers, booleans = _fields(kind)
    raw: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, text in request.query.items():
        if name == PARAMETER:
            continue  # see ReadYourWrites
        if name in raw:
            problems.append(Problem(("query", name[:100]), "Given more than once", "repeated"))
        raw[name] = _value(text, is_number=name in numbers, is_boolean=name in booleans)
    problems.extend(problems_of(raw, kind, ("query",)))
    if problems:
        raise InvalidShape(problems)
    return msgspec.convert(raw, kind)


def _value(text: str, *, is_number: bool, is_boolean: bool) -> Any:
    if is_boolean:
        return _WORDS.get(text.lower(), text)
    if is_number and text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18:
        return int(text)
    return text


def _fields(kind: type[msgspec.Struct]) -> tuple[set[str], set[str]]:
    """Give the names of the fields that are integers, and of those that are booleans."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    numbers, booleans = set(), set()
    for field in info.fields:
        parts = (
            field.type.types if isinstance(field.type, msgspec.inspect.UnionType) else (field.type,)
        )
        if any(isinstance(part, msgspec.inspect.IntType) for part in parts):
            numbers.add(field.encode_name)
        if any(isinstance(part, msgspec.inspect.BoolType) for part in parts):
            booleans.add(field.encode_name)
    return numbers, booleans
