"""What executors are asked to do for a job."""

from hashlib import blake2b
from typing import assert_never

from sterna_core.journal.aggregate import OutgoingTask
from sterna_core.migration import job as jb
from sterna_core.migration import state as st
from sterna_core.migration.about import About
from sterna_core.migration.buckets import bucket_bits
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.replacing import replacement_work, replacements_of
from sterna_core.migration.restore_work import restore_work
from sterna_core.migration.review_work import planned_tables, planning_work, review_work
from sterna_core.migration.run import Plan, Run
from sterna_core.migration.table_order import parents_first
from sterna_core.migration.validation_work import validation_work
from sterna_core.tasks import work as wk
from sterna_core.tasks.table import PageRange, ReceivingTable, TableSpec
from sterna_core.tasks.task import Task


def tasks(state: st.State) -> tuple[OutgoingTask, ...]:
    """Give every task that should be with executors in this state."""
    match state:
        case st.Planning(about=about, jobs=jobs):
            return _outgoing(about, None, jobs, None)
        case (
            st.PlanReady(about=about, plan=plan, review=review)
            | st.Approved(about=about, plan=plan, review=review)
        ) if review.jobs:
            work = {
                task_id: review_work(about, plan, review, each.job)
                for task_id, each in review.jobs.items()
            }
            return _outgoing(about, plan, review.jobs, None, work=work)
        case (
            st.Running(about=about, plan=plan, run=run)
            | st.Pausing(about=about, plan=plan, run=run)
            | st.Paused(about=about, plan=plan, run=run)
            | st.Failed(about=about, plan=plan, run=run)
            | st.Cancelling(about=about, plan=plan, run=run)
        ):
            return _outgoing(about, plan, run.jobs, run)
        case st.RollingBack(about=about, plan=plan, run=run):
            undo = wk.RollBack(
                strategy=state.strategy, verify=state.verify, ledger_required=state.ledger
            )
            return _outgoing(about, plan, run.jobs, run, undo=undo)
        case st.Restoring(about=about, plan=plan, run=run):
            return _outgoing(about, plan, run.jobs, run, work=restore_work(state))
        case _:
            return ()


def _outgoing(
    about: About,
    plan: Plan | None,
    jobs: dict[str, jb.Assignment],
    run: Run | None,
    *,
    undo: wk.RollBack | None = None,
    work: dict[str, wk.AnyWork] | None = None,
) -> tuple[OutgoingTask, ...]:
    offset = blake2b(about.migration_id.encode(), digest_size=2).digest()
    first = int.from_bytes(offset)
    return tuple(
        OutgoingTask(
            key=f"{task_id}:{each.attempt}",
            partition_hint=first + each.slot,
            body=Task(
                task_id=task_id,
                attempt=each.attempt,
                migration_id=about.migration_id,
                org_id=about.org_id,
                epoch=run.epoch if run else 0,
                source=about.source.endpoint,
                target=about.target.endpoint,
                work=(undo or (work[task_id] if work else _work(about, plan, each, run))),
                dispatched_at=each.dispatched_at,
            ),
        )
        for task_id, each in jobs.items()
        if each.standing == "dispatched"
    )


