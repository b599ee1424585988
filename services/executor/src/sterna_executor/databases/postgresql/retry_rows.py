"""Rows that were set aside are tried again; what is still refused may get another value."""

import time
from dataclasses import dataclass

from sterna_core.tasks.work import RetryRows
from sterna_executor.databases.postgresql import passes, set_aside
from sterna_executor.databases.postgresql.careful_copy import BOUNDS, Careful, copy_whatever_arrives
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.quiet import hush
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.replace_rows import Replaced, replace_rows
from sterna_executor.databases.postgresql.set_aside import Shelf, at_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryResult:
    """How many rows arrived, and how many are still refused.

    `rows_replaced` of those that arrived have another value than the source; `code` and `reason`
    say why that could not be, where it could not.
    """

    rows_copied: int
    rows_left: int
    seconds: float
    rows_replaced: int = 0
    code: str | None = None
    reason: str = ""


async def retry_rows(assignment: Assignment, work: RetryRows) -> RetryResult:
    """Copy the rows of an error that the target now takes; give the others what was decided.

    What is refused then stays set aside. Raises as `copy_chunk` does.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="retry_rows",
        table_id=work.table.table_id,
        generation=work.generation,
    )
    shelf = Shelf(
        migration_id=assignment.migration_id, table=work.table, generation=work.generation
    )

    async def body(target: Connection) -> Figures:
        await passes.enter(target, assignment.migration_id, work)
        await hush(target, work.table)
        addresses = await set_aside.addresses_of(target, shelf, work.error_id)
        copied = left = 0
        replaced = Replaced()
        if addresses:
            await set_aside.forget_error(target, shelf, work.error_id)
            careful = Careful(
                source=assignment.source,
                target=target,
                shelf=shelf,
                snapshot_id=work.snapshot_id,
                bounds=BOUNDS.without_succession(),
                on_copied=nothing_to_tell,
            )
            condition = at_addresses(addresses)
            copied, left = await copy_whatever_arrives(careful, condition, error_id=work.error_id)
            if left and work.replacement is not None:
                replaced = await replace_rows(careful, work.replacement)
        return Figures(
            rows=copied + replaced.rows,
            result={
                "left": left - replaced.rows,
                "replaced": replaced.rows,
                "code": replaced.code,
                "reason": replaced.reason,
                "seconds": round(time.monotonic() - began, 3),
            },
        )

    figures = (await once(assignment, asked, body)).figures
    result = figures.result
    return RetryResult(
        rows_copied=figures.rows,
        rows_left=int(result.get("left") or 0),
        seconds=float(result.get("seconds") or 0.0),
        rows_replaced=int(result.get("replaced") or 0),
        code=str(result["code"]) if result.get("code") else None,
        reason=str(result.get("reason") or ""),
    )


def nothing_to_tell(_rows: int, _bytes: int) -> None:
    """Take the progress of rows that are few."""
