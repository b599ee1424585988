"""Holds every answer that a test gets against what the service says of itself."""

import re
from functools import cache
from typing import Any

from sterna_api.openapi.document import document
from sterna_api.openapi.table import OPERATIONS

_PLACE = re.compile(r"\\\{\w+\\\}")
_ANYWHERE = frozenset({405})
"""What a method is answered with that an address does not have: no operation can say so."""


def check_described(method: str, path: str, status: int, content_type: str) -> None:
    """Fail where an operation gives an answer that its description does not know."""
    found = _operation(method, path.partition("?")[0])
    if found is None or status in _ANYWHERE:
        return
    assert status < 500 or status == 503, f"{method} {path}: {status}"
    described = found["responses"].get(str(status))
    assert described is not None, f"{method} {path}: {status} is not described"
    described = _resolved(described)
    media = content_type.partition(";")[0].strip()
    if media and method != "HEAD" and status not in {204, 304}:
        known = described.get("content", {})
        assert media in known, f"{method} {path}: {status} is not described as {media}"


def _operation(method: str, path: str) -> Any:
    wanted = "get" if method == "HEAD" else method.lower()
    for pattern, methods in _patterns():
        if pattern.fullmatch(path) and wanted in methods:
            return methods[wanted]
    return None


@cache
def _document() -> dict[str, Any]:
    return document(OPERATIONS)


@cache
def _patterns() -> list[tuple[re.Pattern[str], Any]]:
    # What has no place for an id comes first: it is found first by the service too.
    paths = sorted(_document()["paths"].items(), key=lambda each: each[0].count("{"))
    return [(re.compile(_PLACE.sub("[^/]+", re.escape(path))), found) for path, found in paths]


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    reference = described.get("$ref")
    if reference is None:
        return described
    found: dict[str, Any] = _document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
