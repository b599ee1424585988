"""What asking to take a part of a run back leads to."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.checkpoint import Checkpoint, checkpoint_id_of
from sterna_core.migration.checkpoint_marks import chunks_at
from sterna_core.migration.doubt import tables_in_doubt
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import ChangesJob, RepairJob, RetryJob
from sterna_core.migration.refusal import refuse, refuse_without_ledger
from sterna_core.migration.run import Run
from sterna_core.migration.run_chunks import attempted
from sterna_core.migration.undo import RollBackMigration
from sterna_core.migration.undo_events import UndoRequested
from sterna_core.migration.undo_plan import (
    checkpoint_of,
    chunks_left,
    has_validated,
    is_begun,
    objects_left,
    place_of,
)
from sterna_core.migration.undo_scope import UndoScope
from sterna_core.tasks.telemetry import Phase
from sterna_core.tasks.work import UndoStrategy

NOT_AVAILABLE = "restore_not_available"


def restore_checkpoint(draft: Draft, checkpoint_id: str, context: Context) -> None:
    """Take back what has come after a checkpoint; nothing where nothing has."""
    state = draft.state
    if isinstance(state, st.Restoring) and state.undo.checkpoint_id == checkpoint_id:
        return
    if not isinstance(state, st.Paused | st.Failed):
        refuse(draft, "go back to a checkpoint of")
        return
    run = state.run
    if not _was_made(state.about.migration_id, run, checkpoint_id):
        raise Rejected("checkpoint_not_found", "There is no such checkpoint.")
    checkpoint = checkpoint_of(run, checkpoint_id)
    if checkpoint is None:
        raise Rejected(
            NOT_AVAILABLE,
            "It is not known any more what the run was at this checkpoint: only the newest are "
            "kept. Go back to a later one, or roll back a phase or some tables.",
            {"checkpoint_id": checkpoint_id, "reason": "too_old"},
        )
    _refuse_finished(run, NOT_AVAILABLE)
    scope = UndoScope(
        kind="checkpoint",
        phase=checkpoint.phase,
        checkpoint_id=checkpoint_id,
        whole=run.schema_created and not checkpoint.schema,
    )
    _refuse_lost(run, checkpoint)
    refuse_without_ledger(state.about)
    _begin(draft, state, scope, context, strategy="reverse_migration", verify=True, reason=None)


def roll_back_part(
    draft: Draft, command: RollBackMigration, context: Context, strategy: UndoStrategy
) -> None:
    """Take back the rows of some tables, or what came from the beginning of a phase on."""
    state = draft.state
    if isinstance(state, st.Restoring) and _is_same(state.undo, command):
        return
    if not isinstance(state, st.Paused | st.Failed):
        if isinstance(state, st.Completed | st.Cancelled):
            raise Rejected(
                "rollback_not_available",
                "A migration that is over is undone as a whole, or not at all.",
                {"scope": command.scope, "available": ["all"]},
            )
        refuse(draft, "roll back a part of")
        return
    run = state.run
    _refuse_finished(run, "rollback_not_available")
    refuse_without_ledger(state.about)
    if command.scope == "tables":
        scope = _tables_scope(state, command.tables)
    else:
        scope = _phase_scope(run, command.phase)
    if scope is not None:
        _begin(
            draft,
            state,
            scope,
            context,
            strategy=strategy,
            verify=command.verify,
            reason=command.reason,
        )


def _begin(
    draft: Draft,
    state: st.Paused | st.Failed,
    scope: UndoScope,
    context: Context,
    *,
    strategy: UndoStrategy,
    verify: bool,
    reason: str | None,
) -> None:
    if not _is_needed(state, scope):
        return
    draft.withdraw_all()
    draft.add(
        UndoRequested(
            at=draft.at,
            scope=scope,
            strategy=strategy,
            verify=verify,
            reason=reason,
            epoch=state.run.epoch + 1,
            by=context.actor,
        )
    )


def _is_needed(state: st.Paused | st.Failed, scope: UndoScope) -> bool:
    run = state.run
    if scope.whole or scope.phase != run.phase:
        return True
    if scope.kind == "phase" and scope.phase == "validation" and has_validated(run):
        return True
    tried = () if scope.kind == "checkpoint" else tuple(attempted(run))
    doubtful = tables_in_doubt(run, state.plan)
    return (
        run.doubt.unfinish
        or bool(objects_left(run, scope, run.doubt.objects))
        or any(chunks_left(run, scope, (*tried, *doubtful)))
    )


def _tables_scope(state: st.Paused | st.Failed, named: tuple[str, ...]) -> UndoScope | None:
    run = state.run
    unknown = [each for each in named if each not in run.tables]
    if unknown or not named:
        raise Rejected(
            "rollback_not_available",
            "Name tables of this migration, as schema.table of the source."
            if not unknown
            else f"{', '.join(unknown[:20])}: no such table in this migration.",
            {"scope": "tables", "unknown": unknown[:100]},
        )
    scope = UndoScope(kind="tables", phase="data_transfer", tables=tuple(dict.fromkeys(named)))
    tried = (*attempted(run), *tables_in_doubt(run, state.plan))
    if any(chunks_left(run, scope, tried)):
        return scope
    return None


def _phase_scope(run: Run, phase: Phase | None) -> UndoScope | None:
    unknown = phase == "syncing" and run.mode != "incremental"
    if phase is None or phase == "planning" or unknown:
        raise Rejected(
            "rollback_not_available",
            "Name the phase to go back to the beginning of, of those that this migration has; "
            "planning leaves nothing on the target.",
            {"scope": "phase", "available": ["schema_migration", "data_transfer", "validation"]},
        )
    if place_of(phase) > place_of(run.phase):
        return None
    if phase == "schema_migration":
        return UndoScope(kind="phase", phase=phase, whole=True) if is_begun(run) else None
    return UndoScope(kind="phase", phase=phase)


def _is_same(scope: UndoScope, command: RollBackMigration) -> bool:
    if command.scope == "tables":
        return scope.kind == "tables" and scope.tables == tuple(dict.fromkeys(command.tables))
    return scope.kind == "phase" and scope.phase == command.phase


def _was_made(migration_id: str, run: Run, checkpoint_id: str) -> bool:
    numbers = range(1, run.checkpoints.count + 1)
    return any(checkpoint_id_of(migration_id, number) == checkpoint_id for number in numbers)


def _refuse_finished(run: Run, code: str) -> None:
    if run.cutover_finished:
        raise Rejected(
            code,
            "Everything has arrived and the target is ready: nothing is taken back in part.",
            {"phase": run.phase},
        )


def _refuse_lost(run: Run, checkpoint: Checkpoint) -> None:
    lost, subject = checkpoint.lost, checkpoint.lost_with
    for job in (each.job for each in run.jobs.values()):
        # It may have been done, and not reported.
        if isinstance(job, RepairJob | RetryJob | ChangesJob) and lost is None:
            there = chunks_at(checkpoint, run.order.index(job.table_id)).count
            lost, subject = ("corrected" if there else None), job.table_id
    if lost is None:
        return
    if lost == "corrected":
        message = (
            f"Rows of {subject} have been corrected since this checkpoint: what was there before "
            "is nowhere any more. Roll back that table, or all, to have it copied again."
        )
    else:
        message = (
            f"The run was taken back to before this checkpoint ({subject}); what was there then "
            "is not brought back but by going on."
        )
    details = {"checkpoint_id": checkpoint.checkpoint_id, "reason": lost, "subject": subject}
    raise Rejected(NOT_AVAILABLE, message, details)
