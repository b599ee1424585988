from sterna_core import ids
from sterna_core.journal.aggregate import Aggregate, Context
from sterna_core.notice.commands import AnyCommand
from sterna_core.notice.events import AnyEvent, NoticeAttempted
from sterna_core.notice.state import State


def decide(state: State, command: AnyCommand, context: Context) -> tuple[AnyEvent, ...]:
    """Give what a command leads to: what became of an attempt is as it is reported."""
    del state
    return (
        NoticeAttempted(
            at=context.now,
            migration_id=command.migration_id,
            event_id=command.event_id,
            channel=command.channel,
            recipient=command.recipient,
            attempt=command.attempt,
            result=command.result,
            reason=command.reason,
            next_attempt_at=command.next_attempt_at,
        ),
    )


def evolve(state: State, event: AnyEvent) -> State:
    """Give the state after an event."""
    del event
    return State(attempts=state.attempts + 1)


def notices_of(org_id: str, migration_id: str) -> str:
    """Give the id of the aggregate of a migration's notices."""
    return ids.derived_id(ids.NOTICE, org_id, migration_id)


NOTICES: Aggregate[State, AnyCommand, AnyEvent] = Aggregate(
    name="notice",
    id_prefix=ids.NOTICE,
    initial=State(),
    commands=AnyCommand,
    events=AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=lambda _state: (),
    schema_version=1,
)
"""What people were told of a migration; apart from it, for it goes on after the migration's end."""
