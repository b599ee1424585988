"""What is decided about a plan that waits: reviews, transformations of users, and checks."""

from collections.abc import Sequence

import msgspec

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration import review_events as rv
from sterna_core.migration import state as st
from sterna_core.migration.approval import (
    approve_if_whole,
    mapping_of,
    match_digest,
    refuse_planless,
    refuse_unapproved,
)
from sterna_core.migration.choosing import choose_columns
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import Assignment, PlanCheckJob, TrialJob
from sterna_core.migration.mapping_changes import next_digest
from sterna_core.migration.refusal import refuse
from sterna_core.migration.review import Difference
from sterna_core.migration.review_commands import (
    AnyReviewCommand,
    CheckPlan,
    ChooseColumns,
    MappingReview,
    ReviewMappings,
)

TRIALS_MAX = 100
DIFFERENCES_SPOKEN = 5
DIFFERENCES_MAX = 100
PLAN_NOT_READY = "plan_not_ready"


def review(draft: Draft, command: AnyReviewCommand, context: Context) -> None:
    """Take in what people ask about a plan; raises Rejected."""
    match command:
        case ReviewMappings():
            _review_all(draft, command, context)
        case ChooseColumns():
            choose_columns(draft, command, context)
        case CheckPlan():
            _check(draft, command, context)


def _review_all(draft: Draft, command: ReviewMappings, context: Context) -> None:
    match draft.state:
        case st.PlanReady() | st.Approved():
            match_digest(draft.state.plan, command.plan_digests)
        case st.Planning() | st.PlanFailed():
            raise Rejected(PLAN_NOT_READY, "There is no plan yet.")
        case _:
            refuse(draft, "review a mapping of")
    for each in command.reviews:
        _review_one(draft, each, context)
    approve_if_whole(draft, context.actor)


def _review_one(draft: Draft, wanted: MappingReview, context: Context) -> None:
    if not isinstance(draft.state, st.PlanReady | st.Approved):
        return
    plan, state_review = draft.state.plan, draft.state.review
    table, column = mapping_of(plan, wanted.mapping_id)
    if wanted.override_transformation is not None:
        if not column.copied:
            raise Rejected(
                "invalid_state",
                "This column is not copied: the target computes it, or has none for it.",
            )
        if len(state_review.trials) >= TRIALS_MAX:
            raise Rejected(
                "too_many_trials", f"{TRIALS_MAX} transformations are being tried; wait for them."
            )
        _withdraw(draft, wanted.mapping_id)
        draft.add(
            rv.TransformationProposed(
                at=draft.at,
                mapping_id=wanted.mapping_id,
                table_id=table.table_id,
                number=state_review.number + 1,
                expression=wanted.override_transformation,
                comment=wanted.comment,
                by=context.actor,
                digest=next_digest(plan.digest, wanted),
            )
        )
    elif wanted.approved is not None:
        _withdraw(draft, wanted.mapping_id)
        draft.add(
            ev.MappingReviewed(
                at=draft.at,
                mapping_id=wanted.mapping_id,
                table_id=table.table_id,
                approved=wanted.approved,
                comment=wanted.comment,
                by=context.actor,
                digest=next_digest(plan.digest, wanted),
            )
        )
    elif wanted.comment is not None:
        draft.add(
            rv.MappingCommented(
                at=draft.at,
                mapping_id=wanted.mapping_id,
                table_id=table.table_id,
                comment=wanted.comment,
                by=context.actor,
            )
        )


def _withdraw(draft: Draft, mapping_id: str) -> None:
    """Stop trying what somebody gave for the mapping before."""
    if not isinstance(draft.state, st.PlanReady | st.Approved):
        return
    trial = draft.state.review.trials.get(mapping_id)
    for task_id, each in draft.state.review.jobs.items():
        if trial and isinstance(each.job, TrialJob) and each.job.number == trial.number:
            draft.add(ev.TaskWithdrawn(at=draft.at, task_id=task_id))


def _check(draft: Draft, command: CheckPlan, context: Context) -> None:
    match draft.state:
        case st.Planning() | st.PlanFailed():
            refuse_planless(draft.state)
        case st.PlanReady(plan=plan) | st.Approved(plan=plan):
            match_digest(plan, command.plan_digests)
            if isinstance(draft.state, st.PlanReady):
                refuse_unapproved(draft.state, skip_approval=command.skip_approval)
            for task_id, each in draft.state.review.jobs.items():
                if isinstance(each.job, PlanCheckJob):
                    draft.add(ev.TaskWithdrawn(at=draft.at, task_id=task_id))
            draft.add(
                rv.PlanCheckRequested(
                    at=draft.at,
                    number=draft.state.review.number + 1,
                    rehearsal=command.rehearsal,
                    skip_approval=command.skip_approval,
                    by=context.actor,
                )
            )
        case _:
            refuse(draft, "start")


