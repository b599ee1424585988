"""What a failed task means: another attempt, a lost snapshot, or the end until it is put right."""

import msgspec

from sterna_core.journal.aggregate import Context
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import (
    Assignment,
    BuildJob,
    ChangesJob,
    ChunkJob,
    CompareJob,
    PlanCheckJob,
    PlanJob,
    RepairJob,
    RetryJob,
    ScanJob,
    SchemaJob,
    TrialJob,
)
from sterna_core.migration.reports import ReportTaskFailed
from sterna_core.migration.retries import may_retry, ready_at
from sterna_core.migration.review import Difference
from sterna_core.migration.reviewing import gave_up, outdate
from sterna_core.migration.snapshots import release_snapshot
from sterna_core.migration.taken_back import give_up
from sterna_core.tasks.telemetry import Phase

SNAPSHOT_LOST = "snapshot_lost"
STRUCTURE_CHANGED = "structure_changed"
DATA_REJECTED = "data_rejected"
TOO_MANY_DATA_ERRORS = "too_many_data_errors"


def fail_task(
    draft: Draft, command: ReportTaskFailed, assignment: Assignment, context: Context
) -> None:
    """Take in that a task failed; the report of an attempt that is over is ignored."""
    if command.attempt != assignment.attempt or assignment.standing != "dispatched":
        return
    if command.code == SNAPSHOT_LOST:
        _snapshot_lost(draft, command, assignment)
        return
    if command.code == STRUCTURE_CHANGED and _is_outdated(draft, command, assignment):
        return
    failures = assignment.failures + 1
    if command.transient and may_retry(assignment.job, failures):
        draft.add(
            ev.TaskRetryScheduled(
                at=draft.at,
                task_id=command.task_id,
                attempt=assignment.attempt,
                code=command.code,
                message=command.message,
                failures=failures,
                ready_at=ready_at(draft.at, failures, context.command_id),
            )
        )
        return
    if isinstance(assignment.job, TrialJob | PlanCheckJob):
        gave_up(draft, command, assignment)
        return
    _give_up(draft, command, assignment)


def _is_outdated(draft: Draft, command: ReportTaskFailed, assignment: Assignment) -> bool:
    """Put a plan away whose source was changed before anything was written."""
    if not isinstance(assignment.job, SchemaJob) or not isinstance(draft.state, st.Running):
        return False
    given = msgspec.convert(command.details.get("differences") or (), tuple[str, ...])
    found = tuple(msgspec.json.decode(each, type=Difference) for each in given)
    release_snapshot(draft)
    outdate(draft, command.task_id, found or (Difference(kind="definition_changed"),))
    return True


def _snapshot_lost(draft: Draft, command: ReportTaskFailed, assignment: Assignment) -> None:
    draft.add(
        ev.TaskRetryScheduled(
            at=draft.at,
            task_id=command.task_id,
            attempt=assignment.attempt,
            code=command.code,
            message=command.message,
            failures=assignment.failures,
            ready_at=draft.at,
        )
    )
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        return
    held = draft.state.run.snapshot
    if held is not None and held.snapshot_id == assignment.snapshot_id:
        # The holder may only have lost its connection: it is told, so that it does not linger.
        draft.add(ev.TaskWithdrawn(at=draft.at, task_id=held.task_id))
        draft.add(ev.SnapshotEnded(at=draft.at, generation=held.generation, lost=True))


def _give_up(draft: Draft, command: ReportTaskFailed, assignment: Assignment) -> None:
    if isinstance(draft.state, st.Cancelling | st.RollingBack):
        draft.add(
            ev.RollbackFailed(
                at=draft.at,
                task_id=command.task_id,
                code="rollback_failed",
                message=command.message,
                details={"cause": command.code, **command.details},
            )
        )
        return
    if isinstance(draft.state, st.Restoring):
        give_up(draft, command, assignment)
        return
    if isinstance(draft.state, st.Failed | st.Paused) or _was_given_before_resuming(
        draft, assignment
    ):
        draft.add(ev.TaskStopped(at=draft.at, task_id=command.task_id))
        return
    draft.add(
        ev.MigrationFailed(
            at=draft.at,
            task_id=command.task_id,
            phase=_phase(draft, assignment),
            code=command.code,
            message=command.message,
            table=_table(draft, assignment),
            details=dict(command.details),
        )
    )
    if command.code in {DATA_REJECTED, TOO_MANY_DATA_ERRORS}:
        # It is put right on the source, and seen under another snapshot only.
        release_snapshot(draft)


def _was_given_before_resuming(draft: Draft, assignment: Assignment) -> bool:
    """Tell whether an attempt met what has been put right since: it says nothing about now."""
    if not isinstance(draft.state, st.Running | st.Pausing):
        return False
    resumed_at = draft.state.run.resumed_at
    return resumed_at is not None and assignment.dispatched_at < resumed_at


def _phase(draft: Draft, assignment: Assignment) -> Phase:
    if isinstance(assignment.job, PlanJob) or not isinstance(
        draft.state, st.Running | st.Pausing | st.Paused | st.Failed
    ):
        return "planning"
    return draft.state.run.phase


def _table(draft: Draft, assignment: Assignment) -> str | None:
    match assignment.job:
        case ChunkJob() | ScanJob() | CompareJob() | RepairJob() | RetryJob() | ChangesJob():
            return assignment.job.table_id
        case BuildJob(object_id=object_id) if isinstance(
            draft.state, st.Running | st.Pausing | st.Paused | st.Failed
        ):
            return draft.state.run.objects[object_id].object.table_id
        case _:
            return None
