import hashlib
from dataclasses import dataclass

from msgspec import Struct

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.journal.codec import AnyAggregate, encode, tag_of
from sterna_core.journal.entry import Answer, Entry, advance
from sterna_core.journal.envelope import (
    CommandEnvelope,
    EventEnvelope,
    Undecodable,
    event_headers,
    read_command,
)
from sterna_core.journal.fold import EntryKey, Fold, blank
from sterna_core.journal.outcome import CommandAcknowledged, CommandRejected, CommandRepeated
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.topics import BATCH_BYTES_MAX, RECORD_BYTES_MAX, key_of


def hash_of(body: bytes) -> str:
    """Give what tells a command's body from another's."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


class DeadLetter(Struct, frozen=True):
    """A command that could not be decided on, for an operator to look at."""

    record: StoredRecord
    error: str
    """A stable word; what the record holds is never part of it."""


@dataclass(frozen=True)
class _Decision:
    records: tuple[OutgoingRecord, ...]
    entry: Entry | None
    """The aggregate afterwards; none where the decision leaves it alone."""


class Draft:
    """The decisions of one batch: made one after the other, appended together.

    Each is made on the state that those before it lead to. Nothing outside the draft changes: if
    it is thrown away, nothing was decided.
    """

    def __init__(
        self, fold: Fold, *, term: int, owner: str, batch_bytes: int = BATCH_BYTES_MAX
    ) -> None:
        self._fold = fold
        self._term = term
        self._owner = owner
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
        dead_letters = len(self.dead_letters)
        decision = self._decide(envelope, command)
        size = sum(record.size_bytes() for record in decision.records)
        if size > self._bytes_left:
            del self.dead_letters[dead_letters:]
            return False
        self._bytes_left -= size
        if decision.records:
            self.records.extend(decision.records)
            self.source_offset = command.offset
        if decision.entry is not None:
            self.entries[envelope.org_id, envelope.aggregate_id] = decision.entry
        return True

    def _decide(self, envelope: CommandEnvelope, command: StoredRecord) -> _Decision:
        aggregate = self._fold.codec.aggregate_of(envelope.aggregate_id)
        if aggregate is None or command.key != key_of(envelope.org_id, envelope.aggregate_id):
            return self._refuse(
                envelope, command, "unknown_aggregate", "There is no such kind of thing."
            )
        key = (envelope.org_id, envelope.aggregate_id)
        entry = (
            self.entries.get(key)
            or self._fold.entries.get(key)
            or blank(envelope.org_id, envelope.aggregate_id, aggregate)
        )
        if entry.stands_still:
            return self._refuse(
                envelope,
                command,
                "aggregate_quarantined",
                "This part of the journal cannot be read and stands still until it is looked at.",
            )
        answer = entry.answer_to(envelope.command_id)
        if answer is not None:
            return self._repeat(envelope, command, answer)
        try:
            body = self._fold.codec.command(aggregate, envelope.type, command.value)
        except Undecodable as error:
            return self._refuse(envelope, command, error.code, error.message)
        return self._decide_on(aggregate, entry, envelope, command, body)

    def _decide_on(
        self,
        aggregate: AnyAggregate,
        entry: Entry,
        envelope: CommandEnvelope,
        command: StoredRecord,
        body: Struct,
    ) -> _Decision:
        try:
            events = _events_of(aggregate, entry, envelope, body)
            records, after = self._write(aggregate, entry, envelope, command, events)
        except Exception as fault:  # ruff: ignore[blind-except]  # one faulty decision must not stop a partition
            return self._refuse(
                envelope,
                command,
                "internal_error",
                "The command could not be decided on.",
                cause=type(fault).__name__,
            )
        if after.stands_still:
            return self._refuse(
                envelope,
                command,
                "internal_error",
                "The command could not be decided on.",
                cause=after.stands_still,
            )
        sizes = [record.size_bytes() for record in records]
        if any(size > RECORD_BYTES_MAX for size in sizes) or sum(sizes) > self._batch_bytes:
            return self._refuse(
                envelope,
                command,
                "decision_too_large",
                "What the command asks for is too large for one decision; ask for less at a time.",
            )
        return _Decision(records, after if records else None)

    def _write(
        self,
        aggregate: AnyAggregate,
        entry: Entry,
        envelope: CommandEnvelope,
        command: StoredRecord,
        events: tuple[Struct, ...],
    ) -> tuple[tuple[OutgoingRecord, ...], Entry]:
        records = []
        for index, event in enumerate(events):
            header = self._envelope(
                envelope,
                command,
                event,
                sequence=entry.sequence + 1,
                index=index,
                count=len(events),
            )
            record = _record(header, event)
            records.append(record)
            # The state follows from what readers will read, to the last bit; and an event that
            # nobody could read is found before it is written.
            read_back = self._fold.codec.event(envelope.aggregate_id, header.type, record.value)
            entry = advance(aggregate, entry, header, read_back)
        return tuple(records), entry

    def _envelope(
        self,
        envelope: CommandEnvelope,
        command: StoredRecord,
        event: Struct,
        *,
        sequence: int,
        index: int = 0,
        count: int = 1,
    ) -> EventEnvelope:
        return EventEnvelope(
            type=tag_of(event),
            org_id=envelope.org_id,
            aggregate_id=envelope.aggregate_id,
            command_id=envelope.command_id,
            command_hash=envelope.command_hash,
            actor=envelope.actor,
            time=envelope.now,
            term=self._term,
            owner=self._owner,
            source_offset=command.offset,
            sequence=sequence,
            index=index,
            count=count,
            position=self._fold.next_offset + len(self.records) + index,
            expect_outcome=envelope.expect_outcome,
        )

    def _repeat(
        self, envelope: CommandEnvelope, command: StoredRecord, answer: Answer
    ) -> _Decision:
        if not envelope.expect_outcome:
            return _Decision((), None)
        event: Struct = CommandRepeated(answer.first_sequence, answer.rejected)
        if answer.command_hash != envelope.command_hash:
            event = CommandRejected(
                "idempotency_key_reused",
                "The same Idempotency-Key came with another request before; use a new key.",
            )
        return _Decision((self._aside(envelope, command, event),), None)

    def _refuse(
        self,
        envelope: CommandEnvelope,
        command: StoredRecord,
        code: str,
        message: str,
        *,
        cause: str | None = None,
    ) -> _Decision:
        """Refuse a command without its aggregate: it is not remembered, so it can be sent again."""
        if code != "decision_too_large":
            self.dead_letters.append(DeadLetter(command, f"{code}:{cause}" if cause else code))
        if not envelope.expect_outcome:
            return _Decision((), None)
        event = CommandRejected(code, message)
        return _Decision((self._aside(envelope, command, event),), None)

    def _aside(
        self, envelope: CommandEnvelope, command: StoredRecord, event: Struct
    ) -> OutgoingRecord:
        return _record(self._envelope(envelope, command, event, sequence=0), event)


def _events_of(
    aggregate: AnyAggregate, entry: Entry, envelope: CommandEnvelope, command: Struct
) -> tuple[Struct, ...]:
    context = Context(
        now=envelope.now,
        command_id=envelope.command_id,
        org_id=envelope.org_id,
        aggregate_id=envelope.aggregate_id,
        actor=envelope.actor,
    )
    try:
        events: tuple[Struct, ...] = tuple(aggregate.decide(entry.state, command, context))
    except Rejected as refusal:
        return (CommandRejected(refusal.code, refusal.message, refusal.details),)
    if not events and envelope.expect_outcome:
        return (CommandAcknowledged(),)
    return events


def _record(envelope: EventEnvelope, event: Struct) -> OutgoingRecord:
    return OutgoingRecord(
        key_of(envelope.org_id, envelope.aggregate_id), encode(event), event_headers(envelope)
    )
