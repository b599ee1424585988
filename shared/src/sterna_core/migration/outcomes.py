"""What executors report, turned into what has happened. A repeat changes nothing."""

from hashlib import sha256

import msgspec

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import events as ev
from sterna_core.migration import refusals
from sterna_core.migration import reports as rep
from sterna_core.migration import state as st
from sterna_core.migration.approval import approve_if_whole, unapproved
from sterna_core.migration.draft import Draft
from sterna_core.migration.error_events import ErrorRecovered
from sterna_core.migration.failures import fail_task
from sterna_core.migration.job import (
    Assignment,
    BuildJob,
    ChangesJob,
    CheckJob,
    ChunkJob,
    CompareJob,
    FenceJob,
    RepairJob,
    RetryJob,
    ScanJob,
    ValidateJob,
)
from sterna_core.migration.plan import Selection, TablePlan
from sterna_core.migration.reviewing import checked, tried
from sterna_core.migration.run import Run
from sterna_core.migration.sync_events import AnyChangesEvent, ChangesCopied, ChangesRefused
from sterna_core.migration.taken_back import taken_back
from sterna_core.migration.validation import validated

DIFFERENCES_SPOKEN = 5
"""How many differences a message names; the details have more."""


def report(draft: Draft, command: rep.AnyReport, context: Context) -> None:
    """Take in what became of a task; one that is not outstanding is ignored."""
    assignment = draft.jobs.get(command.task_id)
    if assignment is None:
        _stray(draft, command)
        return
    _take(draft, command, assignment, context)
    failed = isinstance(command, rep.ReportTaskFailed | rep.ReportTaskStopped)
    if assignment.failures and not failed and command.task_id not in draft.jobs:
        draft.add(
            ErrorRecovered(at=draft.at, task_id=command.task_id, failures=assignment.failures)
        )


def _take(draft: Draft, command: rep.AnyReport, assignment: Assignment, context: Context) -> None:
    match command:
        case rep.ReportTaskFailed():
            fail_task(draft, command, assignment, context)
        case rep.ReportTaskStopped():
            draft.add(ev.TaskStopped(at=draft.at, task_id=command.task_id))
        case rep.ReportPlanBegun():
            if isinstance(draft.state, st.Planning) and not draft.state.begun:
                task_id, by = command.task_id, command.executor_id
                draft.add(ev.PlanBegun(at=draft.at, task_id=task_id, executor_id=by))
        case rep.ReportTablesPlanned() | rep.ReportPlanCompleted():
            _planned(draft, command)
        case rep.ReportTransformationTried():
            tried(draft, command, assignment)
        case rep.ReportPlanChecked():
            checked(draft, command, assignment)
        case _ if isinstance(draft.state, st.Cancelling | st.RollingBack):
            _ending(draft, command)
        case _ if isinstance(draft.state, st.Restoring):
            taken_back(draft, command, assignment)
        case rep.ReportFenceRaised() if isinstance(assignment.job, FenceJob):
            epoch = assignment.job.epoch
            draft.add(ev.FenceRaised(at=draft.at, task_id=command.task_id, epoch=epoch))
        case rep.ReportFenceRaised() | rep.ReportRolledBack() | rep.ReportSnapshotLost():
            return
        case _ if isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
            _done(draft, draft.state, command, assignment)
        case _:
            return


def claim(draft: Draft, command: rep.ClaimTask) -> None:
    """Refuse a task that is not outstanding any more."""
    assignment = draft.jobs.get(command.task_id)
    if assignment is None or assignment.attempt != command.attempt:
        raise Rejected("task_over", "The task was withdrawn, or is done.")


def _stray(draft: Draft, command: rep.AnyReport) -> None:
    held = (
        draft.state.run.snapshot if isinstance(draft.state, st.ActiveState | st.Restoring) else None
    )
    match command:
        case rep.ReportSnapshotExported() if held is None or (
            held.snapshot_id != command.snapshot_id
        ):
            # A second delivery made a snapshot that nobody will read: let its holder go.
            draft.add(
                ev.TaskWithdrawn(
                    at=draft.at, task_id=command.task_id, executor_id=command.executor_id
                )
            )
        case rep.ReportSnapshotLost() if held and held.snapshot_id == command.snapshot_id:
            draft.add(ev.SnapshotEnded(at=draft.at, generation=held.generation, lost=True))
        case _:
            return


def _planned(draft: Draft, command: rep.ReportTablesPlanned | rep.ReportPlanCompleted) -> None:
    if not isinstance(draft.state, st.Planning):
        return
    if isinstance(command, rep.ReportTablesPlanned):
        if command.part == draft.state.parts:
            tables = command.tables
            draft.add(ev.PlanTablesAdded(at=draft.at, part=command.part, tables=tables))
        return
    if command.parts != draft.state.parts:
        return
    tables_planned = draft.state.tables
    draft.add(
        ev.PlanCompleted(
            at=draft.at,
            digest=_digest(tables_planned, command.structure_digest, draft.state.about.selection),
            structure_digest=command.structure_digest,
            summary=command.summary,
            phases=command.phases,
            risks=command.risks,
            pending=len(unapproved(tables_planned)),
        )
    )
    approve_if_whole(draft, "auto")


