"""One target transaction, with its receipt, for one piece of work: exactly once, or not at all."""

from collections.abc import Awaitable, Callable
from typing import Literal

from sterna_core.errors import Transient, Unreachable
from sterna_executor.databases.postgresql import fence, receipts
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.receipts import Claim, Figures, Receipt

Isolation = Literal["read committed", "repeatable read"]
Body = Callable[[Connection], Awaitable[Figures]]


async def once(
    assignment: Assignment,
    asked: Claim,
    body: Body,
    *,
    isolation: Isolation = "read committed",
) -> Receipt:
    """Run `body` in a target transaction that commits with the receipt; give that receipt.

    Where the work is done already, `body` is not run. Raises Fenced where the epoch is over, what
    `body` raises, and Unreachable where the target is lost: then nothing of it was committed, or
    the next attempt finds the receipt.
    """
    async with assignment.target.session() as target:
        with translated("target"):
            await target.execute(f"begin isolation level {isolation}")
            await fence.check(target, assignment.migration_id, assignment.epoch)
            if not await receipts.claim(target, asked):
                done = await receipts.find(target, asked)
                await target.execute("rollback")
                if done is None:
                    raise Transient("the receipt was removed meanwhile", code="contention")
                return done
        figures = await body(target)
        with translated("target"):
            await receipts.settle(target, asked, figures)
        try:
            with translated("target"):
                await target.execute("commit")
        except Unreachable as lost:
            unknown = lost
        else:
            return Receipt(figures=figures, generation=asked.generation, repeated=False)
    if await _was_committed(assignment, asked):
        return Receipt(figures=figures, generation=asked.generation, repeated=False)
    raise unknown


async def _was_committed(assignment: Assignment, asked: Claim) -> bool:
    """Find out what became of a commit whose answer was lost.

    Claiming again waits for the lost transaction where it is still at work, so the answer is sure.
    """
    async with assignment.target.session() as target:
        with translated("target"):
            await target.execute("begin")
            claimed = await receipts.claim(target, asked)
            await target.execute("rollback")
            return not claimed
