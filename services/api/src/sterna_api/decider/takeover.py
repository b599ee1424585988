import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import structlog

from sterna_api.decider.catch_up import catch_up, next_records
from sterna_api.decider.ports import DeciderPorts
from sterna_core.errors import Misconfigured, Unreachable
from sterna_core.journal.fold import Fold
from sterna_core.journal.log import BatchWriter, Log
from sterna_core.journal.snapshot import restore
from sterna_core.journal.tenure import Tenure, TermLost
from sterna_core.journal.terms import mark_of

_CLAIMS_MAX = 5
_CLAIM_PAUSE_SECONDS = 0.2
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def opened_writer(log: Log, topic: str, partition: int) -> AsyncGenerator[BatchWriter]:
    """Open a writer for the time of a term."""
    writer = await log.open_writer(topic, partition)
    try:
        yield writer
    finally:
        await writer.close()


async def claim_term(ports: DeciderPorts, fold: Fold, writer: BatchWriter) -> Tenure:
    """Open a new term in a partition, having read all there is in it.

    Raises AppendUnknown, after which the writer is of no use; TermLost where others are always
    quicker; Unreachable.
    """
    topic, partition = ports.topics.events, fold.partition
    bounds = await ports.log.bounds(topic, [partition])
    tail = await ports.log.open_tail(topic, {partition: fold.next_offset})
    try:
        await catch_up(fold, tail, bounds[partition].end)
        for _ in range(_CLAIMS_MAX):
            tenure = Tenure(fold, uuid4().hex)
            offset = await writer.append([tenure.claim(ports.clock())])
            await catch_up(fold, tail, offset + 1)
            if tenure.holds:
                return tenure
            await asyncio.sleep(random.uniform(0, _CLAIM_PAUSE_SECONDS))  # ruff: ignore[suspicious-non-cryptographic-random-usage]
    finally:
        await tail.close()
    raise TermLost("Another owner claims the same partition and is always first.")


async def restored_fold(ports: DeciderPorts, partition: int) -> Fold:
    """Give a partition as it was last saved, or from its beginning if nothing saved fits."""
    blank = Fold(partition, ports.codec)
    try:
        snapshot = await ports.snapshots.load(partition)
    except Unreachable:
        _log.warning("snapshot_not_loaded", partition=partition)
        return blank
    fold = restore(snapshot, ports.codec) if snapshot else None
    if fold is None:
        return blank
    if not await _is_of_this_journal(ports, fold):
        _log.warning("snapshot_of_another_journal", partition=partition)
        return blank
    return fold


async def first_command(ports: DeciderPorts, fold: Fold) -> int:
    """Give the offset of the first command that has not been answered.

    Raises Misconfigured where the journal answers commands that the topic has never held.
    """
    topic = ports.topics.commands
    bounds = (await ports.log.bounds(topic, [fold.partition]))[fold.partition]
    if bounds.end <= fold.source_offset:
        raise Misconfigured(
            f"The topic {topic} ends before commands that the journal has answers to:"
            " it was made anew. The journal and its commands have to be kept together."
        )
    return max(bounds.first, fold.source_offset + 1)


async def _is_of_this_journal(ports: DeciderPorts, fold: Fold) -> bool:
    if fold.next_offset == 0:
        return True
    topic, partition = ports.topics.events, fold.partition
    last = fold.next_offset - 1
    bounds = (await ports.log.bounds(topic, [partition]))[partition]
    if not bounds.first <= last < bounds.end:
        return False
    tail = await ports.log.open_tail(topic, {partition: last})
    try:
        records = await next_records(tail)
    finally:
        await tail.close()
    mark = mark_of(records[0])
    return records[0].offset == last and (mark.identity if mark else "") == fold.last_record
