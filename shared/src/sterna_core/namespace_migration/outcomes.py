"""What executors report, turned into what has happened. A repeat changes nothing."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration.reports import ClaimTask, ReportTaskFailed, ReportTaskStopped
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.advance import begin_stage
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.benchmark_gate import take_in
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.failures import fail
from sterna_core.namespace_migration.job import (
    Assignment,
    BatchJob,
    BenchmarkJob,
    CheckReferencesJob,
    FenceJob,
    PlanBatchesJob,
    RollbackJob,
)
from sterna_core.namespace_migration.progress import percent_of
from sterna_core.namespace_migration.references_gate import take_in_references
from sterna_core.namespace_migration.rolling_back import not_rolled_back, rolled_back
from sterna_core.namespace_migration.state import CollectionRun

POISON_TOLD = 100
"""Documents of one batch that are named in its event; all are counted."""


def claim(draft: Draft, command: ClaimTask) -> None:
    """Refuse a task that is not outstanding any more."""
    known = draft.jobs.get(command.task_id)
    if known is None or known.attempt != command.attempt or known.standing != "dispatched":
        raise Rejected("task_over", "The task was withdrawn, or is done.")


def report(draft: Draft, command: rep.AnyReport, context: Context) -> None:
    """Take in what became of a task; one that is not outstanding is ignored."""
    known = draft.jobs.get(command.task_id)
    if known is None:
        return
    if isinstance(draft.state, st.Pending):
        draft.add(ev.WorkBegun(at=draft.at, executor_id=command.executor_id))
    if isinstance(draft.state, st.ActiveState):
        view, run = draft.state.view, draft.state.run
        if view.stages[run.stage].started_at is None:
            begin_stage(draft)
    match command:
        case rep.ReportWorkBegun():
            return
        case ReportTaskFailed() if isinstance(draft.state, st.RollingBack):
            if command.attempt == known.attempt and known.standing == "dispatched":
                not_rolled_back(draft, command, known, context)
        case ReportTaskFailed():
            fail(draft, command, known, context)
        case ReportTaskStopped():
            if known.attempt == command.attempt and known.standing == "dispatched":
                draft.add(ev.JobStopped(at=draft.at, task_id=command.task_id))
        case rep.ReportStepDone():
            _step(draft, command, known)
        case rep.ReportBatchesPlanned() | rep.ReportCollectionPlanned():
            if isinstance(known.job, PlanBatchesJob):
                _planned(draft, command, known, known.job, context)
        case rep.ReportBatchDone():
            # Where batches that went together were separated, each has to say so of itself.
            if isinstance(known.job, BatchJob) and command.count == known.job.count:
                draft.add(_batch(draft, command, known.job))


def _batch(draft: Draft, command: rep.ReportBatchDone, job: BatchJob) -> ev.BatchCompleted:
    assert isinstance(draft.state, st.ActiveState)
    view, run = draft.state.view, draft.state.run
    moved = view.moved + command.documents
    total = max(view.stages["batch_processing"].items_total, moved)
    collection = run.collections[job.collection_id]
    was_given_up = job.number in collection.given_up
    return ev.BatchCompleted(
        at=draft.at,
        task_id=command.task_id,
        collection_id=job.collection_id,
        number=job.number,
        documents=command.documents,
        set_aside=command.set_aside,
        poison=command.poison[:POISON_TOLD],
        batches=len(collection.batches),
        moved=moved,
        percent=percent_of(moved, total),
        bytes=command.bytes,
        count=job.count,
        recovered=collection.batches[job.number].expected if was_given_up else 0,
    )


def _step(draft: Draft, command: rep.ReportStepDone, known: Assignment) -> None:
    if isinstance(known.job, BatchJob | PlanBatchesJob):
        return
    if isinstance(known.job, FenceJob):
        epoch = known.job.epoch
        fenced = ev.TargetFenced(
            at=draft.at, task_id=command.task_id, epoch=epoch, aliases=command.aliases
        )
        draft.add(fenced)
        return
    if isinstance(known.job, RollbackJob):
        rolled_back(draft, command, known.job)
        return
    if isinstance(known.job, BenchmarkJob) and command.benchmark is not None:
        take_in(draft, command, known, known.job, command.benchmark)
        return
    if isinstance(known.job, CheckReferencesJob) and command.references is not None:
        take_in_references(draft, command, known, known.job, command.references)
        return
    draft.add(
        ev.StepCompleted(
            at=draft.at,
            task_id=command.task_id,
            job=known.job,
            figures=command.figures,
            aliases=command.aliases,
        )
    )


def _planned(
    draft: Draft,
    command: rep.ReportBatchesPlanned | rep.ReportCollectionPlanned,
    known: Assignment,
    job: PlanBatchesJob,
    context: Context,
) -> None:
    assert isinstance(draft.state, st.ActiveState)
    collection = draft.state.run.collections.get(job.collection_id, CollectionRun())
    if isinstance(command, rep.ReportBatchesPlanned):
        # Parts of two attempts may meet here: what does not go on where the last ended is ignored.
        if command.part == collection.parts and _goes_on(collection.batches, command.batches):
            draft.add(
                ev.BatchesPlanned(
                    at=draft.at,
                    collection_id=job.collection_id,
                    part=command.part,
                    batches=command.batches,
                    left_out=command.left_out,
                    undated=command.undated,
                )
            )
        return
    # A whole stays one, though another attempt may have planned it anew and in other parts.
    last = collection.batches[-1] if collection.batches else None
    is_whole = not command.parts if last is None else last.until is None
    if not is_whole:
        message = "The batches that were reported do not make a whole collection."
        failed = ReportTaskFailed(
            task_id=command.task_id,
            attempt=command.attempt,
            executor_id=command.executor_id,
            code="plan_incomplete",
            message=message,
            transient=True,
            details={},
        )
        fail(draft, failed, known, context)
        return
    draft.add(
        ev.CollectionPlanned(
            at=draft.at,
            task_id=command.task_id,
            collection_id=job.collection_id,
            batches=len(collection.batches),
            documents=collection.documents,
        )
    )


def _goes_on(planned: tuple[Batch, ...], more: tuple[Batch, ...]) -> bool:
    """Tell whether batches begin where the ones before end, without a gap."""
    if planned and planned[-1].until is None:
        return False
    end = planned[-1].until if planned else None
    for place, each in enumerate(more):
        if each.after != end or (each.until is None and place + 1 < len(more)):
            return False
        end = each.until
    return bool(more)
