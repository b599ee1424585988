import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Self

from sterna_core.errors import Unreachable
from sterna_core.journal.decision import Decision, DecisionReader
from sterna_core.journal.log import Bounds, Log
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import Position, anchored_position
from sterna_core.journal.watched_tail import WatchedTail

READ_WAIT_SECONDS = 0.5
END_SECONDS = 60.0
"""How long finding the end of the journal may take."""

_STRETCH_RECORDS = 64
"""How far from the end the search for a certain place begins; it grows until one is found."""
_STRETCH_FACTOR = 8


class JournalReader:
    """Reads decisions from the journal, of one partition or several, as they are made.

    Everybody who reads `sterna.events` reads it through this: it leaves out what owners wrote
    whose term was over. Use as a context manager, then iterate, or call `read`.
    """

    def __init__(self, log: Log, topic: str, positions: Mapping[int, Position]) -> None:
        self._decisions = DecisionReader(positions)
        offsets = {p: position.next_offset for p, position in positions.items()}
        self._tail = WatchedTail(log, topic, offsets)

    @property
    def positions(self) -> dict[int, Position]:
        """Give where another reader can go on: after the last decision that was read."""
        return self._decisions.positions

    async def __aenter__(self) -> Self:
        """Begin to read; raises Unreachable."""
        await self._tail.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._tail.close()

    async def read(self, wait_seconds: float = READ_WAIT_SECONDS) -> list[Decision]:
        """Give the next decisions, in order within a partition; none after the wait.

        While Kafka is away there are none; reading goes on by itself when it is back.
        """
        return self._decisions.feed(await self._tail.read(wait_seconds))

    async def __aiter__(self) -> AsyncIterator[Decision]:
        """Give decisions for ever."""
        while True:
            for decision in await self.read():
                yield decision


async def end_positions(
    log: Log, topic: str, partitions: Iterable[int], *, deadline_seconds: float = END_SECONDS
) -> dict[int, Position]:
    """Find where each partition ends and whose records count from there on.

    Reads back from the end to the nearest record that proves its own term, which is as a rule
    the last one. Raises Unreachable.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            return await _find_ends(log, topic, await log.bounds(topic, partitions))
    except TimeoutError as error:
        raise Unreachable("Kafka does not give the end of the journal.") from error


async def _find_ends(log: Log, topic: str, bounds: Mapping[int, Bounds]) -> dict[int, Position]:
    found = {p: Position() for p, bound in bounds.items() if bound.end == 0}
    stretch = _STRETCH_RECORDS
    while wanted := {p: bound for p, bound in bounds.items() if p not in found}:
        starts = {p: max(bound.first, bound.end - stretch) for p, bound in wanted.items()}
        for partition, records in (await _read_to(log, topic, starts, wanted)).items():
            position = anchored_position(records)
            if position is not None:
                found[partition] = position
            elif starts[partition] == bounds[partition].first:
                found[partition] = Position(bounds[partition].end)
        stretch *= _STRETCH_FACTOR
    return found


async def _read_to(
    log: Log, topic: str, starts: Mapping[int, int], bounds: Mapping[int, Bounds]
) -> dict[int, list[StoredRecord]]:
    """Read each partition from its start to its end as it was."""
    read: dict[int, list[StoredRecord]] = {partition: [] for partition in starts}
    unfinished = {p for p, start in starts.items() if start < bounds[p].end}
    tail = await log.open_tail(topic, starts)
    try:
        while unfinished:
            for record in await tail.read(READ_WAIT_SECONDS):
                if record.offset < bounds[record.partition].end:
                    read[record.partition].append(record)
                if record.offset + 1 >= bounds[record.partition].end:
                    unfinished.discard(record.partition)
    finally:
        await tail.close()
    return read
