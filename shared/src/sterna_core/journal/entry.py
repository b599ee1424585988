from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.journal.codec import AnyAggregate
from sterna_core.journal.envelope import EventEnvelope
from sterna_core.journal.outcome import CommandAcknowledged, CommandRejected

OUTCOMES_KEPT = 1_000
"""How many commands that somebody waited for an aggregate knows again, the newest."""

REPORTS_KEPT = 256
"""The same for commands that nobody waited for; its state tells an aggregate the rest."""


class Answer(Struct, frozen=True):
    """What an aggregate remembers of a command it has answered."""

    command_hash: str
    first_sequence: int
    rejected: CommandRejected | None = None


class OpenDecision(Struct, frozen=True):
    """A decision of which some records have been read, and some have not."""

    source_offset: int
    next_index: int
    count: int


class Entry(Struct, frozen=True):
    """One aggregate, as of some place in the journal."""

    org_id: str
    aggregate_id: str
    state: Any
    sequence: int = 0
    outcomes: dict[str, Answer] = {}
    """Answers by command id, the oldest first; never changed in place."""
    reports: dict[str, Answer] = {}
    open_decision: OpenDecision | None = None
    quarantine: str | None = None
    """Why the aggregate stands still, where it does."""
    request_id: str | None = None
    """The latest request that changed it: what it does now follows from that."""

    def answer_to(self, command_id: str) -> Answer | None:
        """Give the answer to a command, if it is remembered."""
        return self.outcomes.get(command_id) or self.reports.get(command_id)

    @property
    def stands_still(self) -> str | None:
        """Say why nothing can be decided here; none where it can."""
        if self.quarantine is None and self.open_decision is not None:
            return "decision_incomplete"
        return self.quarantine


def advance(aggregate: AnyAggregate, entry: Entry, envelope: EventEnvelope, event: Struct) -> Entry:
    """Give an aggregate after one more of its records, standing still if that does not follow."""
    if entry.quarantine is not None:
        return entry
    flaw = _flaw(entry, envelope)
    if flaw is not None:
        return replace(entry, quarantine=flaw)
    state = entry.state
    if not isinstance(event, CommandRejected | CommandAcknowledged):
        try:
            state = aggregate.evolve(entry.state, event)
        except Exception:  # ruff: ignore[blind-except]  # any fault of one aggregate stops that one alone
            return replace(entry, quarantine="evolve_failed")
    last = envelope.index + 1 == envelope.count
    entry = replace(
        entry,
        state=state,
        sequence=envelope.sequence,
        request_id=envelope.request_id or entry.request_id,
        open_decision=None
        if last
        else OpenDecision(envelope.source_offset, envelope.index + 1, envelope.count),
    )
    return _remember(entry, envelope, event) if envelope.index == 0 else entry


def _flaw(entry: Entry, envelope: EventEnvelope) -> str | None:
    if envelope.sequence != entry.sequence + 1:
        return "sequence_gap"
    expected = entry.open_decision
    if expected is None:
        return None if envelope.index == 0 else "decision_incomplete"
    found = OpenDecision(envelope.source_offset, envelope.index, envelope.count)
    return None if found == expected else "decision_incomplete"


def _remember(entry: Entry, envelope: EventEnvelope, event: Struct) -> Entry:
    answer = Answer(
        envelope.command_hash,
        envelope.sequence,
        event if isinstance(event, CommandRejected) else None,
    )
    if envelope.expect_outcome:
        outcomes = _with(entry.outcomes, envelope.command_id, answer, OUTCOMES_KEPT)
        return replace(entry, outcomes=outcomes)
    reports = _with(entry.reports, envelope.command_id, answer, REPORTS_KEPT)
    return replace(entry, reports=reports)


def _with(
    answers: dict[str, Answer], command_id: str, answer: Answer, kept: int
) -> dict[str, Answer]:
    longer = {**answers, command_id: answer}
    while len(longer) > kept:
        del longer[next(iter(longer))]
    return longer
