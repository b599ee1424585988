"""What is asked: a text or a vector, written in the definition or given as an input."""

import re
from collections.abc import Mapping
from typing import Any

from sterna_core.errors import InvalidRequest
from sterna_core.namespace_store.vector import Vector

_PLACE = re.compile(r"\{\{\s*(?:INPUT|INPUTS|input|inputs)\.(?P<name>[A-Za-z0-9_]+)\s*\}\}")
_USUAL = ("query", "text", "vector")


def asked(query: Any, inputs: Mapping[str, Any]) -> str | Vector:
    """Give the text or the vector that is asked for; raises InvalidRequest for neither.

    `{{INPUT.name}}` stands for an input. A definition without a query takes the input `query`,
    `text` or `vector`.
    """
    if query is None:
        query = next((inputs[name] for name in _USUAL if name in inputs), None)
    if isinstance(query, str):
        query = _filled(query, inputs)
    if isinstance(query, dict):
        query = next((query[name] for name in _USUAL if name in query), None)
        if isinstance(query, str):
            query = _filled(query, inputs)
    if isinstance(query, str) and query.strip():
        return query
    if isinstance(query, list) and all(_is_number(each) for each in query):
        try:
            return Vector.of(query)
        except OverflowError:
            raise InvalidRequest("A number is too large.", code="query_invalid") from None
    raise InvalidRequest(
        "Give the input `query`: a text, or a vector as a list of numbers.", code="query_invalid"
    )


def input_names(query: Any) -> tuple[str, ...]:
    """Name the inputs that a definition's query takes; none where it always asks the same."""
    if query is None:
        return ("query",)
    if isinstance(query, dict):
        query = next((query[name] for name in _USUAL if name in query), None)
    if not isinstance(query, str):
        return ()
    return tuple(dict.fromkeys(each["name"] for each in _PLACE.finditer(query)))


def _filled(text: str, inputs: Mapping[str, Any]) -> Any:
    whole = _PLACE.fullmatch(text.strip())
    if whole is not None:
        return inputs.get(whole["name"])
    return _PLACE.sub(lambda found: str(inputs.get(found["name"], "")), text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
