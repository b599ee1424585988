"""Reads what is grouped: documents of the target, in the order of their ids in the source."""

from collections.abc import Iterable

import msgspec
import numpy as np
from msgspec import Struct

from sterna_core.clustering import assignment
from sterna_core.clustering.plan import ClusterPlan, NotComputable
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Space
from sterna_executor.clusters.algorithms import Matrix
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.namespaces.pages import pages

_encoder = msgspec.json.Encoder(order="deterministic")


class Before(Struct, frozen=True):
    """What documents were called in the source, and their labels there, by their ids in the target.

    Documents of no group have no label.
    """

    ids: dict[str, str]
    labels: dict[str, str]


class Gathered(Struct, frozen=True):
    """What is grouped, row by row; by attributes there is no matrix.

    `before` has the ids of the source, by which rows are put in order.
    """

    before: list[str]
    ids: list[str]
    collections: list[str]
    matrix: Matrix | None
    keys: list[str | None]
    without_vectors: int


async def documents_before(cluster: Resource, source: Space, rewriting: Rewriting) -> Before:
    """Read what the documents of the source are called and say of a cluster."""
    found = Before({}, {})
    for collection_id in dict.fromkeys(cluster.definition.get("collection_ids") or ()):
        async for _, page in pages(source.documents, Span(collection_id)):
            for each in page:
                new_id = rewriting.ids.document(each.document_id)
                found.ids[new_id] = each.document_id
                label = assignment.assigned(each.payload.get(assignment.FIELD), cluster.resource_id)
                if label is not None:
                    found.labels[new_id] = label
    return found


async def gather(
    plan: ClusterPlan, target: Space, before: Before, limits: ClusterLimits
) -> Gathered:
    """Read documents with their vectors or attributes, page by page, as they lie.

    Raises NotComputable, ClusterTooLarge.
    """
    dimensions = _dimensions(plan, target)
    there = 0
    for collection_id in plan.collection_ids:
        there += await target.documents.count(Span(collection_id))
    limits.check(plan, there, dimensions)
    found: list[tuple[str, str, str, str | None]] = []
    blocks: list[Matrix] = []
    without = 0
    for collection_id in plan.collection_ids:
        async for _, page in pages(target.documents, Span(collection_id)):
            known = [each for each in page if each.document_id in before.ids]
            if plan.attributes:
                rows = known
            else:
                rows = [each for each in known if set(plan.features) <= each.vectors.keys()]
                without += len(known) - len(rows)
                blocks.append(_block(plan, rows, dimensions))
            found += (
                (before.ids[each.document_id], each.document_id, collection_id, _key(plan, each))
                for each in rows
            )
        limits.check(plan, len(found), dimensions)
    return Gathered(
        before=[each[0] for each in found],
        ids=[each[1] for each in found],
        collections=[each[2] for each in found],
        matrix=None if plan.attributes else np.concatenate([_nothing(dimensions), *blocks]),
        keys=[each[3] for each in found],
        without_vectors=without,
    )


def arranged(gathered: Gathered) -> Gathered:
    """Give the same rows in the order of their ids in the source."""
    order = sorted(range(len(gathered.ids)), key=gathered.before.__getitem__)
    return Gathered(
        before=[gathered.before[row] for row in order],
        ids=[gathered.ids[row] for row in order],
        collections=[gathered.collections[row] for row in order],
        matrix=None if gathered.matrix is None else gathered.matrix[order],
        keys=[gathered.keys[row] for row in order],
        without_vectors=gathered.without_vectors,
    )


def _nothing(dimensions: int) -> Matrix:
    return np.zeros((0, dimensions), dtype=np.float32)


def _dimensions(plan: ClusterPlan, target: Space) -> int:
    held = {each.uri: each.dimensions for each in target.features}
    for uri in plan.features:
        if uri not in held:
            raise NotComputable(
                ("vector_config", "feature_uris"), f"The target holds no vectors of {uri}."
            )
    return sum(held[uri] for uri in plan.features)


def _block(plan: ClusterPlan, rows: list[Document], dimensions: int) -> Matrix:
    """Put the vectors of each document side by side, each of length one and times its weight."""
    if not rows:
        return _nothing(dimensions)
    parts = []
    for uri, weight in zip(plan.features, plan.weights, strict=True):
        packed = b"".join(each.vectors[uri].packed for each in rows)
        part = np.frombuffer(packed, dtype=">f4").reshape(len(rows), -1).astype(np.float64)
        if plan.normalize:
            lengths = np.linalg.norm(part, axis=1, keepdims=True)
            part = np.divide(part, lengths, out=part, where=lengths > 0)
        parts.append(part * weight)
    return np.hstack(parts).astype(np.float32)


def _key(plan: ClusterPlan, document: Document) -> str | None:
    """Give the values that a document is grouped by, None where one of them is missing."""
    if not plan.attributes:
        return None
    values = [_at(document.payload, path) for path in plan.attributes]
    if any(each is None for each in values):
        return None
    return _encoder.encode(values[0] if len(values) == 1 else values).decode()


def _at(value: object, path: Iterable[str]) -> object:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value
