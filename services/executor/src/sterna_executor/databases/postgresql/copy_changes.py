"""Copy again the rows of a table that were written lately, as a column of theirs tells."""

import time
from dataclasses import dataclass

from sterna_core.errors import Terminal
from sterna_core.postgres.identifiers import literal, quote
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.work import CopyChanges
from sterna_executor.databases.postgresql import passes, receipts
from sterna_executor.databases.postgresql.canonical import Hashing
from sterna_executor.databases.postgresql.comparable import types_of
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.copy_chunk import OnProgress
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.pipe import Inlet, pipe
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_copy import expect_all_taken, inlet_of
from sterna_executor.databases.postgresql.table_query import (
    is_transformed,
    send_rows,
    source_table,
    target_table,
    vet,
)

_CHANGED = "changed"
_NOW = "pg_catalog.statement_timestamp()"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesResult:
    """What was read and changed; `high_water` is the latest moment of change in the source."""

    rows_read: int
    rows_removed: int
    rows_written: int
    high_water: str | None
    seconds: float


async def copy_changes(
    assignment: Assignment, work: CopyChanges, on_progress: OnProgress
) -> ChangesResult:
    """Replace the rows that were written since a moment, with a receipt in the same transaction.

    All that are to be replaced go before any comes, so rows may have changed unique values with
    each other. Rows that are equal on both sides are left alone. A repeat changes nothing. Raises
    DataRejected where the target does not take them: then nothing was changed, and a comparison
    of the table does better. Raises else as `copy_chunk` does.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="copy_changes",
        table_id=work.table.table_id,
        generation=work.generation,
    )

    async def body(target: Connection) -> Figures:
        await passes.enter(target, assignment.migration_id, work)
        async with assignment.source.session(keep=not is_transformed(work.table)) as source:
            await read_under(source, work.snapshot_id)
            await vet(source, work.table)
            since = work.since or await _latest_of_target(source, target, work)
            read, size = await _fetch(source, target, work, since, on_progress)
            high_water = await _latest_of_source(source, work)
        with translated("target"):
            await receipts.forget_earlier(target, asked)
        removed, written = await _replace(target, work.table) if read else (0, 0)
        return Figures(
            rows=written,
            bytes=size,
            result={
                "rows_read": read,
                "rows_removed": removed,
                "high_water": high_water,
                "seconds": round(time.monotonic() - began, 3),
            },
        )

    figures = (await once(assignment, asked, body)).figures
    result = figures.result
    latest = result.get("high_water")
    return ChangesResult(
        rows_read=int(result.get("rows_read") or 0),
        rows_removed=int(result.get("rows_removed") or 0),
        rows_written=figures.rows,
        high_water=None if latest is None else str(latest),
        seconds=float(result.get("seconds") or 0.0),
    )


async def _latest_of_source(source: Connection, work: CopyChanges) -> str | None:
    """Give the latest moment of change that is not in the future: such rows are read each time."""
    column = quote(work.change_column)
    with translated("source"):
        latest: str | None = await source.fetchval(
            f"select pg_catalog.max({column})::pg_catalog.text"
            f" from only {source_table(work.table)} where {column} <= {_NOW}"
        )
    return latest


async def _latest_of_target(
    source: Connection, target: Connection, work: CopyChanges
) -> str | None:
    """Give the latest moment of change that has arrived, by the source's clock."""
    column = quote(_target_columns(work.table, (work.change_column,))[0])
    with translated("source"):
        now = await source.fetchval(f"select {_NOW}::pg_catalog.text")
    with translated("target"):
        latest: str | None = await target.fetchval(
            f"select pg_catalog.max({column})::pg_catalog.text"
            f" from only {target_table(work.table)} where {column} <= {literal(now)}"
        )
    return latest


async def _fetch(
    source: Connection,
    target: Connection,
    work: CopyChanges,
    since: str | None,
    on_progress: OnProgress,
) -> tuple[int, int]:
    """Bring the rows to the target, beside their table."""
    table = work.table
    columns = ", ".join(quote(column.target) for column in table.columns)
    with translated("target"):
        await target.execute(
            f"create temporary table {_CHANGED} on commit drop as"
            f" select {columns} from only {target_table(table)} where false"
        )
    inlet = inlet_of(table)
    beside = Inlet(
        schema="pg_temp", table=_CHANGED, columns=inlet.columns, copy_format=inlet.copy_format
    )
    condition = "true"
    if since is not None:
        condition = (
            f"{quote(work.change_column)} >= {literal(since)}::pg_catalog.timestamptz"
            f" - pg_catalog.make_interval(secs => {work.overlap_seconds})"
        )
    piped = await pipe(
        source,
        send_rows(source, table, condition),
        target,
        beside,
        on_bytes=lambda sent: on_progress(0, sent),
        stall_seconds=None,
    )
    expect_all_taken(table, piped)
    on_progress(piped.rows_taken, piped.bytes)
    return piped.rows_taken, piped.bytes


async def _replace(target: Connection, table: TableSpec) -> tuple[int, int]:
    """Delete what differs, then insert it anew; gives how many rows were deleted and inserted."""
    relation, there = target_table(table), await types_of(target, "target", target_table(table))
    names = [column.target for column in table.columns]
    if any(name not in there for name in names):
        raise Terminal(
            f"{table.table_id} is not what the plan says: plan again",
            code="structure_changed",
            details={"table": table.table_id},
        )
    major = server_major(target)
    hashing = Hashing("value", major, major)
    ours, theirs = (
        hashing.of_row([(f"{side}.{quote(name)}", there[name]) for name in names])
        for side in ("t", "c")
    )
    same = " and ".join(
        f"t.{quote(name)} = c.{quote(name)}" for name in _target_columns(table, table.key)
    )
    columns = ", ".join(quote(name) for name in names)
    with translated("target"):
        await target.execute(statements("copy_changes.sql")["analyse"])
        await target.execute(
            f"delete from pg_temp.{_CHANGED} as c using only {relation} as t"
            f" where {same} and {ours} = {theirs}"
        )
        removed = await target.execute(
            f"delete from only {relation} as t using pg_temp.{_CHANGED} as c where {same}"
        )
        written = await target.execute(
            f"insert into {relation} ({columns}) overriding system value"
            f" select {columns} from pg_temp.{_CHANGED}"
        )
    return _count(removed), _count(written)


def _target_columns(table: TableSpec, names: tuple[str, ...]) -> tuple[str, ...]:
    """Give what columns of the source are called on the target; raises Terminal."""
    known = {column.source: column.target for column in table.columns}
    if not names or any(name not in known for name in names):
        raise Terminal(
            f"the key or the change column of {table.table_id} is not copied: plan again",
            code="structure_changed",
            details={"table": table.table_id},
        )
    return tuple(known[name] for name in names)


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
