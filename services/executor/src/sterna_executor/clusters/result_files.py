"""The files of a cluster that was computed: who belongs to which group, and the groups."""

from collections.abc import Iterable
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sterna_core.clustering.plan import ClusterPlan
from sterna_executor.clusters.algorithms import NOISE, Labels
from sterna_executor.clusters.file_rewriting import COMPRESSION
from sterna_executor.clusters.gathering import Gathered
from sterna_executor.clusters.grouping import centres

_BATCH_ROWS: Final = 8192
_MEMBERS = pa.schema(
    [
        ("document_id", pa.string()),
        ("collection_id", pa.string()),
        ("label", pa.int64()),
        ("cluster_id", pa.string()),
    ]
)
_CENTROIDS = pa.schema(
    [
        ("label", pa.int64()),
        ("cluster_id", pa.string()),
        ("size", pa.int64()),
        ("value", pa.string()),
        ("feature_uris", pa.list_(pa.string())),
        ("centroid", pa.list_(pa.float32())),
    ]
)


def write_members(file: BinaryIO, cluster_id: str, gathered: Gathered, labels: Labels) -> None:
    """Write a row for each document that was looked at; the same rows give the same bytes."""
    named = [None if each == NOISE else f"{cluster_id}/{each}" for each in labels.tolist()]
    columns = [gathered.ids, gathered.collections, labels.tolist(), named]
    pq.write_table(pa.table(columns, schema=_MEMBERS), file, compression=COMPRESSION)


def write_centroids(
    file: BinaryIO,
    cluster_id: str,
    plan: ClusterPlan,
    gathered: Gathered,
    known: dict[str, str | None],
) -> None:
    """Write a row for each group: by vectors with its centre, by attributes with its value.

    `known` has the labels as the members' file has them.
    """
    labels: Labels = np.fromiter(_labels_of(gathered, known), np.int64, len(gathered.ids))
    groups = range(int(labels.max(initial=NOISE)) + 1)
    sizes = [int((labels == label).sum()) for label in groups]
    middles: list[list[float] | None] = [None for _ in groups]
    values: list[str | None] = [None for _ in groups]
    if gathered.matrix is not None:
        middles = [each.tolist() for each in centres(labels, gathered.matrix, plan.centre)]
    else:
        for key, label in zip(gathered.keys, labels.tolist(), strict=True):
            if label != NOISE:
                values[label] = key
    columns = [
        list(groups),
        [f"{cluster_id}/{label}" for label in groups],
        sizes,
        values,
        [list(plan.features) for _ in groups],
        middles,
    ]
    pq.write_table(pa.table(columns, schema=_CENTROIDS), file, compression=COMPRESSION)


def read_labels(file: BinaryIO, cluster_id: str) -> dict[str, str | None]:
    """Give the label of each document of a members' file, None for those of no group.

    Files that others made are read too: `label` or the end of `cluster_id` says the group. A file
    without these columns gives nothing.
    """
    opened = pq.ParquetFile(file)
    names = set(opened.schema_arrow.names)
    group = next((name for name in ("label", "cluster_id") if name in names), None)
    if "document_id" not in names or group is None:
        return {}
    found: dict[Any, str | None] = {}
    for batch in opened.iter_batches(_BATCH_ROWS, columns=["document_id", group]):
        documents, labels = (batch.column(name).to_pylist() for name in ("document_id", group))
        found |= zip(documents, (_label(each, cluster_id) for each in labels), strict=True)
    return {name: label for name, label in found.items() if isinstance(name, str)}


def _labels_of(gathered: Gathered, known: dict[str, str | None]) -> Iterable[int]:
    """Give the number of each row's group as a members' file has it."""
    for each in gathered.ids:
        label = known.get(each)
        yield NOISE if label is None else int(label)


def _label(value: object, cluster_id: str) -> str | None:
    if value is None or value == NOISE:
        return None
    return str(value).removeprefix(f"{cluster_id}/")
