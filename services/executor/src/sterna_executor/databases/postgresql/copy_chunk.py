import time
from collections.abc import Callable
from dataclasses import dataclass

from sterna_core.errors import DataRejected
from sterna_core.migration.set_aside import SetAside
from sterna_core.tasks.work import CopyChunk
from sterna_executor.databases.postgresql import set_aside
from sterna_executor.databases.postgresql.careful_copy import Careful, copy_carefully
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.page_range import conditions
from sterna_executor.databases.postgresql.pipe import pipe
from sterna_executor.databases.postgresql.quiet import hush
from sterna_executor.databases.postgresql.receipts import Claim, Figures, Receipt
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.sift import Bounds
from sterna_executor.databases.postgresql.sifted_copy import SourceRefuses
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_copy import expect_all_taken, inlet_of
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

    `repeated` where another attempt had copied it; `set_aside` tells which rows were refused.
    """

    rows: int
    bytes: int
    seconds: float
    repeated: bool
    generation: int
    set_aside: tuple[SetAside, ...] = ()


async def copy_chunk(
    assignment: Assignment, work: CopyChunk, on_progress: OnProgress
) -> CopyResult:
    """Copy one page range under the snapshot, with its receipt in the same target transaction.

    Where rows are refused, the others are copied and these are set aside on the target, in that
    transaction. Raises Fenced where the epoch is over, SnapshotLost where the snapshot is,
    DataRejected where too many rows are refused, and Unreachable where a side is lost; then the
    chunk may be given again, to anyone.
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
        await hush(target, work.table)
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
        receipt = await _once_carefully(assignment, asked, work, error, on_progress)
    figures = receipt.figures
    return CopyResult(
        rows=figures.rows,
        bytes=figures.bytes,
        seconds=float(figures.result.get("seconds") or 0.0),
        repeated=receipt.repeated,
        generation=receipt.generation or 0,
        set_aside=await _set_aside(assignment, work, receipt),
    )


async def _once_carefully(
    assignment: Assignment,
    asked: Claim,
    work: CopyChunk,
    error: DataRejected,
    on_progress: OnProgress,
) -> Receipt:
    """Do the chunk again, now that it is known that rows are refused."""
    began = time.monotonic()
    source_refuses = error.details.get("side") == "source"
    rows = size = 0

    def copied(more_rows: int, more_bytes: int) -> None:
        nonlocal rows, size
        rows, size = rows + more_rows, size + more_bytes
        on_progress(rows, size)

    async def body(target: Connection) -> Figures:
        nonlocal rows, size
        rows = size = 0
        await hush(target, work.table)
        async with assignment.source.session(keep=False) as source:
            await read_under(source, work.snapshot_id, in_order=True)
            found = await conditions(source, "source", source_table(work.table), work.pages)
        careful = Careful(
            source=assignment.source,
            target=target,
            shelf=_shelf(assignment, work, work.generation),
            snapshot_id=work.snapshot_id,
            bounds=Bounds(rows=work.refused_max, in_succession=work.refused_in_succession_max),
            on_copied=copied,
            chunk=work.chunk,
        )
        count, refused = await copy_carefully(careful, found, source_refuses=source_refuses)
        return Figures(
            rows=count,
            bytes=size,
            result={"seconds": round(time.monotonic() - began, 3), "set_aside": refused},
        )

    try:
        return await once(assignment, asked, body)
    except SourceRefuses as refusal:
        if source_refuses:
            raise refusal.error from None
        source_refuses = True
        return await once(assignment, asked, body)


async def _set_aside(
    assignment: Assignment, work: CopyChunk, receipt: Receipt
) -> tuple[SetAside, ...]:
    if not receipt.figures.result.get("set_aside"):
        return ()
    async with assignment.target.session() as target:
        shelf = _shelf(assignment, work, receipt.generation or 0)
        return await set_aside.of_chunk(target, shelf, work.chunk)


def _shelf(assignment: Assignment, work: CopyChunk, generation: int) -> Shelf:
    return Shelf(migration_id=assignment.migration_id, table=work.table, generation=generation)


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