def _work(
    about: About, plan: Plan | None, assignment: jb.Assignment, run: Run | None
) -> wk.AnyWork:
    job = assignment.job
    if isinstance(job, jb.PlanJob):
        return planning_work(about)
    assert plan is not None, "only planning comes before the plan"
    assert run is not None, "a plan that is carried out has a run"
    match job:
        case jb.TrialJob() | jb.PlanCheckJob():
            raise AssertionError("these belong to a plan that was not started")
        case jb.SchemaJob():
            planned, whole = planned_tables(plan)
            return wk.CreateSchema(
                selection=about.selection,
                structure_digest=plan.structure_digest,
                mode=about.options.mode,
                receiving=_receiving(about, plan),
                planned=planned,
                planned_whole=whole,
            )
        case jb.SnapshotJob():
            return wk.HoldSnapshot()
        case jb.ChunkJob():
            table = plan.tables[job.table_id]
            return wk.CopyChunk(
                table=TableSpec.of(table),
                chunk=job.chunk,
                pages=page_range(table, job.chunk),
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
                refused_in_succession_max=about.options.thresholds.max_consecutive,
            )
        case jb.RetryJob():
            return wk.RetryRows(
                table=TableSpec.of(plan.tables[job.table_id]),
                pass_number=run.tables[job.table_id].pass_number,
                error_id=job.error_id,
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
                replacement=replacement_work(plan, job.error_id, run.errors[job.error_id]),
            )
        case jb.ScanJob():
            table = plan.tables[job.table_id]
            return wk.ScanRange(
                table=TableSpec.of(table),
                pass_number=job.pass_number,
                side=job.side,
                range_number=job.range_number,
                pages=page_range(table, job.range_number),
                bucket_bits=bucket_bits(table.estimated_rows),
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
                some_set_aside=_some_set_aside(run, job.table_id),
            )
        case jb.CompareJob():
            table = plan.tables[job.table_id]
            return wk.CompareTable(
                table=TableSpec.of(table),
                pass_number=job.pass_number,
                bucket_bits=bucket_bits(table.estimated_rows),
                scan=table.chunks == 1,
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
                some_set_aside=_some_set_aside(run, job.table_id),
                in_pass=run.phase == "syncing" and not run.sync.last,
            )
        case jb.RepairJob():
            table = plan.tables[job.table_id]
            return wk.RepairTable(
                table=TableSpec.of(table),
                pass_number=job.pass_number,
                bucket_bits=bucket_bits(table.estimated_rows),
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
                some_set_aside=_some_set_aside(run, job.table_id),
                replacements=replacements_of(plan, run, job.table_id),
            )
        case jb.ChangesJob():
            table = plan.tables[job.table_id]
            assert table.sync is not None, "the plan says by which column"
            assert table.sync.change_column is not None, "the plan says by which column"
            return wk.CopyChanges(
                table=TableSpec.of(table),
                pass_number=job.pass_number,
                change_column=table.sync.change_column,
                since=run.tables[job.table_id].high_water,
                overlap_seconds=about.options.passes.overlap_seconds,
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
            )
        case jb.BuildJob():
            return wk.BuildObject(object_id=job.object_id)
        case jb.ValidateJob():
            return validation_work(about, plan, assignment, job)
        case jb.CheckJob():
            return wk.CheckTarget(
                selection=about.selection,
                structure_digest=plan.structure_digest,
                mode=about.options.mode,
            )
        case jb.CutoverJob():
            return wk.FinishCutover(selection=about.selection, mode=about.options.mode)
        case jb.BookkeepingJob():
            return wk.RemoveBookkeeping()
        case jb.FenceJob():
            return wk.RaiseFence()
        case jb.RollbackJob():
            return wk.RollBack()
        case jb.DropObjectsJob() | jb.UndoRowsJob():
            raise AssertionError("these belong to a run that is being taken back")
    assert_never(job)


def _receiving(about: About, plan: Plan) -> tuple[ReceivingTable, ...]:
    if about.options.mode != "data_only":
        return ()
    return tuple(
        ReceivingTable(
            table_id=table.table_id,
            schema=table.target_schema,
            name=table.target_table,
            quiet=table.quiet,
        )
        for table in parents_first(plan.tables)
    )


def _some_set_aside(run: Run, table_id: str) -> bool:
    return any(each.table_id == table_id for each in run.errors.values())


def page_range(table: TablePlan, number: int) -> PageRange:
    """Give the pages of a range; the last one is open-ended, for rows added since the plan."""
    first = number * table.pages_per_chunk
    last = number == table.chunks - 1
    return PageRange(first, None if last else first + table.pages_per_chunk)
