"""Receipts: rows on the target that say what was done, written by the transaction that did it."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.statements import statements

Kind = Literal[
    "copy_chunk",
    "scan_range",
    "compare_table",
    "repair_table",
    "retry_rows",
    "copy_changes",
    "build_object",
    "set_sequences",
    "drop_objects",
    "undo_rows",
]
Figure = int | float | str | bool | None

_RESULT = msgspec.json.Decoder(dict[str, Figure])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a receipt is for. The numbers of a chunk make it unique whatever its task is."""

    migration_id: str
    task_id: str
    kind: Kind
    table_id: str | None = None
    chunk: int | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What work came to: rows and bytes, and whatever else its kind reports."""

    rows: int = 0
    bytes: int = 0
    result: dict[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The figures of work that is done, the snapshot's generation, and whether it was done before.

    `repeated` is True where another attempt had done it.
    """

    figures: Figures
    generation: int | None
    repeated: bool


async def claim(connection: Connection, asked: Claim) -> bool:
    """Claim the work for the caller's transaction; False where it is done already.

    Waits while another transaction does the same work. Raises what the driver raises.
    """
    return bool(
        await connection.fetchval(
            _sql("claim"),
            asked.migration_id,
            asked.task_id,
            asked.kind,
            asked.table_id,
            asked.chunk,
            asked.generation,
        )
    )


async def settle(connection: Connection, asked: Claim, figures: Figures) -> None:
    """Write the figures into the receipt that the caller's transaction claimed."""
    await connection.execute(
        _sql("settle"),
        asked.migration_id,
        asked.task_id,
        figures.rows,
        figures.bytes,
        msgspec.json.encode(figures.result).decode(),
    )


async def forget_earlier(connection: Connection, asked: Claim) -> None:
    """Remove the receipts of earlier passes over a table; the caller holds a later one at hand."""
    await connection.execute(
        _sql("forget_earlier"), asked.migration_id, asked.table_id, asked.generation
    )


async def mark(connection: Connection, migration_id: str, table_id: str, chunk: int | None) -> None:
    """Leave a receipt within a savepoint, whose rows do not carry the transaction's number."""
    await connection.execute(_sql("mark"), migration_id, table_id, chunk)


async def find(connection: Connection, asked: Claim) -> Receipt | None:
    """Give the receipt of work that is done, as one that was done before."""
    row = await connection.fetchrow(
        _sql("find"),
        asked.migration_id,
        asked.task_id,
        asked.kind,
        asked.table_id,
        asked.chunk,
    )
    if row is None:
        return None
    figures = Figures(
        rows=row["rows"], bytes=row["bytes"], result=_RESULT.decode(row["result"] or "{}")
    )
    return Receipt(figures=figures, generation=row["generation"], repeated=True)


async def count(connection: Connection, migration_id: str) -> int:
    """Count a migration's receipts."""
    return int(await connection.fetchval(_sql("count"), migration_id))


def _sql(name: str) -> str:
    return statements("receipts.sql")[name]
