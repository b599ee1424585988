"""What comes next: stages, and the jobs that executors are given."""

from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.config import BatchOptions
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.job import (
    Assignment,
    BatchJob,
    FenceJob,
    RollbackJob,
    TargetJob,
    task_id,
)
from sterna_core.namespace_migration.next_jobs import (
    following,
    is_over,
    items_total,
    next_jobs,
)

GIVEN_UP_MAX = 100
"""Batches that may be given up before no others are tried."""


def advance(draft: Draft) -> None:
    """Let follow what must follow: stages, dispatches and endings."""
    match draft.state:
        case st.Pending():
            _want(draft, TargetJob())
        case st.Running():
            _run(draft)
        case st.Pausing():
            if not draft.at_work:
                draft.add(ev.NamespaceMigrationPaused(at=draft.at))
        case st.Cancelling(run=run):
            _want(draft, FenceJob(epoch=run.epoch))
        case st.RollingBack(run=run, drops_target=drops):
            _want(draft, RollbackJob(epoch=run.epoch, drops_target=drops))
        case _:
            return


def _want(draft: Draft, job: TargetJob | FenceJob | RollbackJob) -> None:
    known = draft.jobs.get(task_id(draft.migration_id, job))
    if known is None or draft.is_ready(known):
        draft.dispatch(job)


def _run(draft: Draft) -> None:
    while isinstance(draft.state, st.Running):
        view, run = draft.state.view, draft.state.run
        if view.stages[run.stage].started_at is None:
            begin_stage(draft)
        elif is_over(view, run):
            _end_stage(draft, draft.state)
        elif _is_stuck(draft, draft.state):
            _give_up(draft, draft.state)
        else:
            _dispatch(draft, draft.state)
            return


def begin_stage(draft: Draft) -> None:
    """Begin the stage at hand, also while somebody pauses: what is done then is of this stage."""
    assert isinstance(draft.state, st.ActiveState)
    view, run = draft.state.view, draft.state.run
    total = items_total(view, run, run.stage)
    draft.add(ev.StageStarted(at=draft.at, stage=run.stage, items_total=total))


def _end_stage(draft: Draft, state: st.Running) -> None:
    draft.add(ev.StageCompleted(at=draft.at, stage=state.run.stage))
    after = following(state.run.stage)
    if after is None:
        view = state.view
        draft.add(
            ev.NamespaceMigrationCompleted(
                at=draft.at, documents=view.moved, set_aside=view.set_aside
            )
        )
        return
    total = items_total(state.view, state.run, after)
    draft.add(ev.StageStarted(at=draft.at, stage=after, items_total=total))


def _is_stuck(draft: Draft, state: st.Running) -> bool:
    """Tell whether nothing can be tried but what was given up."""
    run = state.run
    given_up = sum(len(each.given_up) for each in run.collections.values())
    if not given_up or draft.at_work:
        return False
    if given_up >= GIVEN_UP_MAX:
        return True
    waiting = len(run.jobs) - given_up
    return not waiting and next(next_jobs(state.view, run), None) is None


def _give_up(draft: Draft, state: st.Running) -> None:
    given_up = {
        name: each.given_up for name, each in state.run.collections.items() if each.given_up
    }
    count = sum(len(each) for each in given_up.values())
    draft.add(
        ev.NamespaceMigrationFailed(
            at=draft.at,
            stage=state.run.stage,
            code="batches_failed",
            message=(
                f"{count} batches could not be moved; put right what the log says of them,"
                " then resume."
            ),
            resource_id=next(iter(given_up)),
        )
    )


def _dispatch(draft: Draft, state: st.Running) -> None:
    options = state.view.config.batch_options or BatchOptions()
    run = state.run
    if sum(len(each.given_up) for each in run.collections.values()) >= GIVEN_UP_MAX:
        return  # what is at work comes to its end
    free = options.max_workers - draft.at_work
    for each in tuple(run.jobs.values()):
        if free > 0 and draft.is_ready(each) and not _is_given_up(run, each):
            draft.dispatch(each.job)
            free -= 1
    if free <= 0:
        return
    for job in next_jobs(state.view, run):
        if task_id(draft.migration_id, job) in run.jobs:
            continue
        draft.dispatch(job)
        free -= 1
        if free <= 0:
            return


def _is_given_up(run: st.Run, known: Assignment) -> bool:
    job = known.job
    return isinstance(job, BatchJob) and job.number in run.collections[job.collection_id].given_up
