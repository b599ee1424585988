from sterna_core.journal.codec import Codec
from sterna_core.journal.decision import Decision
from sterna_core.journal.outcome import (
    CommandAcknowledged,
    CommandRejected,
    CommandRepeated,
    Outcome,
)


def outcome_of(decision: Decision, codec: Codec) -> Outcome:
    """Read a decision as the answer to its command; raises Undecodable."""
    position = f"{decision.partition}-{decision.records[-1].offset}"
    sequence = decision.records[-1].sequence
    events = decision.events(codec)
    match events[0]:
        case CommandRejected() as refusal:
            return Outcome((), refusal.to_error(), position, sequence)
        case CommandRepeated(first_sequence, refusal):
            return Outcome(
                (),
                refusal.to_error() if refusal else None,
                position,
                repeated=True,
                first_sequence=None if refusal else first_sequence,
            )
        case CommandAcknowledged():
            return Outcome((), None, position, sequence)
        case _:
            return Outcome(events, None, position, sequence)
