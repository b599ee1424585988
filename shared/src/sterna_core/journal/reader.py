from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Self

from sterna_core.journal.decision import Decision, DecisionReader
from sterna_core.journal.log import Bounds, Log, Tail
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import Position, anchored_position

READ_WAIT_SECONDS = 0.5
_STRETCH_RECORDS = 64
"""How far from the end the search for a certain place begins; it grows until one is found."""
_STRETCH_FACTOR = 8


class JournalReader:
    """Reads decisions from the journal, of one partition or several, as they are made.

    Everybody who reads `sterna.events` reads it through this: it leaves out what owners wrote
    whose term was over. Use as a context manager, then iterate, or call `read`.
    """

    def __init__(self, log: Log, topic: str, positions: Mapping[int, Position]) -> None:
        self._log = log
        self._topic = topic
        self._decisions = DecisionReader(positions)
        self._tail: Tail | None = None

    @property
    def positions(self) -> dict[int, Position]:
        """Give where another reader can go on: after the last decision that was read."""
        return self._decisions.positions

    async def __aenter__(self) -> Self:
        """Begin to read; raises Unreachable."""
        offsets = {p: position.next_offset for p, position in self.positions.items()}
        self._tail = await self._log.open_tail(self._topic, offsets)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._tail is not None:
            await self._tail.close()

    async def read(self, wait_seconds: float = READ_WAIT_SECONDS) -> list[Decision]:
        """Give the next decisions, in order within a partition; none after the wait."""
        if self._tail is None:
            raise RuntimeError("the reader is not open")
        return self._decisions.feed(await self._tail.read(wait_seconds))

    async def __aiter__(self) -> AsyncIterator[Decision]:
        """Give decisions for ever."""
        while True:
            for decision in await self.read():
                yield decision


async def end_positions(log: Log, topic: str, partitions: Iterable[int]) -> dict[int, Position]:
    """Find where each partition ends and whose records count from there on.

    Reads back from the end to the nearest record that proves its own term, which is as a rule
    the last one. Raises Unreachable.
    """
    bounds = await log.bounds(topic, partitions)
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
