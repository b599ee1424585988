"""Filters of definitions for the target: they choose there what they have chosen before."""

from typing import Any, Final, Protocol

from msgspec import Struct

from sterna_core.namespace.filter_places import FilterPlace, filter_places
from sterna_core.namespace.json_path import Path, replaced, texts
from sterna_core.namespace.resource import Resource

_TEMPLATE: Final = "{{"
"""What stands for an input: nothing is known of it."""


class RewritesDocuments(Protocol):
    """What becomes of that which the product writes into documents."""

    def enriched(self, name: str) -> str:
        """Give the name of a taxonomy's field as it is in the target."""

    def written(self, field: str, value: Any) -> Any:
        """Give what the product wrote under the name of a field as it is in the target."""


class FilterChanges(Struct, frozen=True):
    """What takes the place of values, and of the names of fields in objects."""

    values: dict[Path, Any]
    names: dict[Path, str]


def filter_changes(resource: Resource, rewriting: RewritesDocuments) -> FilterChanges:
    """Give what changes in the filters of a definition, as it was before anything else changed.

    A value that is held against a field of the product's becomes what documents get there. One
    that is held against a field of the owner's stays, as it does in documents, whatever it reads
    like.
    """
    values: dict[Path, Any] = {}
    names: dict[Path, str] = {}
    for place in filter_places(resource):
        if not place.is_product_field:
            values[place.path] = place.value
            continue
        values[place.path] = _value(place, rewriting)
        field = _field(place, rewriting)
        if field == place.field:
            continue
        if place.named_at == place.path:
            names[place.path] = field
        else:
            values[place.named_at] = field
    return FilterChanges(values, names)


def _field(place: FilterPlace, rewriting: RewritesDocuments) -> str:
    if place.of_objects:
        return place.field
    first, dot, rest = place.field.partition(".")
    return f"{rewriting.enriched(first)}{dot}{rest}"


def _value(place: FilterPlace, rewriting: RewritesDocuments) -> Any:
    """Rewrite each text that a field is held against, alone or in a list."""
    changes = {
        path: rewriting.written(place.last, text)
        for path, text in texts(place.value)
        if _TEMPLATE not in text
    }
    return replaced(place.value, changes, frozenset())
