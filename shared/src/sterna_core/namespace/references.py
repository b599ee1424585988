"""Which other resources a definition names, where, and how much it needs them.

The edges are those of the product whose interface namespaces have. Definition edges say what has
to be there first and never form a cycle in a sound namespace; attachments (what is applied to a
collection's documents) may, as collection, taxonomy, retriever, collection do, and are made last.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from sterna_core.namespace.json_path import EACH, Path, Pattern, pattern, places, texts
from sterna_core.namespace.resource import Resource, ResourceKind

Edge = Literal["definition", "attachment"]


class Reference(Struct, frozen=True):
    """One place of a definition that names another resource.

    `cut` is what goes where the other resource is left out; None where the definition means
    nothing without it.
    """

    target_id: str
    target_kind: ResourceKind
    edge: Edge
    path: Path
    cut: Path | None = None


class _Rule(Struct, frozen=True):
    pattern: Pattern
    kind: ResourceKind
    edge: Edge = "definition"


def _needs(text: str, kind: ResourceKind) -> _Rule:
    return _Rule(pattern(text), kind)


def _applies(text: str, kind: ResourceKind) -> _Rule:
    return _Rule(pattern(text), kind, "attachment")


_RULES: Final[dict[ResourceKind, tuple[_Rule, ...]]] = {
    "bucket": (),
    "collection": (
        _needs("source.bucket_ids[]", "bucket"),
        _needs("source.inherited_bucket_ids[]", "bucket"),
        _needs("source.collection_id", "collection"),
        _needs("source.collection_ids[]", "collection"),
        _needs("source.taxonomy_id", "taxonomy"),
        _needs("source.cluster_id", "cluster"),
        _applies("taxonomy_applications[].taxonomy_id", "taxonomy"),
        _applies("taxonomy_applications[].target_collection_id", "collection"),
        _applies("cluster_applications[].cluster_id", "cluster"),
        _applies("retriever_enrichments[].retriever_id", "retriever"),
    ),
    "cluster": (
        _needs("collection_ids[]", "collection"),
        _applies("output_collection_ids[]", "collection"),
        _applies("parent_cluster_ids[]", "cluster"),
        _applies("child_cluster_ids[]", "cluster"),
    ),
    "retriever": (_needs("collection_ids[]", "collection"),),
    "taxonomy": (
        _needs("retriever_id", "retriever"),
        _needs("source_collection.collection_id", "collection"),
        _needs("hierarchical_nodes[].collection_id", "collection"),
        _needs("hierarchical_nodes[].parent_collection_id", "collection"),
        _needs("hierarchical_nodes[].retriever_id", "retriever"),
        _needs("inference_collections[]", "collection"),
        _needs("cluster_ids[]", "cluster"),
    ),
}
_FREE: Final[dict[ResourceKind, tuple[Pattern, ...]]] = {"retriever": (pattern("stages[].config"),)}
"""Where any text may be an id: it is one if it is the id of something in the namespace."""


def references(resource: Resource, known: Mapping[str, ResourceKind]) -> tuple[Reference, ...]:
    """Give all places that name other resources, in the order of the rules.

    `known` has the kind of every id of the namespace. In a free-form place a collection is needed;
    others are attachments that cannot be cut, since a taxonomy may need the retriever that has it.
    """
    return (*_ruled(resource), *_free(resource, known))


def named_places(resource: Resource) -> Iterator[tuple[Path, Any]]:
    """Give every place where a definition names another resource, whatever stands there."""
    for rule in _RULES[resource.kind]:
        yield from places(resource.definition, rule.pattern)


def _ruled(resource: Resource) -> Iterator[Reference]:
    for rule in _RULES[resource.kind]:
        for path, value in places(resource.definition, rule.pattern):
            if isinstance(value, str) and value:
                cut = _unit(path, rule.pattern) if rule.edge == "attachment" else None
                yield Reference(value, rule.kind, rule.edge, path, cut)


def _free(resource: Resource, known: Mapping[str, ResourceKind]) -> Iterator[Reference]:
    for start in _FREE.get(resource.kind, ()):
        for begin, value in places(resource.definition, start):
            for path, text in texts(value):
                kind = known.get(text)
                if kind is not None and text != resource.resource_id:
                    edge: Edge = "definition" if kind in {"bucket", "collection"} else "attachment"
                    yield Reference(text, kind, edge, (*begin, *path))


def _unit(path: Path, steps: Pattern) -> Path:
    """Give the element of the innermost list that the path goes through, or the path itself."""
    depth = max((at for at, step in enumerate(steps, 1) if step == EACH), default=len(path))
    return path[:depth]
