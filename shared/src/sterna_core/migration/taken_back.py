"""What executors report of a part of a run that they took back, or could not."""

from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.error_events import ErrorResolved
from sterna_core.migration.evolve_restore import is_undone
from sterna_core.migration.job import Assignment, DropObjectsJob, RollbackJob, UndoRowsJob
from sterna_core.migration.replacing import tell_replaced
from sterna_core.migration.undo_events import (
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
)
from sterna_core.migration.undo_plan import chunks_left

UNDO_FAILED = "undo_failed"


def taken_back(draft: Draft, command: rep.AnyReport, assignment: Assignment) -> None:
    """Take in what an executor has taken back."""
    state = draft.state
    if not isinstance(state, st.Restoring):
        return
    match command, assignment.job:
        case rep.ReportFenceRaised(), _:
            draft.add(ev.FenceRaised(at=draft.at, task_id=command.task_id, epoch=state.run.epoch))
        case rep.ReportObjectsDropped(), DropObjectsJob():
            draft.add(
                ObjectsDropped(
                    at=draft.at,
                    task_id=command.task_id,
                    object_ids=tuple(dict.fromkeys((*assignment.job.object_ids, *command.others))),
                    dropped=command.dropped,
                    unfinished=assignment.job.unfinish,
                )
            )
        case rep.ReportRowsUndone(), UndoRowsJob(table_id=table_id):
            _table_undone(draft, state, command, table_id)
        case rep.ReportRolledBack(), RollbackJob():
            _rolled_back(draft, state, command)
        case _:
            return


def give_up(draft: Draft, command: rep.ReportTaskFailed, assignment: Assignment) -> None:
    """Let a migration stand where it is after something could not be taken back."""
    assert isinstance(draft.state, st.Restoring)
    run, details = draft.state.run, {"cause": command.code, **command.details}
    if isinstance(assignment.job, RollbackJob):
        # Some of the schema may be gone: only another rollback makes this a whole thing again.
        draft.add(
            ev.RollbackFailed(
                at=draft.at,
                task_id=command.task_id,
                code="rollback_failed",
                message=command.message,
                details=details,
            )
        )
        return
    draft.withdraw_all()
    draft.add(
        UndoFailed(
            at=draft.at,
            task_id=command.task_id,
            phase=draft.state.undo.phase,
            # Whoever is still at it must not take anything back once the run goes on.
            epoch=run.epoch + 1,
            code=UNDO_FAILED,
            message=command.message,
            details=details,
        )
    )


def _table_undone(
    draft: Draft, state: st.Restoring, command: rep.ReportRowsUndone, table_id: str
) -> None:
    run = state.run
    stay = dict(chunks_left(run, state.undo, state.tried))[table_id]
    for error_id, error in run.errors.items():
        if is_undone(error, table_id, stay):
            tell_replaced(draft, error_id, error, error.generation, 0)
        if is_undone(error, table_id, stay) and error.standing in {"open", "retrying"}:
            draft.add(
                ErrorResolved(
                    at=draft.at,
                    error_id=error_id,
                    table_id=table_id,
                    resolution="retry",
                    rows=error.rows,
                    reason="The rows it came with were taken back.",
                    by=error.by or "sterna",
                )
            )
    before = run.tables[table_id]
    draft.add(
        TableUndone(
            at=draft.at,
            task_id=command.task_id,
            table_id=table_id,
            below=stay.below,
            but=stay.but,
            rows=command.rows,
            bytes=command.bytes,
            rows_removed=command.rows_removed,
            records_processed=max(0, run.rows - before.rows + command.rows),
            bytes_processed=max(0, run.bytes - before.bytes + command.bytes),
        )
    )


def _rolled_back(draft: Draft, state: st.Restoring, command: rep.ReportRolledBack) -> None:
    if command.differences:
        draft.add(
            ev.RollbackFailed(
                at=draft.at,
                task_id=command.task_id,
                code="rollback_failed",
                message="The target differs from how it was found.",
                details={"differences": list(command.differences[:100])},
            )
        )
        return
    draft.add(
        UndoCompleted(
            at=draft.at,
            scope=state.undo,
            phase=state.undo.phase,
            # The fence went with the rest: a late repeat of this must not meet what comes next.
            epoch=state.run.epoch + 1,
            removed=command.removed,
        )
    )
