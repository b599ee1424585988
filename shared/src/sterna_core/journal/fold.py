from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from sterna_core.journal.codec import AnyAggregate, Codec
from sterna_core.journal.entry import Entry, advance
from sterna_core.journal.envelope import EventEnvelope, Undecodable, read_event
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import TERM_STARTED, Position, Reading, mark_of, read_on

EntryKey = tuple[str, str]
"""Organisation and aggregate: an id means nothing outside its organisation."""


class Fold:
    """A partition of the journal, read up to some offset: every aggregate in its present state.

    Changed only by `apply`, one record after the other, and by `extend`, which takes over what a
    batch of one's own that has just been appended came to.
    """

    def __init__(
        self,
        partition: int,
        codec: Codec,
        *,
        position: Position | None = None,
        source_offset: int = -1,
        entries: Mapping[EntryKey, Entry] | None = None,
        last_record: str = "",
    ) -> None:
        start = position or Position()
        self.partition = partition
        self.codec = codec
        self.reading: Reading = start.reading
        self.next_offset = start.next_offset
        self.source_offset = source_offset
        """The offset of the last command that has been answered; -1 before the first."""
        self.last_record = last_record
        """Who wrote the last record that was read, and where it was expected: no two are alike."""
        self.entries: dict[EntryKey, Entry] = dict(entries or {})
        self.changed: set[EntryKey] = set()
        """What has changed since somebody emptied this: for snapshots, and never anything else."""

    @property
    def position(self) -> Position:
        """Give the place from which another fold can go on with the same entries."""
        return Position(self.next_offset, self.reading.term, self.reading.owner)

    @property
    def quarantined(self) -> tuple[EntryKey, ...]:
        """Give the aggregates that stand still."""
        return tuple(key for key, entry in self.entries.items() if entry.stands_still)

    def apply(self, record: StoredRecord) -> EntryKey | None:
        """Read one record; gives the aggregate that it changed, if it counts and changed one.

        Raises ValueError for a record that is not the next one: that is a fault of the caller.
        """
        if record.offset < self.next_offset:
            raise ValueError("a fold reads each record once, in order")
        self.next_offset = record.offset + 1
        mark = mark_of(record)
        self.last_record = mark.identity if mark else ""
        if mark is None:
            return None
        self.reading, counts = read_on(self.reading, mark)
        if not counts or mark.type == TERM_STARTED:
            return None
        try:
            envelope = read_event(record)
        except Undecodable:
            return self._quarantine_named_by(record)
        return self._apply_event(envelope, record.value)

    def extend(
        self,
        entries: Mapping[EntryKey, Entry],
        *,
        next_offset: int,
        source_offset: int,
        last_record: str,
    ) -> None:
        """Take over what an appended batch came to."""
        self.entries.update(entries)
        self.changed.update(entries)
        self.next_offset = next_offset
        self.source_offset = max(self.source_offset, source_offset)
        self.last_record = last_record

    def _apply_event(self, envelope: EventEnvelope, body: bytes | None) -> EntryKey | None:
        key = (envelope.org_id, envelope.aggregate_id)
        answered_before = envelope.index == 0 and envelope.source_offset <= self.source_offset
        self.source_offset = max(self.source_offset, envelope.source_offset)
        if envelope.sequence == 0:
            return None
        aggregate = self.codec.aggregate_of(envelope.aggregate_id)
        entry = self.entries.get(key) or blank(envelope.org_id, envelope.aggregate_id, aggregate)
        if aggregate is None:
            return self._put(key, replace(entry, quarantine="aggregate_unknown"))
        if answered_before:
            return self._put(key, replace(entry, quarantine="answered_twice"))
        try:
            event = self.codec.event(envelope.aggregate_id, envelope.type, body)
        except Undecodable:
            return self._put(key, replace(entry, quarantine="event_undecodable"))
        return self._put(key, advance(aggregate, entry, envelope, event))

    def _put(self, key: EntryKey, entry: Entry) -> EntryKey:
        self.entries[key] = entry
        self.changed.add(key)
        return key

    def _quarantine_named_by(self, record: StoredRecord) -> EntryKey | None:
        """Stop the aggregate of a record that counts but cannot be read, as far as it is named."""
        org_id, _, aggregate_id = (record.key or b"").decode(errors="replace").partition("/")
        if not aggregate_id:
            return None
        key = (org_id, aggregate_id)
        aggregate = self.codec.aggregate_of(aggregate_id)
        entry = self.entries.get(key) or blank(org_id, aggregate_id, aggregate)
        return self._put(key, replace(entry, quarantine="event_undecodable"))


def blank(org_id: str, aggregate_id: str, aggregate: AnyAggregate | None) -> Entry:
    """Give an aggregate to which nothing has happened."""
    return Entry(org_id, aggregate_id, aggregate.initial if aggregate else None)


def fold_of(partition: int, codec: Codec, records: Iterable[StoredRecord]) -> Fold:
    """Read a partition from its beginning."""
    fold = Fold(partition, codec)
    for record in records:
        fold.apply(record)
    return fold
