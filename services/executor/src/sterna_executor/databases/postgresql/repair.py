"""Make a table of the target equal to the snapshot by changing only the rows that differ."""

import time
from array import array
from dataclasses import dataclass

from sterna_core.errors import Transient
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.work import RepairTable
from sterna_executor.databases.postgresql import bucket_sums, hashed_rows, passes
from sterna_executor.databases.postgresql.buckets import fine_bits, select_buckets
from sterna_executor.databases.postgresql.comparable import BothSides, comparable
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_chunk import (
    OnProgress,
    expect_all_taken,
    inlet_of,
)
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.hashed_rows import Selected
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.pipe import Inlet, pipe
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_query import (
    is_transformed,
    send_rows,
    target_table,
    vet,
)

FINE_ABOVE_ROWS = 200_000
"""With more rows in the buckets that differ, these are divided once more before rows are listed."""

MANY_DIFFER = 0.05
"""Where at least this share of the rows differs, few finer buckets would be equal."""

_ADDRESSES = Inlet(schema="pg_temp", table="theirs", columns=("h", "address"), copy_format="binary")
_FINE = Inlet(
    schema="pg_temp",
    table="fine_theirs",
    columns=("bucket", "rows", "hashes"),
    copy_format="binary",
)
_CURSOR_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairResult:
    """What was changed, in one target transaction."""

    rows_deleted: int
    rows_copied: int
    seconds: float
    repeated: bool


async def repair_table(
    assignment: Assignment,
    work: RepairTable,
    on_progress: OnProgress,
    *,
    fine_above_rows: int = FINE_ABOVE_ROWS,
) -> RepairResult:
    """Delete and copy again the rows that differ in the buckets that a comparison found to differ.

    Hashes and addresses of the rows of these buckets are brought together on the target, and what
    one side has more often than the other is deleted or copied: rows are matched as a multiset,
    so a table needs no key. The source's addresses hold good since its transaction keeps the table
    from being rewritten. Where the comparison was made under another snapshot, the whole table is
    looked at. Raises as `copy_chunk` does.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="repair_table",
        table_id=work.table.table_id,
        generation=work.generation,
    )

    async def body(target: Connection) -> Figures:
        await passes.enter(target, assignment.migration_id, work)
        async with assignment.source.session(keep=not is_transformed(work.table)) as source:
            await read_under(source, work.snapshot_id)
            await vet(source, work.table)
            both = await comparable(source, target, work.table)
            with translated("source"):
                await source.execute(_sql("more_memory"))
            with translated("target"):
                await target.execute(_sql("more_memory"))
            selected = await _select(assignment, work, source, target, both, fine_above_rows)
            figures = Figures()
            if selected is not None:
                await _list_differences(source, target, both, selected)
                deleted = await _delete(target, target_table(work.table))
                copied, size = await _copy_missing(source, target, work, on_progress)
                figures = Figures(rows=copied, bytes=size, result={"rows_deleted": deleted})
            figures.result["seconds"] = round(time.monotonic() - began, 3)
            return figures

    # The addresses of the target's rows have to hold good too: nobody else may change them.
    receipt = await once(assignment, asked, body, isolation="repeatable read")
    result = receipt.figures.result
    return RepairResult(
        rows_deleted=int(result.get("rows_deleted") or 0),
        rows_copied=receipt.figures.rows,
        seconds=float(result.get("seconds") or 0.0),
        repeated=receipt.repeated,
    )


async def _select(
    assignment: Assignment,
    work: RepairTable,
    source: Connection,
    target: Connection,
    both: BothSides,
    fine_above_rows: int,
) -> Selected | None:
    """Choose the buckets whose rows are listed; none where nothing differs."""
    bits = work.bucket_bits
    if await bucket_sums.are_whole(target, assignment.migration_id, work):
        compared = await bucket_sums.compare(target, assignment.migration_id, work)
        coarse = select_buckets(bits, compared.differing)
        count, rows = len(compared.differing), compared.differing_rows // 2
        many = abs(compared.source_rows - compared.target_rows) > rows * MANY_DIFFER
    else:
        coarse = select_buckets(bits, range(2**bits))
        count, rows, many = 2**bits, work.table.estimated_rows, False
    if not count:
        return None
    finer = fine_bits(rows, bits, count)
    if rows <= fine_above_rows or many or finer == bits:
        return coarse
    return await _refine(source, target, both, coarse, finer)


async def _refine(
    source: Connection, target: Connection, both: BothSides, coarse: Selected, bits: int
) -> Selected | None:
    """Sum the rows of some buckets into finer ones, and choose those that differ."""
    with translated("target"):
        await target.execute(_sql("create_fine_theirs"))
        await target.execute(_sql("create_fine_ours"))
    ours = hashed_rows.bucket_sums(both.target, "true", bits, coarse)
    theirs = hashed_rows.bucket_sums(both.source, "true", bits, coarse)
    insertion = _execute(target, f"insert into pg_temp.fine_ours {ours}")
    await pipe(source, theirs, target, _FINE, first=insertion, stall_seconds=None)
    numbers = array("i")
    with translated("target"):
        async for row in target.cursor(_sql("fine_differing"), prefetch=_CURSOR_ROWS):
            numbers.append(row["bucket"])
    return select_buckets(bits, numbers) if numbers else None


async def _list_differences(
    source: Connection, target: Connection, both: BothSides, selected: Selected
) -> None:
    with translated("target"):
        await target.execute(_sql("create_theirs"))
        await target.execute(_sql("create_ours"))
    ours = hashed_rows.row_addresses(both.target, "true", selected)
    theirs = hashed_rows.row_addresses(both.source, "true", selected)
    insertion = _execute(target, f"insert into pg_temp.ours {ours}")
    await pipe(source, theirs, target, _ADDRESSES, first=insertion, stall_seconds=None)
    with translated("target"):
        for name in ("create_differing", "create_surplus", "create_missing"):
            await target.execute(_sql(name))


async def _delete(target: Connection, relation: str) -> int:
    """Delete what is too many, all of it before anything is copied: indexes may be unique."""
    deleted = 0
    with translated("target"):
        for number in range(await target.fetchval(_sql("surplus_lists"))):
            status = await target.execute(
                f"delete from only {relation} where ctid = any ("
                "(select addresses from pg_temp.surplus where list = $1)::pg_catalog.tid[])",
                number,
            )
            deleted += int(status.rpartition(" ")[2])
    return deleted


async def _copy_missing(
    source: Connection, target: Connection, work: RepairTable, on_progress: OnProgress
) -> tuple[int, int]:
    inlet = inlet_of(work.table)
    rows = size = number = 0
    while True:
        with translated("target"):
            listed = await target.fetchrow(_sql("missing_list"), number)
        if listed is None:
            return rows, size
        condition = f"ctid = any ({literal(listed['addresses'])}::pg_catalog.tid[])"
        piped = await pipe(source, send_rows(source, work.table, condition), target, inlet)
        expect_all_taken(work.table, piped)
        if piped.rows_taken != listed["rows"]:
            raise Transient(
                f"rows of {work.table.table_id} moved on the source while they were read",
                code="contention",
                details={"table": work.table.table_id},
            )
        rows += piped.rows_taken
        size += piped.bytes
        number += 1
        on_progress(rows, size)


async def _execute(target: Connection, statement: str) -> None:
    with translated("target"):
        await target.execute(statement)


def _sql(name: str) -> str:
    return statements("repair.sql")[name]
