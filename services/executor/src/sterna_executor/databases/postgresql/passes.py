"""Which comparison of a table is at hand: repairs of an earlier one are shut out.

An executor that was stopped in the middle of a repair may wake up when the snapshot it read is
long lost, and the table has been compared under a new one. Its repair would undo that. So a
comparison says that it has begun before it looks at the target, and a repair holds the same row
until it commits: it is either over before the comparison looks, or it is refused.
"""

from sterna_core.errors import Fenced
from sterna_core.tasks.work import (
    CompareTable,
    CopyChanges,
    RepairTable,
    RetryRows,
    ScanRange,
)
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.statements import statements

_Work = ScanRange | CompareTable | RepairTable | RetryRows | CopyChanges


async def begin(assignment: Assignment, work: ScanRange | CompareTable) -> None:
    """Say that this comparison has begun; waits for a repair that is at work.

    Raises Fenced where a later comparison has begun, Transient where the repair takes too long.
    """
    async with assignment.target.session() as target:
        with translated("target"):
            standing = await target.fetchval(
                _sql("at_hand"), assignment.migration_id, work.table.table_id
            )
        if standing is None or standing < work.pass_number:
            async with target.transaction(isolation="read_committed"):
                await enter(target, assignment.migration_id, work)
        elif standing > work.pass_number:
            raise _over()


async def enter(target: Connection, migration_id: str, work: _Work) -> None:
    """Hold this comparison to be the one at hand until the caller's transaction ends.

    Raises Fenced where a later one has begun.
    """
    with translated("target"):
        standing = await target.fetchval(
            _sql("enter"), migration_id, work.table.table_id, work.pass_number
        )
    if standing != work.pass_number:
        raise _over()


def _over() -> Fenced:
    return Fenced("a later comparison of this table has begun; nothing was written")


def _sql(name: str) -> str:
    return statements("passes.sql")[name]
