"""What follows from a benchmark: the migration goes on, or stands still until somebody decides."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.job import Assignment, BenchmarkJob


def take_in(
    draft: Draft,
    command: rep.ReportStepDone,
    known: Assignment,
    job: BenchmarkJob,
    report: BenchmarkReport,
) -> None:
    """Take in what was measured, and let the gate decide; a repeat changes nothing."""
    is_over = command.attempt != known.attempt or known.standing != "dispatched"
    if report.refuses and is_over:
        return
    draft.add(
        ev.BenchmarkMeasured(
            at=draft.at, task_id=command.task_id, retriever_id=job.retriever_id, report=report
        )
    )
    if not report.refuses:
        draft.add(
            ev.StepCompleted(at=draft.at, task_id=command.task_id, job=job, figures=command.figures)
        )
    elif isinstance(draft.state, st.Failed):
        draft.add(ev.JobStopped(at=draft.at, task_id=command.task_id))
    else:
        draft.add(
            ev.NamespaceMigrationFailed(
                at=draft.at,
                stage="benchmark_evaluation",
                code=report.code,
                message=f"{job.retriever_id}: {report.message}",
                task_id=command.task_id,
                resource_id=job.retriever_id,
            )
        )


def accept(draft: Draft, context: Context) -> None:
    """Go on with what was refused as it was measured, by the word of whoever asks for it."""
    assert isinstance(draft.state, st.ActiveState)
    reports = draft.state.view.benchmarks
    refused = [
        (task, each.job, reports[each.job.retriever_id])
        for task, each in draft.jobs.items()
        if isinstance(each.job, BenchmarkJob)
        and each.standing == "waiting"
        and each.job.retriever_id in reports
        and reports[each.job.retriever_id].refuses
    ]
    if not refused:
        raise Rejected("nothing_to_accept", "No benchmark of this migration was refused.")
    draft.add(ev.NamespaceMigrationResumed(at=draft.at, by=context.actor))
    for task, job, report in refused:
        draft.add(
            ev.BenchmarkAccepted(
                at=draft.at,
                retriever_id=job.retriever_id,
                difference=report.difference,
                by=context.actor,
            )
        )
        draft.add(ev.StepCompleted(at=draft.at, task_id=task, job=job))
