"""How events change a plan that waits: its mappings, and what is being tried."""

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration import state as st
from sterna_core.migration.evolve_run import dispatched, waiting, without
from sterna_core.migration.job import TrialJob
from sterna_core.migration.mapping_changes import MappingEvent, changed_table
from sterna_core.migration.review import Review, WantedCheck, WantedTrial
from sterna_core.migration.run import Plan


def evolve_review(state: st.PlanReady | st.Approved, event: ev.AnyEvent) -> st.State:
    """Give the state after an event that leaves the plan unstarted."""
    review = _review(state.review, event)
    plan = state.plan
    if isinstance(event, MappingEvent):
        table = changed_table(plan.tables[event.table_id], event)
        plan = replace(plan, tables={**plan.tables, event.table_id: table})
    match event:
        case ev.MappingReviewed() | rv.TransformationProposed():
            plan = with_digest(plan, event.digest)
            return st.PlanReady(about=state.about, plan=plan, round=state.round, review=review)
        case rv.TransformationAccepted():
            plan = with_digest(plan, event.digest)
        case _:
            pass
    return replace(state, plan=plan, review=review)


def with_digest(plan: Plan, digest: str) -> Plan:
    """Give the plan with another digest; old events have none."""
    return replace(plan, digest=digest) if digest else plan


def _review(review: Review, event: ev.AnyEvent) -> Review:
    match event:
        case ev.TaskDispatched():
            assignment = dispatched(review.jobs.get(event.task_id), event)
            return replace(review, jobs={**review.jobs, event.task_id: assignment})
        case ev.TaskRetryScheduled():
            jobs = waiting(review.jobs, event.task_id, event.ready_at, event.failures)
            return replace(review, jobs=jobs)
        case ev.TaskStopped():
            return replace(review, jobs=waiting(review.jobs, event.task_id, event.at, 0))
        case ev.MappingReviewed():
            return _without_trial(review, event.mapping_id)
        case rv.TransformationProposed():
            trial = WantedTrial(
                number=event.number,
                mapping_id=event.mapping_id,
                table_id=event.table_id,
                expression=event.expression,
                by=event.by,
            )
            review = _without_trial(review, event.mapping_id)
            trials = {**review.trials, event.mapping_id: trial}
            return replace(review, number=event.number, trials=trials)
        case rv.TransformationAccepted() | rv.TransformationRefused():
            return _without_trial(review, event.mapping_id)
        case rv.PlanCheckRequested():
            check = WantedCheck(
                number=event.number,
                rehearsal=event.rehearsal,
                skip_approval=event.skip_approval,
            )
            return replace(_without_check(review), number=event.number, check=check)
        case rv.PlanChecked() | rv.PlanCheckFailed():
            return _without_check(review)
        case _:
            return review


def _without_trial(review: Review, mapping_id: str) -> Review:
    trial = review.trials.get(mapping_id)
    if trial is None:
        return review
    trials = {key: value for key, value in review.trials.items() if key != mapping_id}
    jobs = {
        key: each
        for key, each in review.jobs.items()
        if not (isinstance(each.job, TrialJob) and each.job.number == trial.number)
    }
    return replace(review, trials=trials, jobs=jobs)


def _without_check(review: Review) -> Review:
    jobs = review.jobs
    for key, each in review.jobs.items():
        if not isinstance(each.job, TrialJob):
            jobs = without(jobs, key)
    return replace(review, check=None, jobs=jobs)
