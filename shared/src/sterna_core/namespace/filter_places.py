"""Where definitions choose by fields: each field that a filter names, and what it is held against.

A filter is an object of fields with values, or a list of conditions, and either may stand under
`AND`, `OR` or `NOT`. Stages say by what name they have theirs; a condition is one in any place.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from sterna_core.namespace.json_path import Path, Pattern, pattern, places
from sterna_core.namespace.resource import Resource
from sterna_core.taxonomy.field import ENRICHED

CLUSTER: Final = "cluster_id"
PRODUCT_FIELDS: Final = frozenset({"document_id", "collection_id", "_internal", CLUSTER})
"""Fields of documents that the product writes, beside those of taxonomies."""
_OBJECT_FIELDS: Final = frozenset({"bucket_id"})
_STAGES: Final = pattern("stages[].config")
_SOURCE: Final = pattern("source.source_filters")
_APPLIED: Final = pattern("taxonomy_applications[].scroll_filters")
_FILTERS: Final = frozenset({"filter", "filters", "conditions"})
_JOINS: Final = frozenset({"AND", "OR", "NOT"})


class FilterPlace(Struct, frozen=True, kw_only=True):
    """A field that is named at `named_at`, and what stands at `path` beside it.

    In an object of fields both are one place, and the name is the last step of it.
    """

    field: str
    named_at: Path
    path: Path
    value: Any
    of_objects: bool = False

    @property
    def is_product_field(self) -> bool:
        """Tell whether the product writes the field, and not the owner of what is filtered."""
        first = self.field.partition(".")[0]
        if self.of_objects:
            return self.field in _OBJECT_FIELDS
        return first in PRODUCT_FIELDS or first.startswith(ENRICHED)

    @property
    def last(self) -> str:
        """Give the last name of the field's path."""
        return self.field.rpartition(".")[2]


def filter_places(resource: Resource) -> Iterator[FilterPlace]:
    """Give every place of a definition's filters; what is none is passed over."""
    definition = resource.definition
    match resource.kind:
        case "retriever":
            for at, config in places(definition, _STAGES):
                yield from _in_config(config, at)
        case "collection":
            of_objects = _takes_objects(definition.get("source"))
            yield from _in_filters(definition, _SOURCE, of_objects=of_objects)
            yield from _in_filters(definition, _APPLIED, of_objects=False)
        case _:
            return


def _takes_objects(source: Any) -> bool:
    if not isinstance(source, Mapping):
        return False
    return bool(source.get("type", "bucket") == "bucket" and source.get("bucket_ids"))


def _in_filters(definition: Any, steps: Pattern, *, of_objects: bool) -> Iterator[FilterPlace]:
    for at, raw in places(definition, steps):
        yield from _in_filter(raw, at, of_objects)


def _in_config(value: Any, at: Path) -> Iterator[FilterPlace]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _in_config(each, (*at, index))
    elif isinstance(value, Mapping):
        if isinstance(value.get("field"), str):
            yield _condition(value, at, of_objects=False)
        for name, each in value.items():
            inside = _in_filter(each, (*at, name)) if name in _FILTERS else None
            yield from inside or _in_config(each, (*at, name))


def _in_filter(value: Any, at: Path, of_objects: bool = False) -> Iterator[FilterPlace]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, Mapping) and isinstance(each.get("field"), str):
                yield _condition(each, (*at, index), of_objects)
            else:
                yield from _in_filter(each, (*at, index), of_objects)
    elif isinstance(value, Mapping):
        if isinstance(value.get("field"), str) and "operator" in value:
            yield _condition(value, at, of_objects)
            return
        for name, each in value.items():
            path = (*at, name)
            if name.upper() in _JOINS and isinstance(each, Mapping | list):
                yield from _in_filter(each, path, of_objects)
            else:
                yield FilterPlace(
                    field=name, named_at=path, path=path, value=each, of_objects=of_objects
                )


def _condition(value: Mapping[str, Any], at: Path, of_objects: bool) -> FilterPlace:
    return FilterPlace(
        field=value["field"],
        named_at=(*at, "field"),
        path=(*at, "value"),
        value=value.get("value"),
        of_objects=of_objects,
    )
