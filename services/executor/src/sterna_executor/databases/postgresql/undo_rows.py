"""Taking chunks of a table back: their rows go with their receipts, and nothing else."""

import asyncio
import time

import asyncpg
from msgspec import Struct

from sterna_core.errors import Terminal, Transient
from sterna_core.tasks.undo_work import UndoRows
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.quiet import hush
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.receive_rows import refuse_orphans_of_others
from sterna_executor.databases.postgresql.rollback import ROLLBACK_SECONDS
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_query import target_table


class RowsUndone(Struct, frozen=True, kw_only=True):
    """How many rows went, and how many rows and bytes the chunks that stay have."""

    rows_removed: int
    rows: int
    bytes: int
    seconds: float


async def undo_rows(
    assignment: Assignment, work: UndoRows, *, deadline_seconds: float = ROLLBACK_SECONDS
) -> RowsUndone:
    """Remove the rows of chunks with their receipts, in one target transaction with its own.

    A row carries the number of the transaction that wrote it, as the receipt does. A table that
    the migration made and of which nothing stays is emptied. May be repeated. Raises Terminal with
    the code `rollback_failed` where rows of others refer to what would go, or where what is left
    is not what the receipts say; Fenced, and Transient.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="undo_rows",
        table_id=work.table.table_id,
    )

    async def body(target: Connection) -> Figures:
        undoing = _Undoing(target, assignment.migration_id, work)
        await hush(target, work.table)
        with translated("target"):
            removed = await undoing.remove()
            rows, size = await undoing.left()
        if work.table.received:
            await refuse_orphans_of_others(target, assignment.migration_id, work.table)
        return Figures(rows=rows, bytes=size, result={"rows_removed": removed})

    try:
        async with asyncio.timeout(deadline_seconds):
            figures = (await once(assignment, asked, body)).figures
    except TimeoutError:
        raise Transient(
            f"rows were not removed within {deadline_seconds:g} seconds", code="rollback_slow"
        ) from None
    return RowsUndone(
        rows_removed=int(figures.result.get("rows_removed") or 0),
        rows=figures.rows,
        bytes=figures.bytes,
        seconds=time.monotonic() - began,
    )


class _Undoing:
    def __init__(self, target: Connection, migration_id: str, work: UndoRows) -> None:
        self._target = target
        self._work = work
        self._of = (migration_id, work.table.table_id)
        self._relation = target_table(work.table)

    @property
    def _all(self) -> bool:
        return self._work.below == len(self._work.but)

    async def remove(self) -> int:
        """Remove rows, receipts, and what was set aside of the chunks; gives how many rows."""
        chunks = (self._work.below, list(self._work.but))
        try:
            removed = await self._remove_rows(chunks)
        except asyncpg.IntegrityConstraintViolationError:
            raise Terminal(
                f"{self._work.table.table_id} was not taken back: rows of other tables refer to "
                "its rows. Take those tables back as well, or delete these rows",
                code="rollback_failed",
                details={"table": self._work.table.table_id},
            ) from None
        await self._target.execute(_sql("forget_receipts"), *self._of, *chunks)
        await self._target.execute(_sql("forget_set_aside"), *self._of, *chunks)
        return removed

    async def _remove_rows(self, chunks: tuple[int, list[int]]) -> int:
        if self._all and not self._work.table.received:
            count: int = await self._target.fetchval(_sql("rows_received"), *self._of)
            referred = await self._target.fetchval(_sql("is_referred_to"), self._relation)
            verb = "delete from" if referred else "truncate table"
            await self._target.execute(f"{verb} only {self._relation}")
            return count
        if await self._target.fetchval(_sql("has_strange_marks"), self._of[0]):
            raise Terminal(
                "rows of this migration were copied by an earlier version of Sterna, which did "
                "not write down which chunk they belong to: roll back the whole migration",
                code="rollback_failed",
            )
        written = await self._target.fetch(_sql("transactions"), *self._of, *chunks)
        status = await self._target.execute(
            f"delete from only {self._relation} where xmin = any ($1::text[]::xid[])",
            [row["xid"] for row in written],
        )
        return int(status.rpartition(" ")[2])

    async def left(self) -> tuple[int, int]:
        """Give rows and bytes of the chunks that stay; a table of ours holds these rows exactly."""
        row = await self._target.fetchrow(_sql("left"), *self._of)
        rows, size = int(row["rows"]), int(row["bytes"])
        if self._work.table.received:
            return rows, size
        there = await self._target.fetchval(f"select count(*) from only {self._relation}")
        if there != rows:
            raise Terminal(
                f"{self._work.table.table_id} was not taken back: it would be left with {there} "
                f"rows, and its receipts say {rows}. Somebody has changed it: roll back the table",
                code="rollback_failed",
                details={"table": self._work.table.table_id, "rows": there, "expected": rows},
            )
        return rows, size


def _sql(name: str) -> str:
    return statements("undo_rows.sql")[name]
