from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from sterna_core import ids
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context, Timer
from sterna_core.namespace_name import commands as cmd
from sterna_core.namespace_name import events as ev
from sterna_core.namespace_name.state import Alias, Free, Owned, State

ALIAS_ELSEWHERE = "alias_elsewhere"
_MAKE_AFTER = timedelta(seconds=2)
"""By then whoever claimed the name has made the namespace, or is gone."""
_SETTLE_AFTER = timedelta(seconds=32)
"""By then the command that makes it is on the bus: timers go in order."""


def decide(state: State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case cmd.ClaimName():
            return _claim(state, command, context)
        case cmd.SettleName():
            if _owner(state) != command.namespace_id:
                return ()
            return (ev.NameSettled(at=context.now, namespace_id=command.namespace_id),)
        case cmd.ReleaseName():
            if _owner(state) != command.namespace_id:
                return ()
            return (ev.NameReleased(at=context.now, namespace_id=command.namespace_id),)
        case cmd.PointAlias():
            return _point(state, command, context)
        case cmd.ReleaseAlias():
            if not isinstance(state, Alias):
                raise Rejected("alias_not_found", "There is no such alias.")
            return (
                ev.AliasReleased(
                    at=context.now,
                    name=state.name,
                    previous=state.namespace_id,
                    by=context.actor,
                ),
            )
    assert_never(command)


def _claim(state: State, command: cmd.ClaimName, context: Context) -> tuple[ev.AnyEvent, ...]:
    if _owner(state) == command.namespace_id:
        return ()
    if not isinstance(state, Free):
        raise Rejected(
            "namespace_name_taken",
            "A namespace or an alias of this name exists.",
            {"namespace_id": state.namespace_id},
        )
    return (
        ev.NameClaimed(
            at=context.now, namespace_id=command.namespace_id, namespace=command.namespace
        ),
    )


def _point(state: State, command: cmd.PointAlias, context: Context) -> tuple[ev.AnyEvent, ...]:
    if isinstance(state, Owned):
        raise Rejected(
            "namespace_name_taken",
            "A namespace has this name; give the alias another.",
            {"namespace_id": state.namespace_id},
        )
    previous = state.namespace_id if isinstance(state, Alias) else None
    if previous == command.namespace_id:
        return ()
    if command.only_from is not None and previous != command.only_from:
        raise Rejected(
            ALIAS_ELSEWHERE,
            "The alias leads elsewhere by now.",
            {"namespace_id": previous},
        )
    return (
        ev.AliasPointed(
            at=context.now,
            name=command.name,
            namespace_id=command.namespace_id,
            previous=previous,
            by=context.actor,
        ),
    )


def _owner(state: State) -> str | None:
    return state.namespace_id if isinstance(state, Owned) else None


def evolve(state: State, event: ev.AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ev.NameClaimed():
            return Owned(namespace_id=event.namespace_id, at=event.at, making=event.namespace)
        case ev.NameSettled():
            assert isinstance(state, Owned)
            return replace(state, making=None)
        case ev.AliasPointed():
            return Alias(name=event.name, namespace_id=event.namespace_id)
        case ev.NameReleased() | ev.AliasReleased():
            return Free()
    assert_never(event)


def timers(state: State) -> tuple[Timer, ...]:
    """See to it that a namespace is made whose name was claimed."""
    if not isinstance(state, Owned) or state.making is None:
        return ()
    key = state.namespace_id
    # A timer fires once by its name, and a claim that comes late may be the second of its id.
    claim = f"{key}:{state.at.isoformat()}"
    settle = cmd.SettleName(namespace_id=key)
    return (
        Timer(at=state.at + _MAKE_AFTER, command=state.making, name=f"make:{claim}", to=key),
        Timer(at=state.at + _SETTLE_AFTER, command=settle, name=f"settle:{claim}"),
    )


NAMESPACE_NAME: Aggregate[State, cmd.AnyCommand, ev.AnyEvent] = Aggregate(
    name="namespace_name",
    id_prefix=ids.NAMESPACE_NAME,
    initial=Free(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=timers,
    schema_version=1,
)
"""A name, by which it is known that no two namespaces of an organisation have it."""
