"""Which label a document has, and how it is written into the document."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from sterna_core.namespace.input_text import input_text
from sterna_core.namespace_store.feature import Metric
from sterna_core.namespace_store.query import Hit
from sterna_core.taxonomy.field import EnrichmentField
from sterna_core.taxonomy.node import Node
from sterna_core.taxonomy.taxonomy import Taxonomy

THRESHOLD_OF_COSINE: Final = 0.5
"""How alike a document and its label are at least, where nothing else is said.

Other metrics have no scale of their own: there the nearest is the label, however far it is.
"""
_DIGITS: Final = 6

Ask = Callable[[Node], Awaitable[Hit | None]]
"""Gives the nearest document of a node's collection, or None where there is none."""


class Match(Struct, frozen=True):
    """A document of a node's collection that is near enough."""

    node: Node
    hit: Hit


def threshold_of(node: Node, metric: Metric) -> float:
    """Give the score that a label needs at least."""
    if node.threshold is not None:
        return node.threshold
    return THRESHOLD_OF_COSINE if metric == "cosine" else float("-inf")


async def matches_of(
    taxonomy: Taxonomy, ask: Ask, thresholds: Mapping[str, float]
) -> tuple[Match, ...]:
    """Go down from a node without a parent as far as there are matches; give them from the top.

    Of nodes side by side the one with the greatest score is gone on with, and of equal ones the
    one whose document has the lesser id. `thresholds` are those of nodes by their collections.
    """
    found: list[Match] = []
    nodes = taxonomy.below(None)
    while nodes:
        level = []
        for node in nodes:
            hit = await ask(node)
            if hit is not None and hit.score >= thresholds[node.collection_id]:
                level.append(Match(node, hit))
        if not level:
            break
        best = min(level, key=lambda each: (-each.hit.score, each.hit.document.document_id))
        found.append(best)
        nodes = taxonomy.below(best.node.collection_id)
    return tuple(found)


def assigned(
    taxonomy: Taxonomy, matches: tuple[Match, ...], before: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give what the taxonomy's field holds after it held `before`; None where it goes.

    The label is that of the last match. Lists that are appended to keep what they have, even
    where nothing matches; writing the same again changes nothing.
    """
    kept = before.get("fields")
    fields = _fields(taxonomy, matches, kept if isinstance(kept, Mapping) else {})
    if not matches:
        return {"taxonomy_id": taxonomy.taxonomy_id, "fields": fields} if fields else None
    last = matches[-1]
    path = [_label(taxonomy, each) for each in matches]
    whole: dict[str, Any] = {
        "taxonomy_id": taxonomy.taxonomy_id,
        "label": path[-1],
        "document_id": last.hit.document.document_id,
        "collection_id": last.node.collection_id,
        "score": round(last.hit.score, _DIGITS),
        "path": path,
    }
    return {**whole, "fields": fields} if fields else whole


def label_of(value: Any) -> str | None:
    """Give the label in a field that a taxonomy, or whoever wrote for it, has left."""
    if isinstance(value, Mapping):
        label = value.get("label", value.get("document_id"))
        return label if isinstance(label, str) else None
    return value if isinstance(value, str) else None


def is_same_label(one: Any, other: Any) -> bool:
    """Tell whether two fields have the same label, or both have none.

    A document that has no label of its own stands for itself, whatever its id is called there.
    """
    label = label_of(one)
    if label == label_of(other):
        return True
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    found = one.get("document_id")
    return found is not None and found == other.get("document_id")


def _fields(
    taxonomy: Taxonomy, matches: tuple[Match, ...], before: Mapping[str, Any]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for node in taxonomy.nodes:
        for each in node.fields:
            if each.appends and each.target in before:
                fields[each.target] = _united((), before[each.target])
    for match in matches:
        for each in match.node.fields:
            value = input_text(match.hit.document.payload, each.path)
            if value is not None:
                fields[each.target] = _merged(each, fields.get(each.target), value)
    return fields


def _merged(field: EnrichmentField, there: Any, value: Any) -> Any:
    return _united([] if there is None else there, value) if field.appends else value


def _united(there: Any, more: Any) -> list[Any]:
    """Give a list of both without what stands in it twice; what is no list is one of one."""
    united: list[Any] = []
    for each in (*_listed(there), *_listed(more)):
        if not any(each == known and type(each) is type(known) for known in united):
            united.append(each)
    return united


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _label(taxonomy: Taxonomy, match: Match) -> str:
    if not taxonomy.is_flat:
        return match.node.label or match.node.collection_id
    for path in taxonomy.label_fields:
        label = input_text(match.hit.document.payload, path)
        if isinstance(label, str) and label:
            return label
    return match.hit.document.document_id
