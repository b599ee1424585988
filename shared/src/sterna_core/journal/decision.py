from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from sterna_core.journal.codec import Codec
from sterna_core.journal.envelope import EventEnvelope, Undecodable, read_event
from sterna_core.journal.origin import Origin
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import TERM_STARTED, Position, Reading, mark_of, read_on


class EventRecord(Struct, frozen=True):
    """One record of a decision, its body not read yet."""

    offset: int
    sequence: int
    """The aggregate's version; 0 for an answer that leaves the aggregate alone."""
    type: str
    body: bytes


class Decision(Struct, frozen=True):
    """What one command led to: one record or several, appended together."""

    partition: int
    org_id: str
    aggregate_id: str
    command_id: str
    command_hash: str
    actor: str
    time: datetime
    """The command's `now`."""
    source_offset: int
    """The offset of the command in its topic, in the partition of the same number."""
    expect_outcome: bool
    records: tuple[EventRecord, ...]
    after: Position
    """Where reading goes on after it."""
    command_type: str = ""
    """Of a command of the REST interface."""
    origin: Origin | None = None
    """Where the request came from, for a command of the REST interface."""
    request_id: str | None = None
    """The request that the command follows from."""

    def events(self, codec: Codec) -> tuple[Struct, ...]:
        """Read the bodies; raises Undecodable where one is of no type known here."""
        return tuple(codec.event(self.aggregate_id, r.type, r.body) for r in self.records)


class DecisionReader:
    """Turns the records of partitions into decisions, leaving out what does not count."""

    def __init__(self, positions: Mapping[int, Position]) -> None:
        self._readings = {p: position.reading for p, position in positions.items()}
        self._positions = dict(positions)
        self._open: dict[int, list[tuple[StoredRecord, EventEnvelope]]] = {p: [] for p in positions}

    @property
    def positions(self) -> dict[int, Position]:
        """Give where reading goes on in each partition: after the last whole decision."""
        return dict(self._positions)

    def feed(self, records: Iterable[StoredRecord]) -> list[Decision]:
        """Read on; gives the decisions that have become whole."""
        decisions = []
        for record in records:
            decision = self._feed_one(record)
            if decision is not None:
                decisions.append(decision)
        return decisions

    def _feed_one(self, record: StoredRecord) -> Decision | None:
        partition, pending = record.partition, self._open[record.partition]
        mark = mark_of(record)
        envelope = None
        if mark is not None:
            reading, counts = read_on(self._readings[partition], mark)
            self._readings[partition] = reading
            if counts and mark.type == TERM_STARTED:
                pending.clear()
            elif counts:
                envelope = _envelope_of(record)
        if envelope is None:
            if not pending:
                self._move(record)
            return None
        if not _continues(pending, envelope):
            # A batch is appended whole, so a decision that breaks off is a writer's fault: it
            # is left out here, and the fold stops its aggregate.
            pending.clear()
        pending.append((record, envelope))
        if envelope.index + 1 < envelope.count:
            return None
        after = self._move(record)
        whole, self._open[partition] = pending, []
        return _decision(whole, after) if len(whole) == envelope.count else None

    def _move(self, record: StoredRecord) -> Position:
        reading: Reading = self._readings[record.partition]
        after = Position(record.offset + 1, reading.term, reading.owner)
        self._positions[record.partition] = after
        return after


def _envelope_of(record: StoredRecord) -> EventEnvelope | None:
    try:
        return read_event(record)
    except Undecodable:
        return None  # the fold stops the aggregate it belongs to


def _continues(pending: list[tuple[StoredRecord, EventEnvelope]], envelope: EventEnvelope) -> bool:
    if not pending:
        return True
    last = pending[-1][1]
    return (
        envelope.source_offset == last.source_offset
        and envelope.index == last.index + 1
        and envelope.count == last.count
    )


def _decision(pending: list[tuple[StoredRecord, EventEnvelope]], after: Position) -> Decision:
    first = pending[0][1]
    return Decision(
        partition=pending[0][0].partition,
        org_id=first.org_id,
        aggregate_id=first.aggregate_id,
        command_id=first.command_id,
        command_hash=first.command_hash,
        actor=first.actor,
        time=first.time,
        source_offset=first.source_offset,
        expect_outcome=first.expect_outcome,
        records=tuple(
            EventRecord(record.offset, envelope.sequence, envelope.type, record.value or b"")
            for record, envelope in pending
        ),
        after=after,
        command_type=first.command_type,
        origin=first.origin,
        request_id=first.request_id,
    )
