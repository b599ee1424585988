from collections.abc import Iterator
from datetime import datetime

from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.evolve import evolve
from sterna_core.migration.job import AnyJob, Assignment, SnapshotJob, task_id


class Draft:
    """A decision in the making: the events so far, and the state they lead to."""

    def __init__(self, state: st.State, at: datetime) -> None:
        self.state = state
        self.at = at
        self.events: list[ev.AnyEvent] = []

    def add(self, event: ev.AnyEvent) -> None:
        """Let something have happened."""
        self.events.append(event)
        self.state = evolve(self.state, event)

    @property
    def jobs(self) -> dict[str, Assignment]:
        """The jobs that are not done."""
        match self.state:
            case st.Planning(jobs=jobs):
                return jobs
            case st.PlanReady(review=review) | st.Approved(review=review):
                return review.jobs
            case st.Running() | st.Pausing() | st.Paused() | st.Failed():
                return self.state.run.jobs
            case st.Cancelling() | st.RollingBack() | st.RollbackBlocked() | st.Restoring():
                return self.state.run.jobs
            case _:
                return {}

    @property
    def at_work(self) -> int:
        """How many jobs are with executors; holding a snapshot takes no slot."""
        return sum(1 for _ in self._occupying())

    def _occupying(self) -> Iterator[Assignment]:
        return (
            each
            for each in self.jobs.values()
            if each.standing == "dispatched" and not isinstance(each.job, SnapshotJob)
        )

    def withdraw_all(self) -> None:
        """Let every task that is with an executor be stopped."""
        for task, each in tuple(self.jobs.items()):
            if each.standing == "dispatched":
                self.add(ev.TaskWithdrawn(at=self.at, task_id=task, attempt=each.attempt))

    def task_of(self, migration_id: str, job: AnyJob) -> str:
        """Give the task of a job in the epoch at hand."""
        match self.state:
            case st.Running(run=run) | st.Restoring(run=run):
                return task_id(migration_id, job, run.epoch)
            case _:
                return task_id(migration_id, job)

    def want(self, migration_id: str, job: AnyJob) -> None:
        """Give a job to the executors, unless one has it or it is to wait."""
        known = self.jobs.get(self.task_of(migration_id, job))
        if known is None or self.is_ready(known):
            self.dispatch(migration_id, job)

    def is_ready(self, known: Assignment) -> bool:
        """Tell whether a job may be given out again."""
        return known.standing == "waiting" and (known.ready_at is None or known.ready_at <= self.at)

    def dispatch(self, migration_id: str, job: AnyJob) -> None:
        """Give a job to the executors, for the first time or again."""
        task = self.task_of(migration_id, job)
        known = self.jobs.get(task)
        taken = {each.slot for each in self._occupying()}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        snapshot = self.state.run.snapshot if isinstance(self.state, st.Running) else None
        self.add(
            ev.TaskDispatched(
                at=self.at,
                task_id=task,
                attempt=known.attempt + 1 if known else 1,
                job=job,
                slot=slot,
                snapshot_id=snapshot.snapshot_id if snapshot else "",
                generation=snapshot.generation if snapshot else 0,
            )
        )