def tried(draft: Draft, command: rep.ReportTransformationTried, assignment: Assignment) -> None:
    """Take in what became of an expression that was tried."""
    if not isinstance(draft.state, st.PlanReady | st.Approved):
        return
    job = assignment.job
    if not isinstance(job, TrialJob):
        return
    wanted = next(
        (each for each in draft.state.review.trials.values() if each.number == job.number), None
    )
    if wanted is None:
        return
    if command.code is not None:
        draft.add(
            rv.TransformationRefused(
                at=draft.at,
                task_id=command.task_id,
                mapping_id=wanted.mapping_id,
                table_id=wanted.table_id,
                number=job.number,
                code=command.code,
                reason=command.reason,
                rows=command.rows,
                failed=command.failed,
            )
        )
        return
    draft.add(
        rv.TransformationAccepted(
            at=draft.at,
            task_id=command.task_id,
            mapping_id=wanted.mapping_id,
            table_id=wanted.table_id,
            number=job.number,
            transformation=command.expression,
            rows=command.rows,
            whole=command.whole,
            by=wanted.by,
            digest=next_digest(draft.state.plan.digest, wanted.mapping_id, command.expression),
        )
    )
    approve_if_whole(draft, wanted.by)


def checked(draft: Draft, command: rep.ReportPlanChecked, assignment: Assignment) -> None:
    """Take in how the plan compares with the source; one that is not true any more is put away."""
    if not isinstance(draft.state, st.PlanReady | st.Approved):
        return
    job = assignment.job
    if not isinstance(job, PlanCheckJob):
        return
    draft.add(
        rv.PlanChecked(
            at=draft.at,
            task_id=command.task_id,
            number=job.number,
            differences=command.differences,
            rehearsal=command.rehearsal,
        )
    )
    if command.differences and not job.rehearsal:
        outdate(draft, command.task_id, command.differences)


def gave_up(draft: Draft, command: rep.ReportTaskFailed, assignment: Assignment) -> None:
    """Take in that something could not be tried at all."""
    if not isinstance(draft.state, st.PlanReady | st.Approved):
        return
    match assignment.job:
        case TrialJob(number=number):
            wanted = next(
                (each for each in draft.state.review.trials.values() if each.number == number), None
            )
            if wanted is not None:
                draft.add(
                    rv.TransformationRefused(
                        at=draft.at,
                        task_id=command.task_id,
                        mapping_id=wanted.mapping_id,
                        table_id=wanted.table_id,
                        number=number,
                        code=command.code,
                        reason=command.message,
                        rows=0,
                        failed=0,
                    )
                )
        case PlanCheckJob(number=number):
            draft.add(
                rv.PlanCheckFailed(
                    at=draft.at,
                    task_id=command.task_id,
                    number=number,
                    code=command.code,
                    message=command.message,
                )
            )
        case _:
            return


def outdate(draft: Draft, task_id: str, differences: Sequence[Difference]) -> None:
    """Put the plan away, since the source is not what was planned: resuming plans again."""
    for other, each in draft.jobs.items():
        if each.standing == "dispatched" and other != task_id:
            draft.add(ev.TaskWithdrawn(at=draft.at, task_id=other, attempt=each.attempt))
    draft.add(
        ev.MigrationFailed(
            at=draft.at,
            task_id=task_id,
            phase="planning",
            code=PLAN_NOT_READY,
            message=(
                f"The source is not what was planned: {spoken(differences)}. Nothing was written."
                " Resume to plan again, then review and start."
            ),
            table=None,
            details={"differences": msgspec.to_builtins(differences[:DIFFERENCES_MAX])},
        )
    )


def spoken(differences: Sequence[Difference]) -> str:
    """Name the first differences."""
    named = "; ".join(_spoken(each) for each in differences[:DIFFERENCES_SPOKEN])
    more = len(differences) - DIFFERENCES_SPOKEN
    return f"{named}; and {more} more" if more > 0 else named


def _spoken(each: Difference) -> str:
    what = ".".join(part for part in (each.table, each.column) if part)
    said = each.kind.replace("_", " ")
    return f"{said}: {what}" if what else said
