"""The namespace migration: how it decides, and what it wants of executors and of time."""

from typing import Any

from sterna_core.errors import Rejected
from sterna_core.ids import NAMESPACE_MIGRATION
from sterna_core.journal.aggregate import Aggregate, Context, Timer
from sterna_core.migration.reports import ClaimTask
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import lifecycle
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.advance import advance
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.evolve import evolve
from sterna_core.namespace_migration.outcomes import claim, report
from sterna_core.namespace_migration.rolling_back import roll_back
from sterna_core.namespace_migration.work import tasks


def decide(state: st.State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give the events a command leads to. Raises Rejected where it is not allowed."""
    draft = Draft(state, context.aggregate_id, context.now)
    match command:
        case cmd.CreateNamespaceMigration():
            lifecycle.create(draft, command, context)
        case ClaimTask():
            claim(draft, command)
        case _ if isinstance(command, rep.AnyReport):
            report(draft, command, context)
        case _ if isinstance(state, st.Absent):
            raise Rejected(lifecycle.NOT_FOUND, "There is no such namespace migration.")
        case cmd.ValidateNamespaceMigration():
            lifecycle.validate(draft, command)
        case cmd.RecordResources():
            lifecycle.record(draft, command)
        case cmd.StartNamespaceMigration():
            lifecycle.start(draft, command, context)
        case cmd.PauseNamespaceMigration():
            lifecycle.pause(draft, command)
        case cmd.ResumeNamespaceMigration():
            lifecycle.resume(draft, command, context)
        case cmd.CancelNamespaceMigration():
            lifecycle.cancel(draft, command, context)
        case cmd.RollBackNamespaceMigration():
            roll_back(draft, command, context)
        case cmd.DeleteNamespaceMigration():
            lifecycle.delete(draft, context)
        case cmd.RetryTask():
            pass  # what is ready by now is dispatched below
    advance(draft)
    return tuple(draft.events)


def timers(state: st.State) -> tuple[Timer, ...]:
    """Give every retry that is to come."""
    if not isinstance(state, st.Pending | st.Running | st.Cancelling | st.RollingBack):
        return ()
    return tuple(
        Timer(
            at=each.ready_at,
            command=cmd.RetryTask(task_id=task_id, attempt=each.attempt),
            name=f"retry:{task_id}:{each.attempt}",
        )
        for task_id, each in state.run.jobs.items()
        if each.standing == "waiting" and each.ready_at is not None
    )


NAMESPACE_MIGRATIONS: Aggregate[st.State, Any, Any] = Aggregate(
    name="namespace_migration",
    id_prefix=NAMESPACE_MIGRATION,
    initial=st.Absent(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=st.State,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    timers=timers,
    schema_version=1,
)
"""A namespace that is copied, or extracted anew, into another."""
