"""What the state is after an event."""

from typing import assert_never

from msgspec.structs import replace

from sterna_core.namespace.references import references
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.evolve_run import evolve_run
from sterna_core.namespace_migration.fold_view import created_view, next_view
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.view import NamespaceMigrationView


def evolve(state: st.State, event: ev.AnyEvent) -> st.State:
    """Give the state after an event."""
    if isinstance(event, ev.NamespaceMigrationCreated):
        return st.Draft(view=created_view(event))
    if isinstance(event, ev.NamespaceMigrationDeleted):
        return st.Absent(existed=True)
    if isinstance(state, st.Absent):
        return state
    state = replace(state, view=next_view(state.view, event))
    match state:
        case st.Draft() | st.Validating():
            return _before(state, event)
        case st.Pending() | st.Running() | st.Pausing() | st.Paused() | st.Failed():
            return _active(state, event)
        case st.Cancelling():
            if isinstance(event, ev.TargetFenced):
                return st.Cancelled(view=state.view)
            return replace(state, run=evolve_run(state.run, event))
        case st.RollingBack():
            return _rolling_back(state, event)
        case st.Completed() | st.Cancelled() | st.RolledBack() | st.RollbackFailed():
            if isinstance(event, ev.RollbackRequested):
                return _rollback(state.view, event)
            return state
    assert_never(state)


def _before(state: st.Draft | st.Validating, event: ev.AnyEvent) -> st.State:
    match event:
        case ev.NamespaceMigrationValidated(accepted=True):
            return st.Validating(view=state.view, digest=event.digest, parts=event.parts)
        case ev.NamespaceMigrationValidated():
            return st.Draft(view=state.view)
        case ev.ResourcesRecorded() if isinstance(state, st.Validating):
            return replace(
                state, recorded=event.part + 1, resources=state.resources + event.resources
            )
        case ev.NamespaceMigrationStarted() if isinstance(state, st.Validating):
            return st.Pending(view=state.view, run=_first_run(state, event.epoch))
        case ev.NamespaceMigrationCancelled():
            return st.Cancelled(view=state.view)
        case _:
            return state


def _first_run(state: st.Validating, epoch: int) -> st.Run:
    resources, view = state.resources, state.view
    known = kinds_of(resources)
    return st.Run(
        epoch=epoch,
        resources=resources,
        ids=id_map(view.config, resources, view.target.namespace_id).resources,
        attached=tuple(
            each.resource_id
            for each in resources
            if any(one.cut is not None for one in references(each, known))
        ),
    )


def _rollback(view: NamespaceMigrationView, event: ev.RollbackRequested) -> st.RollingBack:
    run = st.Run(epoch=event.epoch, resources=(), ids={}, attached=())
    return st.RollingBack(view=view, run=run, drops_target=event.drops_target)


def _rolling_back(state: st.RollingBack, event: ev.AnyEvent) -> st.State:
    match event:
        case ev.NamespaceMigrationRolledBack():
            return st.RolledBack(view=state.view, dropped=event.drops_target)
        case ev.RollbackFailed():
            return st.RollbackFailed(view=state.view, drops_target=state.drops_target)
        case _:
            return replace(state, run=evolve_run(state.run, event))


def _active(state: st.ActiveState, event: ev.AnyEvent) -> st.State:
    run, view = evolve_run(state.run, event), state.view
    match event:
        case ev.WorkBegun():
            return st.Running(view=view, run=run)
        case ev.PauseRequested():
            return st.Pausing(view=view, run=run)
        case ev.NamespaceMigrationPaused():
            return st.Paused(view=view, run=run)
        case ev.NamespaceMigrationResumed():
            return st.Running(view=view, run=run)
        case ev.NamespaceMigrationFailed():
            return st.Failed(view=view, run=run)
        case ev.NamespaceMigrationCancelled():
            if not event.epoch:
                return st.Cancelled(view=view)
            return st.Cancelling(view=view, run=replace(run, epoch=event.epoch, jobs={}))
        case ev.NamespaceMigrationCompleted():
            return st.Completed(view=view)
        case ev.RollbackRequested():
            return _rollback(view, event)
        case _:
            return replace(state, run=run)
