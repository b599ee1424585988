"""The migration: how it decides, and what it wants of executors and of time."""

from typing import Any

from sterna_core.errors import Rejected
from sterna_core.ids import MIGRATION
from sterna_core.journal.aggregate import Aggregate, Context
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import lifecycle, refusals
from sterna_core.migration import reports as rep
from sterna_core.migration import state as st
from sterna_core.migration.advance import advance
from sterna_core.migration.checkpoint import CreateCheckpoint, RestoreCheckpoint
from sterna_core.migration.checkpointing import create_checkpoint, record_if_due
from sterna_core.migration.deleting import delete
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.migration.draft import Draft
from sterna_core.migration.editing import edit
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.evolve import evolve
from sterna_core.migration.outcomes import claim, report
from sterna_core.migration.restoring import restore_checkpoint
from sterna_core.migration.review_commands import AnyReviewCommand
from sterna_core.migration.reviewing import review
from sterna_core.migration.revision import EditMigration
from sterna_core.migration.rolling_back import roll_back
from sterna_core.migration.schedule_commands import AnyScheduleCommand
from sterna_core.migration.scheduling import refuse_impossible, schedule
from sterna_core.migration.sync_commands import BeginPass, StopMigration
from sterna_core.migration.syncing import begin_due_pass, stop
from sterna_core.migration.timers import timers
from sterna_core.migration.undo import RollBackMigration
from sterna_core.migration.validation import skip
from sterna_core.migration.validation_commands import SkipValidation
from sterna_core.migration.work import tasks


def decide(state: st.State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give the events a command leads to. Raises Rejected where it is not allowed."""
    draft = Draft(state, context.now)
    match command:
        case cmd.CreateMigration():
            refuse_impossible(command.schedule, context.aggregate_id)
            lifecycle.create(draft, command, context)
        case _ if isinstance(state, st.Absent):
            raise Rejected("migration_not_found", "There is no such migration.")
        case EditMigration():
            edit(draft, command, context)
        case DeleteMigration():
            delete(draft, command, context)
        case CreateCheckpoint():
            create_checkpoint(draft, command.reason)
        case RestoreCheckpoint():
            restore_checkpoint(draft, command.checkpoint_id, context)
        case RollBackMigration():
            roll_back(draft, command, context)
        case cmd.ReviewMapping():
            lifecycle.review(draft, command, context)
        case _ if isinstance(command, AnyReviewCommand):
            review(draft, command, context)
        case cmd.StartMigration():
            lifecycle.start(draft, command, context)
        case cmd.PauseMigration():
            lifecycle.pause(draft, command)
        case cmd.ResumeMigration():
            lifecycle.resume(draft, context)
        case cmd.CancelMigration():
            lifecycle.cancel(draft, command)
        case cmd.ReleaseSnapshot():
            lifecycle.release(draft)
        case StopMigration():
            stop(draft, command, context)
        case BeginPass():
            begin_due_pass(draft, command.number)
        case cmd.RetryTask():
            pass  # what is ready by now is dispatched below
        case ResolveError():
            refusals.resolve(draft, command, context)
        case rep.ClaimTask():
            claim(draft, command)
        case SkipValidation():
            skip(draft, command, context)
        case _ if isinstance(command, AnyScheduleCommand):
            schedule(draft, command, context)
        case _:
            report(draft, command, context)
            record_if_due(draft)
    advance(draft)
    return tuple(draft.events)


MIGRATIONS: Aggregate[st.State, Any, Any] = Aggregate(
    name="migration",
    id_prefix=MIGRATION,
    initial=st.Absent(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=st.State,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    timers=timers,
    schema_version=6,
)
