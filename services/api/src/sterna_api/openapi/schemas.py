from collections.abc import Iterable
from typing import Any

import msgspec

from sterna_api.http.paging import Pagination
from sterna_api.openapi.operation import Media, Operation, Page

_TEMPLATE = "#/components/schemas/{name}"
NO_NUL = r"^[^\u0000]*$"
"""PostgreSQL holds no NUL in text, so no text that is sent may have one."""


class Schemas:
    """The JSON Schemas of every type that operations name."""

    def __init__(self, operations: Iterable[Operation], also: Iterable[Any]) -> None:
        # By its place: a type may not be hashable, and some are equal that are not the same.
        self._types: list[Any] = []
        for operation in operations:
            self._add(operation.body)
            self._add(operation.query)
            self._add(operation.lines)
            for answer in operation.answers.values():
                for each in answer if isinstance(answer, tuple) else (answer,):
                    self._add(each.item if isinstance(each, Page) else each)
        for each in (*also, Pagination):
            self._add(each)
        schemas, components = msgspec.json.schema_components(self._types, ref_template=_TEMPLATE)
        self._schemas: tuple[dict[str, Any], ...] = tuple(_plain(each) for each in schemas)
        self.components: dict[str, Any] = {name: _plain(each) for name, each in components.items()}

    def of(self, kind: Any) -> dict[str, Any]:
        """Give the schema of a type, mostly a reference."""
        if isinstance(kind, Page):
            return {
                "type": "object",
                "properties": {
                    "data": {"type": "array", "items": self.of(kind.item)},
                    "pagination": self.of(Pagination),
                },
                "required": ["data", "pagination"],
            }
        place = next(place for place, known in enumerate(self._types) if known is kind)
        return self._schemas[place]

    def fields(self, kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
        """Give the schemas of a struct's fields, and the names of those that are required."""
        schema = self.of(kind)
        if "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema.get("properties", {}), frozenset(schema.get("required", ()))

    def _add(self, kind: Any) -> None:
        if kind is None or isinstance(kind, Media):
            return
        if not any(known is kind for known in self._types):
            self._types.append(kind)


def _plain(schema: Any) -> Any:
    """Say what msgspec leaves open: the type of a constant, and that text holds no NUL."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # The names of properties are no keywords.
    plain = {
        name: (
            {field: _plain(each) for field, each in value.items()}
            if name in {"properties", "$defs"}
            else value
            if name in {"default", "enum", "examples", "required", "mapping"}
            else _plain(value)
        )
        for name, value in schema.items()
    }
    if plain.get("type") == "string" and not plain.keys() & {"pattern", "format", "enum"}:
        plain["pattern"] = NO_NUL
    if isinstance(names := plain.get("propertyNames"), dict):
        plain["propertyNames"] = {"pattern": NO_NUL, **names}
    if "enum" in plain and "type" not in plain:
        kinds = {type(value) for value in plain["enum"]}
        if kinds == {str}:
            plain["type"] = "string"
    return plain