def _digest(tables: dict[str, TablePlan], structure_digest: str, selection: Selection) -> str:
    encoder = msgspec.json.Encoder(order="deterministic")
    whole = [[tables[key] for key in sorted(tables)], structure_digest, selection]
    return sha256(encoder.encode(whole)).hexdigest()


def _ending(draft: Draft, command: rep.AnyReport) -> None:
    match draft.state, command:
        case st.Cancelling(run=run, rollback=rollback), rep.ReportFenceRaised(task_id=task_id):
            draft.add(ev.FenceRaised(at=draft.at, task_id=task_id, epoch=run.epoch))
            draft.add(
                ev.RollbackStarted(at=draft.at) if rollback else ev.MigrationCancelled(at=draft.at)
            )
        case st.RollingBack(strategy=strategy, verify=verify), rep.ReportRolledBack() if (
            not command.differences
        ):
            draft.add(
                ev.RollbackCompleted(
                    at=draft.at,
                    task_id=command.task_id,
                    removed=command.removed,
                    strategy=strategy,
                    verified=verify,
                )
            )
        case st.RollingBack(), rep.ReportRolledBack():
            draft.add(
                ev.RollbackFailed(
                    at=draft.at,
                    task_id=command.task_id,
                    code="rollback_failed",
                    message="The target differs from how it was found.",
                    details={"differences": list(command.differences[:100])},
                )
            )
        case _:
            return


def _done(
    draft: Draft, state: st.ActiveState, command: rep.AnyReport, assignment: Assignment
) -> None:
    at, task_id, run = draft.at, command.task_id, state.run
    match command, assignment.job:
        case rep.ReportObjectsFound(), _:
            draft.add(ev.SchemaObjectsFound(at=at, part=command.part, objects=command.objects))
        case rep.ReportSchemaCreated(), _:
            draft.add(
                ev.SchemaCreated(
                    at=at,
                    task_id=task_id,
                    created=command.created,
                    skipped=command.skipped,
                    fingerprint_digest=command.fingerprint_digest,
                )
            )
        case rep.ReportSnapshotExported(), _:
            draft.add(
                ev.SnapshotExported(
                    at=at,
                    task_id=task_id,
                    generation=run.generation + 1,
                    snapshot_id=command.snapshot_id,
                    executor_id=command.executor_id,
                )
            )
        case rep.ReportChunkCopied(), ChunkJob():
            draft.add(_chunk_copied(draft, state, command, assignment.job, assignment))
            if command.set_aside:
                copied = assignment.job
                generation = assignment.generation
                refusals.escalate(
                    draft, copied.table_id, copied.chunk, generation, command.set_aside
                )
                refusals.check_thresholds(draft)
        case rep.ReportRowsRetried(), RetryJob() as job:
            refusals.retried(draft, command, job.error_id, assignment.generation)
        case rep.ReportRangeScanned(), ScanJob() as job:
            draft.add(
                ev.RangeScanned(
                    at=at,
                    task_id=task_id,
                    table_id=job.table_id,
                    pass_number=job.pass_number,
                    side=job.side,
                    range_number=job.range_number,
                    rows=command.rows,
                )
            )
        case rep.ReportTableCompared(), CompareJob():
            _compared(draft, state, command, assignment.job)
        case rep.ReportTableRepaired(), RepairJob() as job:
            draft.add(
                ev.TableRepaired(
                    at=at,
                    task_id=task_id,
                    table_id=job.table_id,
                    pass_number=job.pass_number,
                    generation=run.tables[job.table_id].pass_generation,
                    rows_deleted=command.rows_deleted,
                    rows_copied=command.rows_copied,
                )
            )
            generation = run.tables[job.table_id].pass_generation
            refusals.repaired(draft, job.table_id, generation, command.set_aside)
            refusals.check_thresholds(draft)
        case rep.ReportChangesCopied() | rep.ReportChangesRefused(), ChangesJob() as job:
            draft.add(_changes(draft, run, command, job))
        case rep.ReportObjectBuilt(), BuildJob() as job:
            built = run.objects[job.object_id].object
            draft.add(
                ev.ObjectBuilt(
                    at=at,
                    task_id=task_id,
                    object_id=job.object_id,
                    kind=built.kind,
                    name=built.name,
                    seconds=command.seconds,
                )
            )
        case rep.ReportValidated(), ValidateJob() as job:
            validated(draft, state, command, job)
        case rep.ReportTargetChecked(), CheckJob():
            _checked(draft, state, command, assignment.job)
        case rep.ReportCutoverFinished(), _:
            draft.add(
                ev.CutoverFinished(
                    at=at,
                    task_id=task_id,
                    sequences=command.sequences,
                    materialized_views=command.materialized_views,
                    receipts=command.receipts,
                    bookkeeping=("kept" if state.about.options.keep_bookkeeping else "to_remove"),
                )
            )
        case rep.ReportBookkeepingRemoved(), _:
            draft.add(ev.BookkeepingRemoved(at=at, task_id=task_id))
        case _:
            return


