"""What a document asks a retriever with: its own fields, vectors of it, or what is always asked."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace.input_text import input_text
from sterna_core.namespace.json_path import Path
from sterna_core.namespace_store.document import Document
from sterna_core.taxonomy.refusal import refused

Source = Literal["payload", "vector", "literal"]
_USUAL = "vector"


class InputMapping(Struct, frozen=True, kw_only=True):
    """One input of a retriever; a vector without an address is that of the feature it searches."""

    input_key: str
    source: Source
    path: tuple[str, ...] = ()
    feature_uri: str | None = None
    value: Any = None


def mappings_of(raw: Any, at: Path) -> tuple[InputMapping, ...]:
    """Read mappings: a list of objects, or an object of inputs with addresses or paths.

    Without any, a document asks with its own vector.
    """
    if raw is None or raw in ([], {}):
        return (InputMapping(input_key=_USUAL, source="vector"),)
    if isinstance(raw, Mapping):
        return tuple(_short(str(key), value, (*at, str(key))) for key, value in raw.items())
    if not isinstance(raw, list):
        raise refused(at, "Input mappings are a list, or an object.")
    return tuple(_long(each, (*at, place)) for place, each in enumerate(raw))


def inputs_of(
    mappings: tuple[InputMapping, ...], document: Document, searched: str
) -> dict[str, Any] | None:
    """Give what a document asks with; None where it lacks something of it."""
    inputs: dict[str, Any] = {}
    for each in mappings:
        match each.source:
            case "payload":
                value = input_text(document.payload, each.path)
            case "vector":
                vector = document.vectors.get(each.feature_uri or searched)
                value = None if vector is None else list(vector.values())
            case "literal":
                value = each.value
        if value is None:
            return None
        inputs[each.input_key] = value
    return inputs


def _short(key: str, value: Any, at: Path) -> InputMapping:
    if not isinstance(value, str) or not value:
        raise refused(at, "An input is mapped to a feature's address, or to a path of names.")
    uri = parse_feature_uri(value)
    if uri is not None:
        return InputMapping(input_key=key, source="vector", feature_uri=str(uri))
    return InputMapping(input_key=key, source="payload", path=tuple(value.split(".")))


def _long(raw: Any, at: Path) -> InputMapping:
    key = raw.get("input_key") if isinstance(raw, Mapping) else None
    if not isinstance(key, str) or not key:
        raise refused(at, "An input mapping has an input_key.")
    path = raw.get("path")
    match raw.get("source_type", "payload"):
        case "literal" if raw.get("override") is not None:
            return InputMapping(input_key=key, source="literal", value=raw["override"])
        case "vector" if path is None:
            return InputMapping(input_key=key, source="vector")
        case "vector" if isinstance(path, str) and (uri := parse_feature_uri(path)) is not None:
            return InputMapping(input_key=key, source="vector", feature_uri=str(uri))
        case "payload" if isinstance(path, str) and path:
            return InputMapping(input_key=key, source="payload", path=tuple(path.split(".")))
    raise refused(
        at,
        "A source_type is payload with a path of names, vector with a feature's address or without"
        " a path, or literal with an override.",
    )
