from msgspec import Struct

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.journal.codec import AnyAggregate, Codec
from sterna_core.journal.entry import Answer, Entry
from sterna_core.journal.envelope import CommandEnvelope, Undecodable
from sterna_core.journal.outcome import CommandAcknowledged, CommandRejected, CommandRepeated
from sterna_core.journal.record import StoredRecord


class Ruling(Struct, frozen=True):
    """What a command leads to, before it is written."""

    events: tuple[Struct, ...] = ()
    aside: bool = False
    """The events answer the command and leave the aggregate alone, which does not remember it."""
    fault: str | None = None
    """Why the command is kept as a dead letter, where it is; never a part of its contents."""


def rule(
    aggregate: AnyAggregate,
    entry: Entry,
    envelope: CommandEnvelope,
    command: StoredRecord,
    codec: Codec,
) -> Ruling:
    """Decide on a command to an aggregate in its present state; never raises."""
    if entry.stands_still:
        return refusal(
            envelope,
            "aggregate_quarantined",
            "This part of the journal cannot be read and stands still until it is looked at.",
        )
    answer = entry.answer_to(envelope.command_id)
    if answer is not None:
        return _repeat(envelope, answer)
    try:
        body = codec.command(aggregate, envelope.type, command.value)
    except Undecodable as error:
        return refusal(envelope, error.code, error.message)
    try:
        return Ruling(_events(aggregate, entry, envelope, body))
    except Exception as fault:  # ruff: ignore[blind-except]  # one faulty decision must not stop a partition
        return failure(envelope, type(fault).__name__)


def refusal(
    envelope: CommandEnvelope, code: str, message: str, *, fault: str | None = None
) -> Ruling:
    """Refuse a command without its aggregate, so that it can be sent again, and keep it."""
    events = (CommandRejected(code, message),) if envelope.expect_outcome else ()
    return Ruling(events, aside=True, fault=fault or code)


def failure(envelope: CommandEnvelope, cause: str) -> Ruling:
    """Refuse a command because of a fault of ours."""
    return refusal(
        envelope,
        "internal_error",
        "The command could not be decided on.",
        fault=f"internal_error:{cause}",
    )


def _repeat(envelope: CommandEnvelope, answer: Answer) -> Ruling:
    if not envelope.expect_outcome:
        return Ruling()
    if answer.command_hash == envelope.command_hash:
        return Ruling((CommandRepeated(answer.first_sequence, answer.rejected),), aside=True)
    reused = CommandRejected(
        "idempotency_key_reused",
        "The same Idempotency-Key came with another request before; use a new key.",
    )
    return Ruling((reused,), aside=True)


def _events(
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
    except Rejected as refused:
        return (CommandRejected(refused.code, refused.message, refused.details),)
    if not events and envelope.expect_outcome:
        return (CommandAcknowledged(),)
    return events
