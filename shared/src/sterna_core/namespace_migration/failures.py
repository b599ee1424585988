"""What a failed task means: another attempt, a batch given up, or the end until it is put right."""

from msgspec.structs import replace

from sterna_core.journal.aggregate import Context
from sterna_core.migration.reports import ReportTaskFailed
from sterna_core.migration.retries import ATTEMPTS, ready_at
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.config import BatchOptions
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.job import (
    Assignment,
    BatchJob,
    FenceJob,
    resource_of,
    task_id,
)


def fail(draft: Draft, command: ReportTaskFailed, known: Assignment, context: Context) -> None:
    """Take in that a task failed; the report of an attempt that is over is ignored."""
    if command.attempt != known.attempt or known.standing != "dispatched":
        return
    if isinstance(draft.state, st.Cancelling):
        _not_fenced(draft, command, known, context)
        return
    assert isinstance(draft.state, st.ActiveState)
    options = draft.state.view.config.batch_options or BatchOptions()
    is_batch = isinstance(known.job, BatchJob)
    again = command.transient and known.failures + 1 < ATTEMPTS
    if again and (options.retry_failed or not is_batch):
        try_again(draft, command.task_id, known, command.code, command.message, context)
    elif isinstance(known.job, BatchJob) and known.job.count > 1:
        _separate(draft, command, known.job)
    elif isinstance(known.job, BatchJob):
        job = known.job
        batch = draft.state.run.collections[job.collection_id].batches[job.number]
        draft.add(
            ev.BatchFailed(
                at=draft.at,
                task_id=command.task_id,
                collection_id=job.collection_id,
                number=job.number,
                documents=batch.expected,
                code=command.code,
                message=command.message,
            )
        )
    elif isinstance(draft.state, st.Failed):
        draft.add(ev.JobStopped(at=draft.at, task_id=command.task_id))
    else:
        draft.add(
            ev.NamespaceMigrationFailed(
                at=draft.at,
                stage=draft.state.run.stage,
                code=command.code,
                message=command.message,
                task_id=command.task_id,
                resource_id=resource_of(known.job),
            )
        )


def _separate(draft: Draft, command: ReportTaskFailed, job: BatchJob) -> None:
    """Let each batch of a lot be tried by itself: one that cannot be moved keeps no other back."""
    singles = (replace(job, number=job.number + place, count=1) for place in range(job.count))
    draft.add(
        ev.BatchesSeparated(
            at=draft.at,
            task_id=command.task_id,
            collection_id=job.collection_id,
            number=job.number,
            tasks=tuple(task_id(draft.migration_id, each) for each in singles),
            code=command.code,
            message=command.message,
        )
    )


def try_again(
    draft: Draft, task: str, known: Assignment, code: str, message: str, context: Context
) -> None:
    """Let a job wait for its next attempt."""
    failures = known.failures + 1
    draft.add(
        ev.JobRetryScheduled(
            at=draft.at,
            task_id=task,
            attempt=known.attempt,
            code=code,
            message=message,
            failures=failures,
            ready_at=ready_at(draft.at, failures, context.command_id),
        )
    )


def _not_fenced(
    draft: Draft, command: ReportTaskFailed, known: Assignment, context: Context
) -> None:
    """Try again some times; a target that cannot be shut keeps no cancellation from its end."""
    assert isinstance(known.job, FenceJob)
    if command.transient and known.failures + 1 < ATTEMPTS:
        try_again(draft, command.task_id, known, command.code, command.message, context)
        return
    draft.add(
        ev.TargetFenced(
            at=draft.at,
            task_id=command.task_id,
            epoch=known.job.epoch,
            code=command.code,
            message=command.message,
        )
    )
