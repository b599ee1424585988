import asyncio
from collections.abc import Sequence

from sterna_core.errors import Unreachable
from sterna_core.journal.fold import EntryKey, Fold
from sterna_core.journal.log import Tail
from sterna_core.journal.record import StoredRecord

STALL_SECONDS = 30.0
"""How long records that are known to be there may fail to come."""

_READ_WAIT_SECONDS = 0.5


async def catch_up(fold: Fold, tail: Tail, end: int) -> frozenset[EntryKey]:
    """Read a partition into a fold up to an offset; gives the aggregates that changed.

    The fold goes further where there is more. Raises Unreachable where records do not come.
    """
    changed: set[EntryKey] = set()
    while fold.next_offset < end:
        for record in await next_records(tail):
            key = fold.apply(record)
            if key is not None:
                changed.add(key)
    return frozenset(changed)


async def next_records(tail: Tail) -> Sequence[StoredRecord]:
    """Give the next records where there are some; raises Unreachable where they do not come."""
    deadline = asyncio.get_running_loop().time() + STALL_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        records = await tail.read(_READ_WAIT_SECONDS)
        if records:
            return records
    raise Unreachable("Kafka does not give records that it has.")
