"""Copies the rows that a repair has listed as missing from the target."""

from collections.abc import Callable
from dataclasses import replace

from sterna_core.errors import DataRejected, Transient
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.work import RepairTable
from sterna_executor.databases.postgresql import receipts, set_aside
from sterna_executor.databases.postgresql.careful_copy import (
    BOUNDS,
    Careful,
    copy_whatever_arrives,
)
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_chunk import OnProgress
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.pipe import pipe
from sterna_executor.databases.postgresql.retry_rows import nothing_to_tell
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_copy import expect_all_taken, inlet_of
from sterna_executor.databases.postgresql.table_query import send_rows


async def copy_missing(
    assignment: Assignment,
    shelf: Shelf,
    source: Connection,
    target: Connection,
    work: RepairTable,
    on_progress: OnProgress,
) -> tuple[int, int, int]:
    """Copy what the target lacks. From the first refusal on, each list is copied carefully."""
    rows = size = refused_rows = number = 0
    known: dict[tuple[str, str], str] | None = None

    def copied(more_rows: int, more_bytes: int) -> None:
        nonlocal rows, size
        rows, size = rows + more_rows, size + more_bytes
        on_progress(rows, size)

    careful = replace(careful_repair(assignment, shelf, target, work), on_copied=copied)
    while True:
        with translated("target"):
            listed = await target.fetchrow(statements("repair.sql")["missing_list"], number)
        if listed is None:
            return rows, size, refused_rows
        condition = f"ctid = any ({literal(listed['addresses'])}::pg_catalog.tid[])"
        before, refused = rows, 0
        if known is None:
            try:
                await _copy_listed(source, target, shelf, work, condition, copied)
            except DataRejected:
                known = await set_aside.known_before(target, shelf)
        if known is not None:
            _, refused = await copy_whatever_arrives(careful, condition, known=known)
        refused_rows += refused
        if rows - before + refused != listed["rows"]:
            raise Transient(
                f"rows of {work.table.table_id} moved on the source while they were read",
                code="contention",
                details={"table": work.table.table_id},
            )
        number += 1


def careful_repair(
    assignment: Assignment, shelf: Shelf, target: Connection, work: RepairTable
) -> Careful:
    """Say how a repair copies carefully."""
    return Careful(
        source=assignment.source,
        target=target,
        shelf=shelf,
        snapshot_id=work.snapshot_id,
        bounds=BOUNDS,
        on_copied=nothing_to_tell,
    )


async def _copy_listed(
    source: Connection,
    target: Connection,
    shelf: Shelf,
    work: RepairTable,
    condition: str,
    copied: Callable[[int, int], None],
) -> None:
    """Copy rows under a savepoint; where one is refused, `source` is of no use any more."""
    with translated("target"):
        await target.execute("savepoint missing")
    try:
        piped = await pipe(
            source, send_rows(source, work.table, condition), target, inlet_of(work.table)
        )
        expect_all_taken(work.table, piped)
        with translated("target"):
            await receipts.mark(target, shelf.migration_id, work.table.table_id, None)
    except DataRejected:
        with translated("target"):
            await target.execute("rollback to savepoint missing")
            await target.execute("release savepoint missing")
        raise
    with translated("target"):
        await target.execute("release savepoint missing")
    copied(piped.rows_taken, piped.bytes)
