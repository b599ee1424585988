"""The kinds of validation: skipped by people, gone through by executors, and what each came to."""

from typing import Literal

from sterna_core.certificate.statement import KindResult
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration import validation_events as vev
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import ValidateJob
from sterna_core.migration.plan import MOVES_EVERYTHING
from sterna_core.migration.reports import ReportValidated
from sterna_core.migration.run import Run
from sterna_core.migration.status import status_of
from sterna_core.migration.validation_commands import SkipValidation
from sterna_core.migration.validation_options import KINDS, SKIPPABLE, Kind
from sterna_core.migration.validation_parts import CHECKED_BY_MODE, parts_total

PROBLEMS_SPOKEN = 5
_SCOPES: dict[Kind, str] = {
    "structural": "catalog",
    "statistical": "row_counts_and_columns",
    "referential": "foreign_keys",
    "semantic": "rules",
    "behavioral": "queries",
    "content": "every_row",
}

NotProven = Literal["validation_skipped", "validation_not_passed", "mode"]
_CERTIFIED_MODES = MOVES_EVERYTHING | {"data_only"}


def skip(draft: Draft, command: SkipValidation, context: Context) -> None:
    """Leave kinds out; what they are at is withdrawn. Raises Rejected."""
    fixed = sorted(set(command.kinds) - set(SKIPPABLE))
    if fixed:
        raise Rejected(
            "validation_required",
            f"{', '.join(fixed)} cannot be skipped: without it nothing says that all arrived.",
            {"kinds": fixed},
        )
    match draft.state:
        case st.Absent():
            raise Rejected("migration_not_found", "There is no such migration.")
        case (
            st.Completed()
            | st.Cancelled()
            | st.RolledBack()
            | st.Cancelling()
            | st.RollingBack()
            | st.RollbackBlocked()
            | st.Restoring()
        ):
            status = status_of(draft.state)
            raise Rejected(
                "invalid_state",
                f"Cannot skip the validation of a migration that is {status.replace('_', ' ')}.",
                {"status": status},
            )
        case _:
            about = draft.state.about
    kinds = tuple(kind for kind in command.kinds if kind not in about.validation_skipped)
    if not kinds:
        return
    for task_id, each in draft.jobs.items():
        at_work = each.standing == "dispatched" and isinstance(each.job, ValidateJob)
        if at_work and each.job.kind in kinds:  # type: ignore[union-attr]  # it is a ValidateJob
            draft.add(ev.TaskWithdrawn(at=draft.at, task_id=task_id, attempt=each.attempt))
    draft.add(
        vev.ValidationSkipped(at=draft.at, kinds=kinds, reason=command.reason, by=context.actor)
    )


def validated(
    draft: Draft, state: st.ActiveState, command: ReportValidated, job: ValidateJob
) -> None:
    """Take in what a part of a kind came to; where it failed, the migration may end here."""
    run = state.run
    on_failure = run.validation.options.on_failure(job.kind)
    draft.add(
        vev.ValidationChecked(
            at=draft.at,
            task_id=command.task_id,
            kind=job.kind,
            part=job.part,
            parts=parts_total(job.kind, state.plan, run),
            round=job.round,
            checked=command.checked,
            failed=command.failed,
            findings=command.findings,
            seconds=command.seconds,
            on_failure=on_failure,
        )
    )
    stale = run.validation.of(job.kind).round != job.round
    if not command.failed or stale or on_failure != "fail_immediately":
        return
    if not isinstance(state, st.Running):
        return
    problems = [f"{each.subject}: {each.text}" for each in command.findings if not each.passed]
    named = "; ".join(problems[:PROBLEMS_SPOKEN])
    draft.add(
        ev.MigrationFailed(
            at=draft.at,
            task_id=None,
            phase=run.phase,
            code="validation_failed",
            message=(
                f"The {job.kind} validation found {command.failed} of {command.checked} things"
                f" wrong: {named}. Put it right, then resume to check again."
            ),
            table=None,
            details={"kind": job.kind, "failed": command.failed, "problems": problems[:100]},
        )
    )


def proven_kinds(run: Run) -> tuple[KindResult, ...] | NotProven:
    """Give what each kind came to, or why that is not enough to be certified."""
    validation = run.validation
    if run.mode not in _CERTIFIED_MODES:
        return "mode"
    results = []
    for kind in KINDS:
        scope, known = _SCOPES[kind], validation.of(kind)
        if kind in validation.skipped:
            return "validation_skipped"
        if known.failed:
            return "validation_not_passed"
        checked = known.checked
        if kind == "content" or (kind == "statistical" and not validation.is_wanted(kind)):
            # Where nothing more was asked for, the comparison has counted every row.
            checked = len(run.tables)
            scope = "every_row" if kind == "content" else "row_counts"
        elif run.mode == "data_only" and kind == "referential" and run.checked is not None:
            scope = "foreign_keys_of_the_target"
        elif not validation.is_wanted(kind) or (run.mode == "data_only" and kind == "structural"):
            if run.mode in MOVES_EVERYTHING and kind in CHECKED_BY_MODE:
                return "validation_skipped"
            results.append(
                KindResult(kind=kind, scope=scope, status="not_requested", checked=0, failed=0)
            )
            continue
        results.append(
            KindResult(kind=kind, scope=scope, status="passed", checked=checked, failed=0)
        )
    return tuple(results)
