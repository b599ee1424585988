"""A taxonomy as far as Sterna can carry it out, read from its definition."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from sterna_core.namespace.json_path import Path
from sterna_core.namespace.resource import Resource
from sterna_core.taxonomy.field import ENRICHED, fields_of, is_label_of, merge_mode_of
from sterna_core.taxonomy.input_mapping import mappings_of
from sterna_core.taxonomy.node import Node
from sterna_core.taxonomy.refusal import refused

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
LABEL_FIELDS: Final = (("label",), ("name",), ("title",))
"""Where the label of a document of a reference collection is, if the definition does not say."""


class Taxonomy(Struct, frozen=True, kw_only=True):
    """Nodes from which documents take their labels: one of a flat taxonomy, a forest otherwise."""

    taxonomy_id: str
    field: str
    nodes: tuple[Node, ...]
    is_flat: bool
    label_fields: tuple[tuple[str, ...], ...] = LABEL_FIELDS

    def below(self, collection_id: str | None) -> tuple[Node, ...]:
        """Give the nodes right below one, or those without a parent."""
        return tuple(each for each in self.nodes if each.parent_id == collection_id)

    def owns(self, name: str, value: Any) -> bool:
        """Tell whether this taxonomy wrote a field of a document."""
        if name in {self.field, f"{ENRICHED}{self.taxonomy_id}"}:
            return True
        return is_label_of(name, value, (self.taxonomy_id,))

    def written_in(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Give of a document what this taxonomy wrote."""
        return {name: each for name, each in payload.items() if self.owns(name, each)}

    def missing_in(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Give a document without what this taxonomy wrote."""
        return {name: each for name, each in payload.items() if not self.owns(name, each)}


def field_of(taxonomy: Resource) -> str:
    """Name the field of its labels, by `taxonomy_name` if that is a plain word, or by its id."""
    name = taxonomy.definition.get("taxonomy_name")
    plain = isinstance(name, str) and _NAME.fullmatch(name) is not None
    return f"{ENRICHED}{name if plain else taxonomy.resource_id}"


def taxonomy_of(resource: Resource) -> Taxonomy:
    """Read a definition; raises Rejected with the `path` of what documents cannot be labelled by."""
    definition = resource.definition
    raw = definition.get("hierarchical_nodes") or []
    if not isinstance(raw, list):
        raise refused(("hierarchical_nodes",), "Nodes are a list.")
    is_flat = not raw
    at: list[tuple[Path, Any]] = [
        (("hierarchical_nodes", place), each) for place, each in enumerate(raw)
    ]
    if is_flat:
        at = [(("source_collection",), definition.get("source_collection"))]
    nodes = tuple(_node(definition, each, path) for path, each in at)
    _check_forest(nodes)
    label = definition.get("label_field")
    if label is not None and (not isinstance(label, str) or not all(label.split("."))):
        raise refused(("label_field",), "A label_field is a path of names with dots.")
    return Taxonomy(
        taxonomy_id=resource.resource_id,
        field=field_of(resource),
        nodes=nodes,
        is_flat=is_flat,
        label_fields=LABEL_FIELDS if label is None else (tuple(label.split(".")),),
    )


def _node(definition: Mapping[str, Any], raw: Any, at: Path) -> Node:
    collection_id = raw.get("collection_id") if isinstance(raw, Mapping) else None
    if not isinstance(collection_id, str) or not collection_id:
        raise refused(at, "Labels come from a collection: name its collection_id.")
    retriever_id = raw.get("retriever_id") or definition.get("retriever_id")
    if not isinstance(retriever_id, str):
        raise refused(at, "Labels are found by a retriever: name its retriever_id.")
    own = raw.get("input_mappings") is not None
    label = raw.get("label")
    mode = merge_mode_of(definition.get("merge_mode"), ("merge_mode",))
    return Node(
        collection_id=collection_id,
        retriever_id=retriever_id,
        mappings=mappings_of(
            (raw if own else definition).get("input_mappings"),
            (*at, "input_mappings") if own else ("input_mappings",),
        ),
        parent_id=raw.get("parent_collection_id") or None,
        label=label if isinstance(label, str) and label else None,
        threshold=_threshold(raw.get("threshold", definition.get("threshold")), (*at, "threshold")),
        fields=fields_of(raw.get("enrichment_fields"), (*at, "enrichment_fields"), mode),
    )


def _threshold(raw: Any, at: Path) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise refused(at, "A threshold is a number.")
    return float(raw)


def _check_forest(nodes: tuple[Node, ...]) -> None:
    """Raise Rejected where a way from a node upwards does not end at one without a parent."""
    parents = {each.collection_id: each.parent_id for each in nodes}
    if len(parents) < len(nodes):
        raise refused(("hierarchical_nodes",), "A collection is a node once.")
    for place, each in enumerate(nodes):
        above, seen = each.parent_id, {each.collection_id}
        while above is not None:
            if above in seen or above not in parents:
                raise refused(
                    ("hierarchical_nodes", place, "parent_collection_id"),
                    "Every node lies below one that has no parent.",
                )
            seen.add(above)
            above = parents[above]
