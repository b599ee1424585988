"""A plan in parts that are small enough to be sent."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from sterna_core.migration.plan import ColumnMapping, TablePlan

PART_BYTES = 200 * 1024


def split_tables(
    tables: Sequence[TablePlan], part_bytes: int = PART_BYTES
) -> list[tuple[TablePlan, ...]]:
    """Split the tables into parts of at most about `part_bytes` each, as they are sent.

    A table with more columns than a part holds is in several parts, some of its columns in each,
    in their order: whoever reads them puts the columns together again.
    """
    parts: list[tuple[TablePlan, ...]] = []
    part: list[TablePlan] = []
    size = 0
    for table in tables:
        for piece in _pieces(table, part_bytes):
            encoded = len(msgspec.json.encode(piece))
            if part and size + encoded > part_bytes:
                parts.append(tuple(part))
                part, size = [], 0
            part.append(piece)
            size += encoded
    if part:
        parts.append(tuple(part))
    return parts


def _pieces(table: TablePlan, part_bytes: int) -> Iterator[TablePlan]:
    columns: list[ColumnMapping] = []
    size = 0
    for column in table.columns:
        encoded = len(msgspec.json.encode(column)) + 1
        if columns and size + encoded > part_bytes:
            yield replace(table, columns=tuple(columns))
            columns, size = [], 0
        columns.append(column)
        size += encoded
    yield replace(table, columns=tuple(columns))
