"""What people ask of a migration: create, review, start, pause, resume, cancel."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.about import About
from sterna_core.migration.agenda import first_agenda
from sterna_core.migration.approval import match_digest, refuse_planless, refuse_unapproved
from sterna_core.migration.checkpointing import last_checkpoint
from sterna_core.migration.draft import Draft
from sterna_core.migration.mapping_changes import next_digest
from sterna_core.migration.refusal import refuse, refuse_without_ledger
from sterna_core.migration.refusals import look_again
from sterna_core.migration.review_commands import MappingReview, ReviewMappings
from sterna_core.migration.reviewing import review as review_plan
from sterna_core.migration.snapshots import release_snapshot
from sterna_core.migration.start_phase import begin_at, go_on_from
from sterna_core.migration.status import status_of


def create(draft: Draft, command: cmd.CreateMigration, context: Context) -> None:
    """Let the migration exist."""
    if draft.state != st.Absent():
        raise Rejected("already_exists", "A migration with this id exists.")
    about = About(
        migration_id=context.aggregate_id,
        org_id=context.org_id,
        name=command.name,
        description=command.description,
        source=command.source,
        target=command.target,
        selection=command.selection,
        options=command.options,
        created_at=context.now,
        created_by=context.actor,
        agenda=first_agenda(
            command.schedule, command.parent_id, command.deadline_seconds, context.now
        ),
        notifications=command.notifications,
    )
    draft.add(ev.MigrationCreated(at=draft.at, about=about))


def review(draft: Draft, command: cmd.ReviewMapping, context: Context) -> None:
    """Approve or reject one mapping; the last one approves the plan."""
    one = MappingReview(
        mapping_id=command.mapping_id, approved=command.approved, comment=command.comment
    )
    review_plan(draft, ReviewMappings(reviews=(one,)), context)


def start(draft: Draft, command: cmd.StartMigration, context: Context) -> None:
    """Carry out the plan."""
    match draft.state:
        case st.Planning() | st.PlanFailed():
            refuse_planless(draft.state)
        case st.PlanReady(plan=plan):
            match_digest(plan, command.plan_digests)
            refuse_unapproved(draft.state, skip_approval=command.skip_approval)
            digest = next_digest(plan.digest, "skip_approval")
            draft.add(ev.PlanApproved(at=draft.at, by=context.actor, digest=digest))
        case st.Approved(plan=plan):
            match_digest(plan, command.plan_digests)
        case st.Paused() | st.Failed() if command.start_from_phase is not None:
            go_on_from(draft, command.start_from_phase)
            resume(draft, context)
            return
        case _:
            refuse(draft, "start")
    begin_at(command.start_from_phase)
    draft.withdraw_all()
    draft.add(ev.MigrationStarted(at=draft.at, by=context.actor, epoch=1))
    draft.add(ev.PhaseStarted(at=draft.at, phase="schema_migration"))


def pause(draft: Draft, command: cmd.PauseMigration) -> None:
    """Give out no more work; `immediate` stops what is at work as well."""
    match draft.state:
        case st.Running():
            draft.add(
                ev.PauseRequested(at=draft.at, reason=command.reason, immediate=command.immediate)
            )
        case st.Pausing(about=about) | st.Paused(about=about) if about.agenda.held_until:
            # What the schedule has paused stays so when a person says it too.
            draft.add(
                ev.PauseRequested(at=draft.at, reason=command.reason, immediate=command.immediate)
            )
        case st.Pausing() | st.Paused():
            pass
        case _:
            refuse(draft, "pause")
    if command.immediate and isinstance(draft.state, st.Pausing):
        for task_id, each in draft.jobs.items():
            if each.standing == "dispatched" and each.job.__struct_config__.tag != "snapshot":
                draft.add(ev.TaskWithdrawn(at=draft.at, task_id=task_id, attempt=each.attempt))


def resume(draft: Draft, context: Context) -> None:
    """Go on."""
    match draft.state:
        case st.Paused() | st.Pausing() | st.Failed():
            last = last_checkpoint(draft)
            if isinstance(draft.state, st.Paused) and draft.state.run.awaits_errors:
                # Whatever was put right, on either side, is seen under another snapshot.
                look_again(draft, context.actor)
                release_snapshot(draft)
            draft.add(ev.MigrationResumed(at=draft.at, by=context.actor, checkpoint_id=last))
        case st.PlanFailed():
            draft.add(ev.MigrationResumed(at=draft.at, by=context.actor))
        case st.Running():
            return
        case _:
            refuse(draft, "resume")


def cancel(draft: Draft, command: cmd.CancelMigration) -> None:
    """End the migration."""
    if command.rollback and isinstance(draft.state, st.ActiveState | st.Restoring):
        refuse_without_ledger(draft.state.about)
    match draft.state:
        case st.Absent() | st.Completed():
            refuse(draft, "cancel")
        case (
            st.Running(run=run) | st.Pausing(run=run) | st.Paused(run=run) | st.Failed(run=run)
        ) if run.cutover_finished and not command.force:
            raise Rejected(
                "invalid_state",
                "Everything has arrived and the target is ready: there is nothing left to cancel.",
                {"status": status_of(draft.state), "phase": run.phase},
            )
        case st.Cancelled() | st.RolledBack():
            return
        case st.Planning() | st.PlanFailed() | st.PlanReady() | st.Approved():
            draft.withdraw_all()
            draft.add(ev.MigrationCancelled(at=draft.at))
        case st.Cancelling() | st.RollingBack() if not command.force:
            return
        case _:
            draft.withdraw_all()
            release_snapshot(draft)
            if command.force:
                draft.add(ev.MigrationCancelled(at=draft.at))
                return
            run = draft.state.run
            draft.add(
                ev.CancelRequested(
                    at=draft.at,
                    reason=command.reason,
                    rollback=command.rollback,
                    epoch=run.epoch + 1,
                )
            )


def release(draft: Draft) -> None:
    """Let the snapshot go while nothing runs."""
    if isinstance(draft.state, st.Paused | st.Failed):
        release_snapshot(draft)
