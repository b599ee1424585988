from collections.abc import Iterable
from datetime import timedelta
from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from sterna_core import ids
from sterna_core.api_key.commands import (
    AnyCommand,
    CreateApiKey,
    RevokeApiKey,
    RotateApiKey,
    UpdateApiKey,
)
from sterna_core.api_key.events import (
    AnyEvent,
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
    ApiKeyUpdated,
)
from sterna_core.api_key.scope import within
from sterna_core.api_key.state import Absent, Revoked, State, Valid
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context


def decide(state: State, command: AnyCommand, context: Context) -> tuple[AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case CreateApiKey():
            if not isinstance(state, Absent):
                raise Rejected("invalid_state", "This key exists or has existed.")
            _check_within(command.scopes, command.holder_scopes)
            return (
                ApiKeyCreated(
                    at=context.now,
                    name=command.name,
                    digest=command.digest,
                    expires_at=command.expires_at,
                    by=context.actor,
                    scopes=command.scopes,
                    ip_whitelist=command.ip_whitelist,
                    environment=command.environment,
                ),
            )
        case UpdateApiKey():
            return _update(_valid(state), command, context)
        case RotateApiKey():
            # Whoever rotates a key gets it, so nobody rotates one that may do more.
            _check_within(_valid(state).scopes, command.holder_scopes)
            until = context.now + timedelta(seconds=command.overlap_seconds)
            return (
                ApiKeyRotated(
                    at=context.now, digest=command.digest, previous_until=until, by=context.actor
                ),
            )
        case RevokeApiKey():
            _valid(state)
            return (ApiKeyRevoked(at=context.now, by=context.actor),)
    assert_never(command)


def evolve(state: State, event: AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ApiKeyCreated() | ApiKeyUpdated():
            return Valid(
                name=event.name,
                scopes=event.scopes,
                expires_at=event.expires_at,
                ip_whitelist=event.ip_whitelist,
            )
        case ApiKeyRotated():
            return state
        case ApiKeyRevoked():
            return Revoked()
    assert_never(event)


def _valid(state: State) -> Valid:
    if not isinstance(state, Valid):
        raise Rejected("api_key_not_found", "There is no such API key.")
    return state


def _update(state: Valid, command: UpdateApiKey, context: Context) -> tuple[AnyEvent, ...]:
    after = replace(
        state,
        name=state.name if command.name is UNSET else command.name,
        scopes=state.scopes if command.scopes is UNSET else command.scopes,
        expires_at=state.expires_at if command.expires_at is UNSET else command.expires_at,
        ip_whitelist=state.ip_whitelist if command.ip_whitelist is UNSET else command.ip_whitelist,
    )
    _check_within((*state.scopes, *after.scopes), command.holder_scopes)
    if after == state:
        return ()
    return (
        ApiKeyUpdated(
            at=context.now,
            name=after.name,
            scopes=after.scopes,
            expires_at=after.expires_at,
            ip_whitelist=after.ip_whitelist,
            by=context.actor,
        ),
    )


def _check_within(wanted: Iterable[str], held: tuple[str, ...]) -> None:
    beyond = [scope for scope in dict.fromkeys(wanted) if not within((scope,), held)]
    if beyond:
        raise Rejected(
            "forbidden",
            f"Your key cannot give what it does not have: {', '.join(beyond)}.",
            {"scopes": beyond},
        )


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
    schema_version=2,
)
"""A key that lets somebody act for an organisation."""
