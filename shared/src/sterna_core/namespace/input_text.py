"""Which text of a document an extractor reads, as the document's collection says."""

from collections.abc import Mapping
from typing import Any, Final

TEXT: Final = "text"
"""The input of an extractor of texts, and the field that is read where no mapping says another."""


def input_path(collection: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the path of the field, by `feature_extractor.input_mappings.text` of a collection."""
    extractor = collection.get("feature_extractor")
    mappings = extractor.get("input_mappings") if isinstance(extractor, Mapping) else None
    field = mappings.get(TEXT) if isinstance(mappings, Mapping) else None
    return tuple(field.split(".")) if isinstance(field, str) and field else (TEXT,)


def input_text(payload: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Give what stands at a path of a payload, or None."""
    value: Any = payload
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value
