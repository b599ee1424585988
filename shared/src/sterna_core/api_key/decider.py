from typing import assert_never

from sterna_core import ids
from sterna_core.api_key.commands import AnyCommand, CreateApiKey, RevokeApiKey
from sterna_core.api_key.events import AnyEvent, ApiKeyCreated, ApiKeyRevoked
from sterna_core.api_key.state import Absent, Revoked, State, Valid
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context


def decide(state: State, command: AnyCommand, context: Context) -> tuple[AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case CreateApiKey():
            if not isinstance(state, Absent):
                raise Rejected("invalid_state", "This key exists or has existed.")
            return (
                ApiKeyCreated(
                    at=context.now,
                    name=command.name,
                    digest=command.digest,
                    expires_at=command.expires_at,
                    by=context.actor,
                ),
            )
        case RevokeApiKey():
            if not isinstance(state, Valid):
                raise Rejected("api_key_not_found", "There is no such API key.")
            return (ApiKeyRevoked(at=context.now, by=context.actor),)
    assert_never(command)


def evolve(state: State, event: AnyEvent) -> State:
    """Give the state after an event."""
    del state  # every event says the whole stage
    match event:
        case ApiKeyCreated():
            return Valid()
        case ApiKeyRevoked():
            return Revoked()
    assert_never(event)


API_KEY: Aggregate[State, AnyCommand, AnyEvent] = Aggregate(
    name="api_key",
    id_prefix=ids.API_KEY,
    initial=Absent(),
    commands=AnyCommand,
    events=AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=lambda _state: (),
    schema_version=1,
)
"""A key that lets somebody act for an organisation."""
