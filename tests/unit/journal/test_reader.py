"""Whoever reads the journal, from wherever, reads the same decisions."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sterna_core.errors import Unreachable
from sterna_core.journal.decision import DecisionReader
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.log import Tail
from sterna_core.journal.memory import InMemoryLog, InMemoryTail
from sterna_core.journal.reader import JournalReader, end_positions
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.tally import TALLY, Add
from sterna_core.journal.terms import Position
from sterna_core.journal.watched_tail import WatchedTail

TOPIC = "t.events"


def outgoing(record: StoredRecord) -> OutgoingRecord:
    return OutgoingRecord(record.key or b"", record.value or b"", record.headers)


def zombie(record: StoredRecord) -> StoredRecord:
    """The record, had a stopped owner written it."""
    forged = {"ce_owner": b"zombie", "ce_term": b"0", "ce_position": b"0"}
    return replace(record, headers=tuple((n, forged.get(n, v)) for n, v in record.headers))


async def journal(junk_at_the_end: int = 0) -> tuple[InMemoryLog, LocalDecider]:
    log, decider = InMemoryLog(), LocalDecider([TALLY])
    for number in range(30):
        decider.send(f"tally_{number % 3}", Add(1, parts=1 + number % 3))
    junk = [zombie(decider.events[-1])] * junk_at_the_end
    await log.append(TOPIC, 0, [outgoing(r) for r in [*decider.events, *junk]])
    return log, decider


async def test_a_reader_that_stops_anywhere_goes_on_where_it_was():
    _log, decider = await journal()
    whole = DecisionReader({0: Position()}).feed(decider.events)
    for cut in range(len(decider.events)):
        first = DecisionReader({0: Position()})
        found = first.feed(decider.events[:cut])
        position = first.positions[0]
        found += DecisionReader({0: position}).feed(decider.events[position.next_offset :])
        assert found == whole


async def test_a_reader_that_begins_at_the_end_reads_what_comes_and_nothing_before():
    for junk in (0, 1, 500):
        log, decider = await journal(junk_at_the_end=junk)
        positions = await end_positions(log, TOPIC, [0, 1])
        assert positions[1] == Position()
        assert positions[0].next_offset == len(decider.events) + junk
        first = len(decider.events)
        decider.send("tally_1", Add(7))
        await log.append(TOPIC, 0, [outgoing(r) for r in decider.events[first:]])
        async with JournalReader(log, TOPIC, positions) as reader:
            (decision,) = await reader.read()
        assert decision.events(decider.codec)[0].amount == 7  # type: ignore[attr-defined]


async def test_a_reader_can_be_iterated():
    log, _ = await journal()
    count = 0
    async with JournalReader(log, TOPIC, {0: Position()}) as reader:
        async for decision in reader:
            assert decision.partition == 0
            count += 1
            if count == 30:
                break


class DeafLog(InMemoryLog):
    """A log of which the first tails are deaf, or fail."""

    def __init__(self, *, fail: bool) -> None:
        super().__init__()
        self._fail = fail
        self.opened = 0

    async def open_tail(self, topic: str, offsets: Mapping[int, int]) -> InMemoryTail:
        self.opened += 1
        return (
            DeafTail(self, topic, offsets)
            if self.opened == 1
            else InMemoryTail(self, topic, offsets)
        )

    def fail(self) -> None:
        if self._fail:
            raise Unreachable("by test")


class DeafTail(InMemoryTail):
    async def read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        assert isinstance(self._log, DeafLog)
        self._log.fail()
        await asyncio.sleep(0)
        return ()


async def test_a_tail_that_fails_or_is_silent_though_there_are_records_is_opened_anew():
    for fail in (True, False):
        log = DeafLog(fail=fail)
        await log.append(TOPIC, 0, [OutgoingRecord(b"k", b"v", ())])
        tail: Tail = WatchedTail(log, TOPIC, {0: 0}, quiet_seconds=0.0)
        async with asyncio.timeout(10):
            while not (records := await tail.read(0.01)):
                pass
        assert [record.offset for record in records] == [0]
        assert log.opened == 2
