from collections.abc import Mapping

from sterna_core.clock import UtcDatetime
from sterna_core.migration.events import TaskWithdrawn
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.evolve import evolve
from sterna_core.namespace_migration.job import AnyJob, Assignment, task_id


class Draft:
    """A decision in the making: the events so far, and the state they lead to."""

    def __init__(self, state: st.State, migration_id: str, at: UtcDatetime) -> None:
        self.state = state
        self.migration_id = migration_id
        self.at = at
        self.events: list[ev.AnyEvent] = []

    def add(self, event: ev.AnyEvent) -> None:
        """Let something have happened."""
        self.events.append(event)
        self.state = evolve(self.state, event)

    @property
    def jobs(self) -> Mapping[str, Assignment]:
        """The jobs that are not done."""
        if isinstance(self.state, st.WithJobs):
            return self.state.run.jobs
        return {}

    @property
    def at_work(self) -> int:
        """How many tasks are with executors."""
        return sum(1 for each in self.jobs.values() if each.standing == "dispatched")

    def is_ready(self, known: Assignment) -> bool:
        """Tell whether a job may be given out again."""
        return known.standing == "waiting" and (known.ready_at is None or known.ready_at <= self.at)

    def withdraw_all(self) -> None:
        """Let every task that is with an executor be stopped."""
        for task, each in tuple(self.jobs.items()):
            if each.standing == "dispatched":
                self.add(TaskWithdrawn(at=self.at, task_id=task, attempt=each.attempt))

    def dispatch(self, job: AnyJob) -> None:
        """Give a job to the executors, for the first time or again."""
        task = task_id(self.migration_id, job)
        known = self.jobs.get(task)
        taken = {each.slot for each in self.jobs.values() if each.standing == "dispatched"}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        attempt = known.attempt + 1 if known else 1
        self.add(ev.JobDispatched(at=self.at, task_id=task, attempt=attempt, job=job, slot=slot))
