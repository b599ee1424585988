from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def components_of(types: Iterable[type[Struct]], template: str) -> tuple[list[Schema], Schema]:
    """Give the JSON Schema of each type, and of what they are made of by name."""
    schemas, components = msgspec.json.schema_components(types, ref_template=template)
    return [_plain(each) for each in schemas], {k: _plain(v) for k, v in components.items()}


def standalone(message: type[Struct], identifier: str) -> Schema:
    """Give one message's JSON Schema with all that it is made of."""
    (schema,), parts = components_of([message], "#/$defs/{name}")
    return {"$schema": DIALECT, "$id": identifier, **schema, "$defs": parts}


def _plain(schema: Any) -> Any:
    """Leave out OpenAPI's discriminator, which JSON Schema does not know."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    is_union = "anyOf" in schema
    return {
        name: _plain(value)
        for name, value in schema.items()
        if not (is_union and name == "discriminator")
    }
