from typing import assert_never

from sterna_core import ids
from sterna_core.connection.commands import (
    AnyCommand,
    CreateConnection,
    DeleteConnection,
    RecordProbe,
    UpdateConnection,
)
from sterna_core.connection.events import (
    AnyEvent,
    ConnectionCreated,
    ConnectionDeleted,
    ConnectionProbed,
    ConnectionUpdated,
)
from sterna_core.connection.state import Absent, Deleted, Live, State
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context


def decide(state: State, command: AnyCommand, context: Context) -> tuple[AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case CreateConnection():
            return _create(state, command, context)
        case UpdateConnection(changes=changes):
            if not isinstance(state, Live):
                raise _not_found()
            if changes.is_empty:
                return ()
            return (ConnectionUpdated(at=context.now, changes=changes, by=context.actor),)
        case RecordProbe():
            # A trial of what the connection was before says nothing to anybody.
            if not isinstance(state, Live) or command.revision != state.revision:
                return ()
            return (ConnectionProbed(at=context.now, result=command.result),)
        case DeleteConnection():
            if not isinstance(state, Live):
                raise _not_found()
            return (ConnectionDeleted(at=context.now, by=context.actor),)
    assert_never(command)


def _create(
    state: State, command: CreateConnection, context: Context
) -> tuple[ConnectionCreated, ...]:
    if not isinstance(state, Absent):
        raise Rejected("invalid_state", "This connection exists or has existed.")
    return (
        ConnectionCreated(
            at=context.now,
            name=command.name,
            description=command.description,
            role=command.role,
            endpoint=command.endpoint,
            schemas=command.schemas,
            options=command.options,
            tags=command.tags,
            by=context.actor,
        ),
    )


def evolve(state: State, event: AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ConnectionCreated():
            return Live(name=event.name)
        case ConnectionUpdated(changes=changes):
            assert isinstance(state, Live)
            return Live(
                name=changes.name or state.name, revision=state.revision + changes.leads_elsewhere
            )
        case ConnectionProbed():
            return state
        case ConnectionDeleted():
            return Deleted()
    assert_never(event)


def _not_found() -> Rejected:
    return Rejected("connection_not_found", "There is no such connection.")


CONNECTION: Aggregate[State, AnyCommand, AnyEvent] = Aggregate(
    name="connection",
    id_prefix=ids.CONNECTION,
    initial=Absent(),
    commands=AnyCommand,
    events=AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=lambda _state: (),
    schema_version=2,
)
"""A database that migrations read from or write to."""
