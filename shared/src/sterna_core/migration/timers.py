from datetime import timedelta

from sterna_core.journal.aggregate import Timer
from sterna_core.migration import state as st
from sterna_core.migration.commands import ReleaseSnapshot, RetryTask
from sterna_core.migration.job import Assignment
from sterna_core.migration.run import Run
from sterna_core.migration.schedule_timers import schedule_timers
from sterna_core.migration.sync_commands import BeginPass


def timers(state: st.State) -> tuple[Timer, ...]:
    """Give every timer that is set in this state."""
    return (*_of_work(state), *schedule_timers(state))


def _of_work(state: st.State) -> tuple[Timer, ...]:
    match state:
        case st.Planning(jobs=jobs):
            return _retries(jobs)
        case st.PlanReady(review=review) | st.Approved(review=review):
            return _retries(review.jobs)
        case st.Running(run=run) if run.phase == "syncing" and run.sync.due_at is not None:
            return (*_retries(run.jobs), *_passes(run))
        case (
            st.Running(run=run)
            | st.Cancelling(run=run)
            | st.RollingBack(run=run)
            | st.Restoring(run=run)
        ):
            return _retries(run.jobs)
        case (
            st.Paused(about=about, run=run, since=since)
            | st.Failed(about=about, run=run, since=since)
        ) if run.snapshot is not None:
            at = since + timedelta(seconds=about.options.snapshot_keep_seconds)
            name = f"release-snapshot:{run.generation}:{since.timestamp()}"
            return (Timer(at=at, command=ReleaseSnapshot(), name=name),)
        case _:
            return ()


def _passes(run: Run) -> tuple[Timer, ...]:
    """Begin the next pass; one that was missed during a pause begins with the resumption."""
    if run.sync.due_at is None:
        return ()
    number, resumed = run.sync.number + 1, run.resumed_at.isoformat() if run.resumed_at else ""
    name = f"pass:{number}:{resumed}"
    return (Timer(at=run.sync.due_at, command=BeginPass(number=number), name=name),)


def _retries(jobs: dict[str, Assignment]) -> tuple[Timer, ...]:
    return tuple(
        Timer(
            at=each.ready_at,
            command=RetryTask(task_id=task_id, attempt=each.attempt),
            name=f"retry:{task_id}:{each.attempt}",
        )
        for task_id, each in jobs.items()
        if each.standing == "waiting" and each.ready_at is not None
    )
