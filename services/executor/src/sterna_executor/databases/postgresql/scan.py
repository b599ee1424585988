import time
from dataclasses import dataclass

from sterna_core.tasks.table import PageRange
from sterna_core.tasks.work import ScanRange, Side
from sterna_executor.databases.postgresql import bucket_sums, passes, set_aside
from sterna_executor.databases.postgresql.bucket_sums import Sums
from sterna_executor.databases.postgresql.comparable import BothSides, comparable
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.page_range import conditions
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_query import is_transformed, vet


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """How many rows a range has, and how long summing them took."""

    rows: int
    seconds: float
    repeated: bool


async def scan_range(assignment: Assignment, work: ScanRange) -> ScanResult:
    """Sum a page range of one side into buckets, kept on the target with the task's receipt.

    A repeat adds nothing. Raises Fenced, SnapshotLost and Unreachable as `copy_chunk` does.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="scan_range",
        table_id=work.table.table_id,
        generation=work.generation,
    )

    async def body(target: Connection) -> Figures:
        async with assignment.source.session(keep=not is_transformed(work.table)) as source:
            await read_under(source, work.snapshot_id)
            await vet(source, work.table)
            both = await comparable(source, target, work.table)
            read = source if work.side == "source" else target
            among = await _compared_rows(target, assignment.migration_id, work)
            sums = await scan_pages(
                read, work.side, both, work.pages, work.bucket_bits, among=among
            )
        await bucket_sums.keep(target, assignment.migration_id, work, sums)
        return Figures(rows=sums.rows, result={"seconds": round(time.monotonic() - began, 3)})

    await passes.begin(assignment, work)
    receipt = await once(assignment, asked, body)
    return ScanResult(
        rows=receipt.figures.rows,
        seconds=float(receipt.figures.result.get("seconds") or 0.0),
        repeated=receipt.repeated,
    )


async def _compared_rows(target: Connection, migration_id: str, work: ScanRange) -> str:
    if work.side == "target" or not work.some_set_aside:
        return "true"
    shelf = Shelf(migration_id=migration_id, table=work.table, generation=work.generation)
    return (await set_aside.left_out(target, shelf)).others


async def scan_pages(
    connection: Connection,
    side: Side,
    both: BothSides,
    pages: PageRange,
    bits: int,
    *,
    among: str = "true",
) -> Sums:
    """Sum a page range of one side on its connection, of the rows for which `among` holds."""
    rows = both.source if side == "source" else both.target
    found = await conditions(connection, side, rows.relation, pages)
    if among != "true":
        found = tuple(f"{condition} and {among}" for condition in found)
    return await bucket_sums.add_up(connection, side, rows, found, bits)
