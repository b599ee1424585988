"""Files of clusters for the target: every id and feature address as it is there."""

import re
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from sterna_core.errors import Terminal
from sterna_core.namespace_migration.cluster_definition import is_of_centroids
from sterna_core.namespace_migration.rewriting import Rewriting

BATCH_ROWS: Final = 4096
COMPRESSION: Final = "zstd"
_DOCUMENT = "document_id"
_DOCUMENTS: Final = frozenset(
    {"exemplar_id", "medoid_id", "member_id", "member_ids", "members", "point_id", "point_ids"}
)
_OURS = re.compile(
    r"(?:.*_)?(?:document|collection|cluster|bucket|namespace|taxonomy|retriever)_ids?"
    r"|(?:.*_)?feature_(?:uri|address)(?:e?s)?|lineage|_internal|_taxonomy_.*"
    r"|parquet_path|members_key"
)


class ArtifactUnreadable(Terminal):
    """A file of a cluster is not parquet, or has a column that cannot be written again."""

    code = "artifact_unreadable"


def rewrite_file(
    source: BinaryIO, target: BinaryIO, rewriting: Rewriting, *, centroids: bool
) -> int:
    """Write a file again batch by batch; gives how many rows it has, before and after.

    Without `centroids` columns of that name are left out. Raises ArtifactUnreadable.
    """
    try:
        opened = pq.ParquetFile(source)
        wanted = [
            name for name in opened.schema_arrow.names if centroids or not is_of_centroids(name)
        ]
        schema = _schema(opened.schema_arrow, wanted)
        rows = 0
        with pq.ParquetWriter(target, schema, compression=COMPRESSION) as writer:
            for batch in opened.iter_batches(BATCH_ROWS, columns=wanted):
                columns = [_rewritten(name, batch.column(name), rewriting) for name in schema.names]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
                rows += batch.num_rows
    except (pa.ArrowException, ValueError, OSError):
        raise ArtifactUnreadable(
            "A file of a cluster cannot be read as parquet, or written again."
        ) from None
    if rows != opened.metadata.num_rows:
        raise ArtifactUnreadable(
            "A file of a cluster has another number of rows than it says.",
            details={"rows": rows, "said": opened.metadata.num_rows},
        )
    return rows


def is_product_column(name: str) -> bool:
    """Tell whether a column is one that products write: only in these are ids looked for."""
    return name in _DOCUMENTS or _OURS.fullmatch(name) is not None


def _schema(schema: Any, wanted: list[str]) -> Any:
    kept = [schema.field(name) for name in schema.names if name in wanted]
    return pa.schema(kept, metadata=schema.metadata)


def _rewritten(name: str, column: Any, rewriting: Rewriting) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind) and is_product_column(name):
        plain = _rewritten(name, column.dictionary_decode(), rewriting)
        return plain.dictionary_encode().cast(kind)
    if not _holds_text(kind) or not _holds_ours(name, kind):
        return column
    return pa.array([_value(name, each, rewriting) for each in column.to_pylist()], type=kind)


def _value(name: str, value: Any, rewriting: Rewriting) -> Any:
    """Rewrite what stands under a name, and in an owner's object only what stands under ours."""
    if value is None:
        return None
    if name in _DOCUMENTS:
        return rewriting.written(_DOCUMENT, value)
    if is_product_column(name):
        return rewriting.written(name, value)
    if isinstance(value, dict):
        return {inner: _value(inner, each, rewriting) for inner, each in value.items()}
    if isinstance(value, list):
        return [_value(name, each, rewriting) for each in value]
    return value


def _holds_text(kind: Any) -> bool:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return True
    return any(_holds_text(each.type) for each in _inside(kind))


def _holds_ours(name: str, kind: Any) -> bool:
    if is_product_column(name):
        return True
    return any(_holds_ours(each.name, each.type) for each in _inside(kind))


def _inside(kind: Any) -> list[Any]:
    return [kind.field(place) for place in range(kind.num_fields)]
