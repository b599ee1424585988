"""What follows from a look for references that lead nowhere."""

from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.job import Assignment, CheckReferencesJob
from sterna_core.namespace_migration.references_report import ReferencesReport

NAMED_IN_WORDS = 3


def take_in_references(
    draft: Draft,
    command: rep.ReportStepDone,
    known: Assignment,
    job: CheckReferencesJob,
    report: ReferencesReport,
) -> None:
    """Take in what was found: a definition that names what is not there lets the migration fail.

    Documents do not: their sources may have named what was not there either.
    """
    refuses = report.dangling_in_definitions > 0
    if refuses and (command.attempt != known.attempt or known.standing != "dispatched"):
        return
    draft.add(ev.ReferencesChecked(at=draft.at, task_id=command.task_id, report=report))
    if not refuses:
        figures = {
            "definitions": float(report.definitions),
            "documents": float(report.documents),
            "dangling": float(report.dangling_in_documents),
        }
        draft.add(ev.StepCompleted(at=draft.at, task_id=command.task_id, job=job, figures=figures))
    elif isinstance(draft.state, st.Failed):
        draft.add(ev.JobStopped(at=draft.at, task_id=command.task_id))
    else:
        draft.add(
            ev.NamespaceMigrationFailed(
                at=draft.at,
                stage="finalization",
                code="dangling_references",
                message=_words(report),
                task_id=command.task_id,
            )
        )


def _words(report: ReferencesReport) -> str:
    named = [
        f"{each.resource_id} names {each.names}"
        for each in report.dangling
        if each.kind != "document"
    ]
    told = ", ".join(named[:NAMED_IN_WORDS])
    return (
        f"{report.dangling_in_definitions} references of the target lead nowhere ({told}): put what"
        " they name there, or other definitions, and resume."
    )
