import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from msgspec import Struct

from sterna_api.projections.feed import read_line
from sterna_api.projections.log_rows import rows_of_event
from sterna_api.projections.occurrence import Occurrence
from sterna_api.streams.channel import Channel
from sterna_api.streams.cursor import Cursor
from sterna_api.streams.frame import frame_of, status_told
from sterna_core import ids
from sterna_core.errors import Transient
from sterna_core.journal.codec import Codec
from sterna_core.journal.decision import Decision
from sterna_core.journal.envelope import Undecodable
from sterna_core.journal.log import Log, Tail
from sterna_core.journal.outcome import JournalEvent
from sterna_core.journal.reader import READ_WAIT_SECONDS, JournalReader, end_positions
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics, key_of, partition_for

Key = tuple[str, str]

_RETRY_SECONDS = 0.5
_NARRATED = (ids.MIGRATION, ids.NAMESPACE_MIGRATION)
"""Prefixes of what has a log."""
_log = structlog.get_logger()


class Place(Struct, frozen=True):
    """Where a follower has joined: everything before `cursor` is history."""

    channel: Channel
    number: int
    cursor: Cursor


class Hub:
    """Reads the live ends of journal and telemetry for every follower of this process."""

    def __init__(self, log: Log, topics: Topics, codec: Codec) -> None:
        self._log = log
        self._topics = topics
        self._codec = codec
        self._channels: dict[Key, Channel] = {}
        self._events: dict[int, Position] = {}
        self._telemetry: dict[int, int] = {}
        self._moved = asyncio.Event()
        self.stopping = False

    def partitions_of(self, org_id: str, migration_id: str) -> tuple[int, int]:
        """Give the partitions of a migration's events and of its telemetry."""
        key = key_of(org_id, migration_id)
        return (
            partition_for(key, self._topics.partitions),
            partition_for(key, self._topics.telemetry_partitions),
        )

    async def run(self) -> None:
        """Read for ever; goes on where it was after the log was away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(self._read_events))
            group.create_task(self._again(self._read_telemetry))

    def followers(self, migration_id: str) -> int:
        """Count the followers of a migration in this process."""
        return sum(
            channel.followers for key, channel in self._channels.items() if key[1] == migration_id
        )

    def stop(self) -> None:
        """Let every follower end its stream."""
        self.stopping = True
        self._announce()
        for channel in self._channels.values():
            channel.wake()

    async def wait_for(self, org_id: str, migration_id: str, cursor: Cursor) -> None:
        """Wait until the hub has read everything before a cursor, or stops."""
        # Somebody who has had one line of an event gets the others from history.
        events = cursor.events + (1 if cursor.place else 0)
        while not self.stopping:
            here = self._cursor(org_id, migration_id)
            if here and here.events >= events and here.telemetry >= cursor.telemetry:
                return
            await self._moved.wait()

    @contextmanager
    def join(self, org_id: str, migration_id: str) -> Generator[Place, None, None]:
        """Begin to follow; `wait_for` must have returned."""
        key = (org_id, migration_id)
        cursor = self._cursor(org_id, migration_id)
        if cursor is None:
            raise RuntimeError("the hub does not read yet")
        channel = self._channels.setdefault(key, Channel())
        channel.followers += 1
        try:
            yield Place(channel, channel.next_number, cursor)
        finally:
            channel.followers -= 1
            if channel.followers == 0 and self._channels.pop(key, None) is not None:
                channel.close()

    def _cursor(self, org_id: str, migration_id: str) -> Cursor | None:
        events, telemetry = self.partitions_of(org_id, migration_id)
        if events not in self._events or telemetry not in self._telemetry:
            return None
        return Cursor(events=self._events[events].next_offset, telemetry=self._telemetry[telemetry])

    def _announce(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    @staticmethod
    async def _again(read: Any) -> None:
        while True:
            try:
                await read()
            except Transient as error:
                _log.warning("hub.interrupted", code=error.code)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _read_events(self) -> None:
        topic = self._topics.events
        if not self._events:
            self._events = await end_positions(self._log, topic, range(self._topics.partitions))
            self._announce()
        async with JournalReader(self._log, topic, self._events) as reader:
            while True:
                decisions = await reader.read()
                self._take_decisions(decisions, reader.positions)

    async def _read_telemetry(self) -> None:
        topic = self._topics.telemetry
        if not self._telemetry:
            partitions = range(self._topics.telemetry_partitions)
            bounds = await self._log.bounds(topic, partitions)
            self._telemetry = {partition: each.end for partition, each in bounds.items()}
            self._announce()
        tail = await self._log.open_tail(topic, self._telemetry)
        try:
            await self._pump_telemetry(tail)
        finally:
            await tail.close()

    async def _pump_telemetry(self, tail: Tail) -> None:
        while True:
            for record in await tail.read(READ_WAIT_SECONDS):
                self._take_telemetry(record)
            self._announce()

    # What follows runs without an await: a follower that joins sees all of a batch or nothing.

    def _take_decisions(self, decisions: list[Decision], positions: Mapping[int, Position]) -> None:
        for decision in decisions:
            key = (decision.org_id, decision.aggregate_id)
            channel = self._channels.get(key)
            if channel is not None and decision.aggregate_id.startswith(_NARRATED):
                self._tell_decision(channel, decision)
        self._events = dict(positions)
        self._announce()

    def _tell_decision(self, channel: Channel, decision: Decision) -> None:
        try:
            events = decision.events(self._codec)
        except Undecodable:
            return  # the projector says so, once
        key = (decision.org_id, decision.aggregate_id)
        _, partition = self.partitions_of(*key)
        for record, event in zip(decision.records, events, strict=True):
            if isinstance(event, JournalEvent):
                continue
            occurrence = Occurrence(*key, decision.partition, record.offset, record.sequence, event)
            reached = Cursor(events=record.offset, telemetry=self._telemetry[partition])
            for row in rows_of_event(occurrence):
                channel.append(frame_of(row, reached, status=status_told(event)))

    def _take_telemetry(self, record: StoredRecord) -> None:
        row = read_line(record)
        if row is not None:
            channel = self._channels.get((row.org_id, row.migration_id))
            here = self._cursor(row.org_id, row.migration_id)
            if channel is not None and here is not None:
                channel.append(frame_of(row, here))
        self._telemetry[record.partition] = record.offset + 1
