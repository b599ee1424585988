from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from sterna_core import ids
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context, Timer
from sterna_core.namespace import commands as cmd
from sterna_core.namespace import events as ev
from sterna_core.namespace.place import place_of_name
from sterna_core.namespace.putting import held, users_of
from sterna_core.namespace.state import Absent, Deleted, Held, Live, State
from sterna_core.namespace_name.commands import ReleaseName

RESOURCES_DIFFER = "resources_differ"
_SETTLE_AFTER = timedelta(seconds=30)
"""This much later the command that frees the name is on the bus: timers go in order."""


def decide(state: State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case cmd.CreateNamespace():
            return _create(state, command, context)
        case cmd.PutResource(resource=resource):
            live = _live(state)
            after = held(resource, live.resources)
            if after == live.resources.get(resource.resource_id):
                return ()
            return (
                ev.ResourcePut(
                    at=context.now,
                    resource=resource,
                    digest=after.digest,
                    needs=after.needs,
                    by=context.actor,
                ),
            )
        case cmd.RemoveResource():
            return _remove(_live(state), command, context)
        case cmd.CheckResources():
            _check(_live(state), command)
            return ()
        case cmd.DeleteNamespace():
            live = _live(state)
            return (
                ev.NamespaceDeleted(
                    at=context.now,
                    namespace_id=context.aggregate_id,
                    name=live.name,
                    place=place_of_name(context.org_id, live.name),
                    by=context.actor,
                ),
            )
        case cmd.SettleDeletion():
            if not isinstance(state, Deleted) or state.settled:
                return ()
            return (ev.DeletionSettled(at=context.now),)
    assert_never(command)


def _create(
    state: State, command: cmd.CreateNamespace, context: Context
) -> tuple[ev.AnyEvent, ...]:
    # The name's owner sees to it that this is sent, so it can come twice, and late.
    if isinstance(state, Deleted):
        # A claim that came late as well has the name, and nobody else would give it up.
        place = place_of_name(context.org_id, command.name)
        return (ev.CreationCameLate(at=context.now, place=place),)
    if not isinstance(state, Absent):
        return ()
    return (
        ev.NamespaceCreated(
            at=context.now,
            name=command.name,
            description=command.description,
            store=command.store,
            feature_extractors=command.feature_extractors,
            by=command.by,
        ),
    )


def _remove(state: Live, command: cmd.RemoveResource, context: Context) -> tuple[ev.AnyEvent, ...]:
    known = state.resources.get(command.resource_id)
    if known is None or known.kind != command.kind:
        raise Rejected(f"{command.kind}_not_found", f"There is no such {command.kind}.")
    users = users_of(command.resource_id, state.resources)
    if users:
        raise Rejected(
            "resource_in_use", "Other definitions need this one.", {"resources": users[:100]}
        )
    return (
        ev.ResourceRemoved(
            at=context.now,
            kind=command.kind,
            resource_id=command.resource_id,
            by=context.actor,
        ),
    )


def _check(state: Live, command: cmd.CheckResources) -> None:
    missing = sorted(set(command.digests) - set(state.resources))
    changed = sorted(
        name
        for name, digest in command.digests.items()
        if name in state.resources and state.resources[name].digest != digest
    )
    if missing or changed:
        raise Rejected(
            RESOURCES_DIFFER,
            "Definitions are not as they were put.",
            {"missing": missing, "changed": changed},
        )


def _live(state: State) -> Live:
    if not isinstance(state, Live):
        raise Rejected("namespace_not_found", "There is no such namespace.")
    return state


def evolve(state: State, event: ev.AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ev.NamespaceCreated():
            return Live(name=event.name)
        case ev.ResourcePut(resource=resource):
            assert isinstance(state, Live)
            one = Held(kind=resource.kind, digest=event.digest, needs=event.needs)
            return replace(state, resources={**state.resources, resource.resource_id: one})
        case ev.ResourceRemoved():
            assert isinstance(state, Live)
            left = {k: each for k, each in state.resources.items() if k != event.resource_id}
            return replace(state, resources=left)
        case ev.NamespaceDeleted():
            return Deleted(namespace_id=event.namespace_id, place=event.place, at=event.at)
        case ev.CreationCameLate():
            assert isinstance(state, Deleted)
            return replace(state, place=event.place, at=event.at, settled=False)
        case ev.DeletionSettled():
            assert isinstance(state, Deleted)
            return replace(state, settled=True)
    assert_never(event)


def timers(state: State) -> tuple[Timer, ...]:
    """See to it that the name of a deleted namespace is free again."""
    if not isinstance(state, Deleted) or state.settled:
        return ()
    # A timer fires once by its name, and a name may have to be given up more than once.
    when = state.at.isoformat()
    return (
        Timer(
            at=state.at,
            command=ReleaseName(namespace_id=state.namespace_id),
            name=f"release:{when}",
            to=state.place,
        ),
        Timer(at=state.at + _SETTLE_AFTER, command=cmd.SettleDeletion(), name=f"settle:{when}"),
    )


NAMESPACE: Aggregate[State, cmd.AnyCommand, ev.AnyEvent] = Aggregate(
    name="namespace",
    id_prefix=ids.VECTOR_NAMESPACE,
    initial=Absent(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=timers,
    schema_version=1,
)
"""Documents with vectors, and the resources that are made of them."""
