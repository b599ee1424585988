import time
from collections.abc import Callable
from dataclasses import dataclass

from sterna_core.errors import DataRejected, Terminal
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.work import CopyChunk
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.page_range import conditions
from sterna_executor.databases.postgresql.pipe import Inlet, Piped, pipe
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.rejection import located
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_query import (
    is_transformed,
    send_rows,
    source_table,
    vet,
)

OnProgress = Callable[[int, int], None]
"""Takes rows and bytes since the task began; rows are known where a COPY has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """What a chunk came to; `generation` is that of the snapshot under which it was copied.

    `repeated` where another attempt had copied it.
    """

    rows: int
    bytes: int
    seconds: float
    repeated: bool
    generation: int


async def copy_chunk(
    assignment: Assignment, work: CopyChunk, on_progress: OnProgress
) -> CopyResult:
    """Copy one page range under the snapshot, with its receipt in the same target transaction.

    Raises Fenced where the epoch is over, SnapshotLost where the snapshot is, DataRejected where
    the target cannot hold a value (its details say which row's address and column), and
    Unreachable where a side is lost; then the chunk may be given again, to anyone.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="copy_chunk",
        table_id=work.table.table_id,
        chunk=work.chunk,
        generation=work.generation,
    )

    async def body(target: Connection) -> Figures:
        async with assignment.source.session(keep=not is_transformed(work.table)) as source:
            await read_under(source, work.snapshot_id, in_order=True)
            rows, size = await _copy(source, target, work, on_progress)
            with translated("source"):
                await source.execute("commit")
        return Figures(
            rows=rows, bytes=size, result={"seconds": round(time.monotonic() - began, 3)}
        )

    try:
        receipt = await once(assignment, asked, body)
    except DataRejected as error:
        raise await located(assignment.source, work, error) from None
    figures = receipt.figures
    return CopyResult(
        rows=figures.rows,
        bytes=figures.bytes,
        seconds=float(figures.result.get("seconds") or 0.0),
        repeated=receipt.repeated,
        generation=receipt.generation or 0,
    )


async def _copy(
    source: Connection, target: Connection, work: CopyChunk, on_progress: OnProgress
) -> tuple[int, int]:
    table = work.table
    await vet(source, table)
    inlet = inlet_of(table)
    rows = size = 0

    def moved(sent: int) -> None:
        on_progress(rows, size + sent)

    for condition in await conditions(source, "source", source_table(table), work.pages):
        piped = await pipe(
            source,
            send_rows(source, table, condition),
            target,
            inlet,
            on_bytes=moved,
        )
        expect_all_taken(table, piped)
        rows += piped.rows_taken
        size += piped.bytes
        on_progress(rows, size)
    return rows, size


def inlet_of(table: TableSpec) -> Inlet:
    """Say where the rows of a table go."""
    return Inlet(
        schema=table.target_schema,
        table=table.target_table,
        columns=tuple(column.target for column in table.columns),
        copy_format=table.copy_format,
    )


def expect_all_taken(table: TableSpec, piped: Piped) -> None:
    """Raise Terminal where the target took fewer rows than came: something there drops rows."""
    if piped.rows_sent != piped.rows_taken:
        raise Terminal(
            f"the target dropped rows of {table.table_id}: look for a trigger on its table",
            code="rows_dropped_by_target",
            details={
                "table": table.table_id,
                "sent": piped.rows_sent,
                "taken": piped.rows_taken,
            },
        )
