"""Migrations on the journal's own rules, with a clock that tests set and a model world."""

from datetime import datetime, timedelta
from typing import get_args

import msgspec

from sterna_core.journal.local import LocalDecider
from sterna_core.journal.topics import key_of
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.plan import MappingStatus
from sterna_core.migration.review import Difference
from sterna_core.migration.status import Status, status_of
from sterna_core.schedule.schedule import Schedule
from sterna_core.tasks import work as wk
from sterna_core.waiting.decider import WAITS
from support.migration.executors import World, outstanding
from support.migration.scenario import create, summary, table

_ROUNDS_MAX = 1_000


class Clockwork:
    """Several migrations; time goes on only by `to`, which fires what becomes due on the way."""

    def __init__(self, now: datetime) -> None:
        self.decider = LocalDecider([MIGRATIONS, WAITS])
        self.decider.now = now
        self.worlds: dict[str, World] = {}
        self.differences: tuple[Difference, ...] = ()
        self.source_is_gone = False

    @property
    def now(self) -> datetime:
        return self.decider.now

    def create(
        self,
        migration_id: str,
        schedule: Schedule | None = None,
        *,
        mapping: MappingStatus = "approved",
    ) -> None:
        """Create a migration; its plan is made at once."""
        made = create(parallelism=1)
        fields = {name: getattr(made, name) for name in made.__struct_fields__}
        self.send(migration_id, cmd.CreateMigration(**{**fields, "schedule": schedule}))
        self.plan(migration_id, mapping)

    def plan(self, migration_id: str, mapping: MappingStatus = "approved") -> None:
        (task,) = outstanding(self.decider, migration_id)
        by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
        tables = (table("a", status=mapping),)
        self.worlds[migration_id] = World(("public.a",), 2)
        self.send(migration_id, rep.ReportTablesPlanned(**by, part=0, tables=tables))
        self.send(
            migration_id,
            rep.ReportPlanCompleted(
                **by, parts=1, structure_digest="d", summary=summary(1), phases=(), risks=()
            ),
        )

    def send(self, migration_id: str, command: object) -> object:
        return self.decider.send(migration_id, command)  # type: ignore[arg-type]

    def status(self, migration_id: str) -> Status:
        return status_of(self.decider.state(migration_id))

    def to(self, moment: datetime) -> None:
        """Let time go on, from timer to timer."""
        for _ in range(_ROUNDS_MAX):
            if self._check_plans():
                continue
            due = [
                timer.at
                for migration_id in self.known()
                for timer in self.decider.timers(migration_id)
                if timer.at <= moment and not self.decider.has_fired(migration_id, timer.name)
            ]
            if not due:
                self.decider.now = max(self.now, moment)
                return
            self.decider.now = max(self.now, min(due))
            for migration_id in self.known():
                self.decider.fire_timers(migration_id)
        raise AssertionError("timers fire without end")

    def _check_plans(self) -> bool:
        """Let an executor compare plans with the source, which takes no time here."""
        checks = [
            (migration_id, task)
            for migration_id in self.known()
            for task in outstanding(self.decider, migration_id)
            if isinstance(task.work, wk.CheckPlan)
        ]
        for migration_id, task in checks:
            by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
            if self.source_is_gone:
                report: rep.AnyReport = rep.ReportTaskFailed(
                    **by, code="unreachable", message="Gone.", transient=False, details={}
                )
            else:
                report = rep.ReportPlanChecked(**by, differences=self.differences)
            self.decider.send(migration_id, report, expect_outcome=False)
        return bool(checks)

    def known(self) -> list[str]:
        return self.decider.aggregate_ids()

    def events(self, migration_id: str) -> list[ev.AnyEvent]:
        """Give what has happened to a migration, as a reader of the journal finds it."""
        key = key_of(self.decider.org_id, migration_id)
        bodies = [record.value or b"" for record in self.decider.events if record.key == key]
        kinds = {kind.__struct_config__.tag for kind in get_args(ev.AnyEvent)}
        return [
            msgspec.json.decode(body, type=ev.AnyEvent)
            for body in bodies
            if msgspec.json.decode(body)["type"] in kinds
        ]

    def settle(self) -> None:
        """Let messages between migrations arrive."""
        self.to(self.now)

    def step(self, migration_id: str) -> bool:
        """Let an executor do one task; tells whether there was one."""
        tasks = outstanding(self.decider, migration_id)
        done = [task for task in tasks if not isinstance(task.work, wk.HoldSnapshot)] or tasks
        if not done:
            return False
        if isinstance(done[0].work, wk.PlanMigration):
            self.plan(migration_id)
            return True
        for report in self.worlds[migration_id].carry_out(done[0]):
            self.decider.send(migration_id, report, expect_outcome=False)
        return True

    def finish(self, migration_id: str) -> None:
        """Let executors work until nothing is left to do."""
        for _ in range(_ROUNDS_MAX):
            if not self.step(migration_id):
                return
        raise AssertionError("work without end")

    def begin(self, migration_id: str, *, steps: int = 2) -> None:
        for _ in range(steps):
            self.step(migration_id)


SECOND = timedelta(seconds=1)