def _changes(
    draft: Draft,
    run: Run,
    command: rep.ReportChangesCopied | rep.ReportChangesRefused,
    job: ChangesJob,
) -> AnyChangesEvent:
    if isinstance(command, rep.ReportChangesRefused):
        return ChangesRefused(
            at=draft.at,
            task_id=command.task_id,
            table_id=job.table_id,
            pass_number=job.pass_number,
            code=command.code,
            message=command.message,
        )
    return ChangesCopied(
        at=draft.at,
        task_id=command.task_id,
        table_id=job.table_id,
        pass_number=job.pass_number,
        generation=run.tables[job.table_id].pass_generation,
        rows_read=command.rows_read,
        rows_removed=command.rows_removed,
        rows_written=command.rows_written,
        high_water=command.high_water,
    )


def _chunk_copied(
    draft: Draft,
    state: st.ActiveState,
    command: rep.ReportChunkCopied,
    job: ChunkJob,
    assignment: Assignment,
) -> ev.ChunkCopied:
    run, plan = state.run, state.plan
    chunks = sum(table.chunks for table in plan.tables.values())
    copied = 1 + sum(table.copied_chunks for table in run.tables.values())
    return ev.ChunkCopied(
        at=draft.at,
        task_id=command.task_id,
        table_id=job.table_id,
        chunk=job.chunk,
        chunks=plan.tables[job.table_id].chunks,
        rows=command.rows,
        bytes=command.bytes,
        seconds=command.seconds,
        generation=assignment.generation,
        executor_id=command.executor_id,
        records_processed=run.rows + command.rows,
        bytes_processed=run.bytes + command.bytes,
        percent=round(100.0 * copied / chunks, 1),
    )


def _compared(
    draft: Draft, state: st.ActiveState, command: rep.ReportTableCompared, job: CompareJob
) -> None:
    run = state.run
    table = run.tables[job.table_id]
    proven = sum(each.proven == table.pass_generation for each in run.tables.values())
    # What was left out of the comparison is what is known to be set aside, and not a row more.
    left_out = refusals.rows_set_aside(draft, job.table_id, table.pass_generation)
    replaced = refusals.rows_replaced(draft, job.table_id, table.pass_generation)
    known = (command.rows_set_aside, command.rows_replaced) == (left_out, replaced)
    differing = command.differing_buckets or int(not known)
    equal = differing == 0
    draft.add(
        ev.TableCompared(
            at=draft.at,
            task_id=command.task_id,
            table_id=job.table_id,
            pass_number=job.pass_number,
            generation=table.pass_generation,
            source_rows=command.source_rows,
            target_rows=command.target_rows,
            differing_buckets=differing,
            source_digest=command.source_digest,
            target_digest=command.target_digest,
            percent=round(100.0 * (proven + equal) / len(run.tables), 1),
            # Passes that are not the last prove nothing for good, and there may be many of them.
            proof=command.proof if run.phase != "syncing" or run.sync.last else None,
            rows_set_aside=command.rows_set_aside,
            in_pass=run.phase == "syncing",
            rows_replaced=command.rows_replaced,
        )
    )
    if equal:
        refusals.compared_equal(draft, job.table_id, table.pass_generation)
    if equal or table.generation != table.pass_generation or not isinstance(state, st.Running):
        return
    draft.add(
        ev.MigrationFailed(
            at=draft.at,
            task_id=None,
            phase=run.phase,
            code="validation_failed",
            message=(
                f"{job.table_id} differs between source and target in "
                f"{differing} buckets. Resume to copy the differing rows again."
            ),
            table=job.table_id,
            details={"source_rows": command.source_rows, "target_rows": command.target_rows},
        )
    )


def _checked(
    draft: Draft, state: st.ActiveState, command: rep.ReportTargetChecked, job: CheckJob
) -> None:
    mode = state.about.options.mode
    if not command.count:
        draft.add(
            ev.TargetChecked(
                at=draft.at,
                task_id=command.task_id,
                mode=mode,
                checked=command.checked,
                number=job.number,
            )
        )
        return
    if not isinstance(state, st.Running):
        draft.add(ev.TaskStopped(at=draft.at, task_id=command.task_id))
        return
    named = "; ".join(command.differences[:DIFFERENCES_SPOKEN])
    draft.add(
        ev.MigrationFailed(
            at=draft.at,
            task_id=command.task_id,
            phase=state.run.phase,
            code="validation_failed",
            message=(
                f"The target is not as planned in {command.count} of {command.checked} things "
                f"that were checked: {named}. Put it right, then resume to check again."
            ),
            table=None,
            details={"differences": list(command.differences), "count": command.count},
        )
    )
