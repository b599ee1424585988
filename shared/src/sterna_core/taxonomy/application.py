"""Where a taxonomy is applied: the collections whose documents get its labels."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from sterna_core.namespace.json_path import pattern, places
from sterna_core.namespace.resource import Resource

_ON_DEMAND: Final = "on_demand"
_APPLIED: Final = pattern("taxonomy_applications[]")


class Application(Struct, frozen=True, kw_only=True):
    """A collection, and which of its documents: those that fit one of the filters, as written."""

    collection_id: str
    filters: tuple[Any, ...]


def applications(resources: Iterable[Resource]) -> dict[str, tuple[Application, ...]]:
    """Give where each taxonomy is applied, each collection once.

    It is applied to the collection that says so, or to the one that it names as the target. What
    is applied on demand is in no document.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for each in resources:
        if each.kind != "collection":
            continue
        for _, raw in places(each.definition, _APPLIED):
            if not isinstance(raw, Mapping) or raw.get("execution_mode") == _ON_DEMAND:
                continue
            taxonomy_id = raw.get("taxonomy_id")
            collection_id = raw.get("target_collection_id") or each.resource_id
            if isinstance(taxonomy_id, str):
                collections = found.setdefault(taxonomy_id, {})
                collections.setdefault(collection_id, []).append(raw.get("scroll_filters"))
    return {
        taxonomy_id: tuple(
            Application(collection_id=name, filters=tuple(filters))
            for name, filters in collections.items()
        )
        for taxonomy_id, collections in found.items()
    }
