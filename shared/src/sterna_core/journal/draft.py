from msgspec import Struct
from msgspec.structs import replace

from sterna_core.journal.codec import AnyAggregate
from sterna_core.journal.entry import Entry, advance
from sterna_core.journal.envelope import CommandEnvelope, Undecodable, read_command
from sterna_core.journal.fold import EntryKey, Fold, blank
from sterna_core.journal.outcome import CommandAcknowledged, CommandRejected
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.ruling import Ruling, failure, refusal, rule
from sterna_core.journal.scribe import Scribe, event_record
from sterna_core.journal.topics import BATCH_BYTES_MAX, RECORD_BYTES_MAX, key_of

_NOTHING = (CommandRejected, CommandAcknowledged)
_TOO_LARGE = CommandRejected(
    "decision_too_large",
    "What the command asks for is too large for one decision; ask for less at a time.",
)


class DeadLetter(Struct, frozen=True):
    """A command that could not be decided on, for an operator to look at."""

    record: StoredRecord
    error: str
    """A stable word; what the record holds is never part of it."""


class _Decision(Struct, frozen=True):
    """A ruling as it would be written."""

    records: tuple[OutgoingRecord, ...]
    entry: Entry | None
    """The aggregate afterwards; none where the decision leaves it alone."""
    fault: str | None

    def size_bytes(self) -> int:
        return sum(record.size_bytes() for record in self.records)


class Draft:
    """The decisions of one batch: made one after the other, appended together.

    Each is made on the state that those before it lead to. Nothing outside the draft changes: if
    it is thrown away, nothing was decided.
    """

    def __init__(
        self, fold: Fold, *, term: int, owner: str, batch_bytes: int = BATCH_BYTES_MAX
    ) -> None:
        self._fold = fold
        self._scribe = Scribe(term, owner)
        self._bytes_left = self._batch_bytes = batch_bytes
        self.records: list[OutgoingRecord] = []
        self.entries: dict[EntryKey, Entry] = {}
        self.dead_letters: list[DeadLetter] = []
        self.source_offset = fold.source_offset
        """The offset of the last command that the records answer."""

    def take(self, command: StoredRecord) -> bool:
        """Decide on a command; false where the batch is full and the command is for the next."""
        if command.offset <= self.source_offset:
            return True
        try:
            envelope = read_command(command)
        except Undecodable as error:
            self.dead_letters.append(DeadLetter(command, error.code))
            return True
        decision = self._decide(envelope, command)
        if decision.size_bytes() > self._bytes_left:
            return False
        self._bytes_left -= decision.size_bytes()
        if decision.records:
            self.records.extend(decision.records)
            self.source_offset = command.offset
        if decision.entry is not None:
            self.entries[envelope.org_id, envelope.aggregate_id] = decision.entry
        if decision.fault is not None:
            self.dead_letters.append(DeadLetter(command, decision.fault))
        return True

    def _decide(self, envelope: CommandEnvelope, command: StoredRecord) -> _Decision:
        aggregate = self._fold.codec.aggregate_of(envelope.aggregate_id)
        key = (envelope.org_id, envelope.aggregate_id)
        if aggregate is None or command.key != key_of(*key):
            unknown = refusal(envelope, "unknown_aggregate", "There is no such kind of thing.")
            return self._aside(envelope, command, unknown)
        entry = self.entries.get(key) or self._fold.entries.get(key) or blank(*key, aggregate)
        ruling = rule(aggregate, entry, envelope, command, self._fold.codec)
        if not entry.sequence and all(isinstance(each, _NOTHING) for each in ruling.events):
            # Whatever somebody asks of what is not there, nothing of it is kept in memory.
            ruling = replace(ruling, aside=True)
        if ruling.aside or not ruling.events:
            return self._aside(envelope, command, ruling)
        try:
            decision = self._write(aggregate, entry, envelope, command, ruling)
        except Exception as fault:  # ruff: ignore[blind-except]  # one faulty decision must not stop a partition
            return self._aside(envelope, command, failure(envelope, type(fault).__name__))
        if decision.entry is not None and decision.entry.stands_still:
            return self._aside(envelope, command, failure(envelope, decision.entry.stands_still))
        largest = max(record.size_bytes() for record in decision.records)
        if largest > RECORD_BYTES_MAX or decision.size_bytes() > self._batch_bytes:
            return self._aside(envelope, command, _too_large(envelope))
        return decision

    def _write(
        self,
        aggregate: AnyAggregate,
        entry: Entry,
        envelope: CommandEnvelope,
        command: StoredRecord,
        ruling: Ruling,
    ) -> _Decision:
        """Write a decision, and apply it to its aggregate."""
        records = []
        for index, event in enumerate(ruling.events):
            header = self._scribe.envelope(
                envelope,
                event,
                source_offset=command.offset,
                position=self._fold.next_offset + len(self.records) + index,
                sequence=entry.sequence + 1,
                index=index,
                count=len(ruling.events),
                follows_from=entry.request_id,
            )
            record = event_record(header, event)
            records.append(record)
            # The state follows from what readers will read, to the last bit; and an event that
            # nobody could read is found before it is written.
            read_back = self._fold.codec.event(envelope.aggregate_id, header.type, record.value)
            entry = advance(aggregate, entry, header, read_back)
        return _Decision(tuple(records), entry, None)

    def _aside(self, envelope: CommandEnvelope, command: StoredRecord, ruling: Ruling) -> _Decision:
        """Write an answer that leaves its aggregate alone."""
        records = []
        for event in ruling.events:
            header = self._scribe.envelope(
                envelope,
                event,
                source_offset=command.offset,
                position=self._fold.next_offset + len(self.records),
            )
            records.append(event_record(header, event))
        return _Decision(tuple(records), None, ruling.fault)


def _too_large(envelope: CommandEnvelope) -> Ruling:
    if envelope.expect_outcome:
        return Ruling((_TOO_LARGE,), aside=True)
    return Ruling(aside=True, fault=_TOO_LARGE.code)
