from msgspec import Struct

from sterna_core.journal.codec import encode, tag_of
from sterna_core.journal.envelope import CommandEnvelope, EventEnvelope, event_headers
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import key_of


class Scribe(Struct, frozen=True):
    """Writes an owner's records in a term."""

    term: int
    owner: str

    def envelope(
        self,
        command: CommandEnvelope,
        event: Struct,
        *,
        source_offset: int,
        position: int,
        sequence: int = 0,
        index: int = 0,
        count: int = 1,
        follows_from: str | None = None,
    ) -> EventEnvelope:
        """Address an event that a command leads to.

        A command that names no request follows from that which changed the aggregate last.
        """
        return EventEnvelope(
            type=tag_of(event),
            org_id=command.org_id,
            aggregate_id=command.aggregate_id,
            command_id=command.command_id,
            command_hash=command.command_hash,
            actor=command.actor,
            time=command.now,
            term=self.term,
            owner=self.owner,
            source_offset=source_offset,
            sequence=sequence,
            index=index,
            count=count,
            position=position,
            expect_outcome=command.expect_outcome,
            command_type=command.type if index == 0 and command.origin else "",
            origin=command.origin if index == 0 else None,
            request_id=command.request_id or follows_from,
        )


def event_record(envelope: EventEnvelope, event: Struct) -> OutgoingRecord:
    """Write an event."""
    key = key_of(envelope.org_id, envelope.aggregate_id)
    return OutgoingRecord(key, encode(event), event_headers(envelope))
