"""Make a table of the target equal to the snapshot by changing only the rows that differ."""

import time
from array import array
from dataclasses import dataclass

from sterna_core.migration.set_aside import SetAside
from sterna_core.tasks.work import RepairTable
from sterna_executor.databases.postgresql import bucket_sums, hashed_rows, passes, set_aside
from sterna_executor.databases.postgresql.buckets import fine_bits, select_buckets
from sterna_executor.databases.postgresql.comparable import BothSides, comparable
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_chunk import OnProgress
from sterna_executor.databases.postgresql.copy_missing import careful_repair, copy_missing
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.hashed_rows import Selected
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.pipe import Inlet, pipe
from sterna_executor.databases.postgresql.quiet import hush
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.replace_rows import replace_rows
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_query import (
    is_transformed,
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
    """What was changed, in one target transaction; `set_aside` is all that is refused now."""

    rows_deleted: int
    rows_copied: int
    seconds: float
    repeated: bool
    set_aside: tuple[SetAside, ...] = ()


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

    shelf = Shelf(
        migration_id=assignment.migration_id, table=work.table, generation=work.generation
    )

    async def body(target: Connection) -> Figures:
        await passes.enter(target, assignment.migration_id, work)
        among = "true"
        if work.some_set_aside:
            await set_aside.take_back_replaced(target, shelf)
            among = (await set_aside.left_out(target, shelf)).others
        await hush(target, work.table)
        async with assignment.source.session(keep=not is_transformed(work.table)) as source:
            await read_under(source, work.snapshot_id)
            await vet(source, work.table)
            both = await comparable(source, target, work.table)
            with translated("source"):
                await source.execute(_sql("more_memory"))
            with translated("target"):
                await target.execute(_sql("more_memory"))
            selected = await _select(assignment, work, source, target, both, fine_above_rows, among)
            figures = Figures()
            if selected is not None:
                await _list_differences(source, target, both, selected, among)
                deleted = await _delete(target, target_table(work.table))
                copied, size, refused = await copy_missing(
                    assignment, shelf, source, target, work, on_progress
                )
                figures = Figures(
                    rows=copied,
                    bytes=size,
                    result={"rows_deleted": deleted, "set_aside": refused},
                )
            if work.some_set_aside:
                await set_aside.forget_earlier(target, shelf)
            for replacement in work.replacements:
                await replace_rows(careful_repair(assignment, shelf, target, work), replacement)
            figures.result["seconds"] = round(time.monotonic() - began, 3)
            return figures

    # The addresses of the target's rows have to hold good too: nobody else may change them.
    receipt = await once(assignment, asked, body, isolation="repeatable read")
    result = receipt.figures.result
    refused: tuple[SetAside, ...] = ()
    if work.some_set_aside or result.get("set_aside"):
        async with assignment.target.session() as target:
            refused = await set_aside.of_table(target, shelf)
    return RepairResult(
        rows_deleted=int(result.get("rows_deleted") or 0),
        rows_copied=receipt.figures.rows,
        seconds=float(result.get("seconds") or 0.0),
        repeated=receipt.repeated,
        set_aside=refused,
    )


async def _select(
    assignment: Assignment,
    work: RepairTable,
    source: Connection,
    target: Connection,
    both: BothSides,
    fine_above_rows: int,
    among: str,
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
    return await _refine(source, target, both, coarse, finer, among)


async def _refine(
    source: Connection,
    target: Connection,
    both: BothSides,
    coarse: Selected,
    bits: int,
    among: str,
) -> Selected | None:
    """Sum the rows of some buckets into finer ones, and choose those that differ."""
    with translated("target"):
        await target.execute(_sql("create_fine_theirs"))
        await target.execute(_sql("create_fine_ours"))
    ours = hashed_rows.bucket_sums(both.target, "true", bits, coarse)
    theirs = hashed_rows.bucket_sums(both.source, among, bits, coarse)
    insertion = _execute(target, f"insert into pg_temp.fine_ours {ours}")
    await pipe(source, theirs, target, _FINE, first=insertion, stall_seconds=None)
    numbers = array("i")
    with translated("target"):
        async for row in target.cursor(_sql("fine_differing"), prefetch=_CURSOR_ROWS):
            numbers.append(row["bucket"])
    return select_buckets(bits, numbers) if numbers else None


async def _list_differences(
    source: Connection, target: Connection, both: BothSides, selected: Selected, among: str
) -> None:
    with translated("target"):
        await target.execute(_sql("create_theirs"))
        await target.execute(_sql("create_ours"))
    ours = hashed_rows.row_addresses(both.target, "true", selected)
    theirs = hashed_rows.row_addresses(both.source, among, selected)
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


async def _execute(target: Connection, statement: str) -> None:
    with translated("target"):
        await target.execute(statement)


def _sql(name: str) -> str:
    return statements("repair.sql")[name]
