"""Tells whether a file is parquet; needs the extra `namespaces`."""

from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from sterna_core.errors import InvalidRequest

COLUMNS_MAX: Final = 1_000
FOOTER_BYTES_MAX: Final = 16 * 1024 * 1024


class NotParquet(InvalidRequest):
    """A file is not parquet, or more than can be taken."""

    code = "not_parquet"


class ParquetShape(Struct, frozen=True):
    """What the end of a file says of it."""

    rows: int
    columns: tuple[str, ...]


def parquet_shape(file: BinaryIO) -> ParquetShape:
    """Read the end of a file; raises NotParquet."""
    file.seek(0)
    try:
        opened = pq.ParquetFile(
            file,
            thrift_string_size_limit=FOOTER_BYTES_MAX,
            thrift_container_size_limit=FOOTER_BYTES_MAX,
        )
        columns = tuple(opened.schema_arrow.names)
        rows = opened.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise NotParquet("The file is not parquet.") from None
    if len(columns) > COLUMNS_MAX or len(set(columns)) < len(columns):
        raise NotParquet(f"A file has at most {COLUMNS_MAX:,} columns, each of its own name.")
    file.seek(0)
    return ParquetShape(rows, columns)
