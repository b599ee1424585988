"""Executors of a model world, on the same bus as the service under test."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from tests.support.migration.executors import World
from tests.support.migration.scenario import summary, table
from tests.support.namespace_migration.executors import reports_of

from sterna_core.journal.client import CommandClient
from sterna_core.journal.log import Log
from sterna_core.journal.topics import Topics
from sterna_core.migration import reports as rep
from sterna_core.migration.plan import TablePlan
from sterna_core.tasks import work as wk
from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_core.tasks.task import Task

_task = msgspec.json.Decoder(Task | NamespaceTask)


class ModelExecutors:
    """Carries out every task at once, as long as `working` is set; looks at the source always."""

    def __init__(self, log: Log, topics: Topics, client: CommandClient) -> None:
        self._log = log
        self._topics = topics
        self._client = client
        self.tables: tuple[TablePlan, ...] = (table("orders"), table("customers"))
        self.working = asyncio.Event()
        self.working.set()
        self.planning = asyncio.Event()
        """Plans that were begun are finished as long as this is set."""
        self.planning.set()
        self.silent: set[type[msgspec.Struct]] = set()
        """Tasks of these kinds are never finished."""
        self.failing: dict[type[msgspec.Struct], str] = {}
        """With which code tasks of a kind fail for good."""
        self.worlds: dict[str, World] = {}
        self._done: set[tuple[str, int]] = set()

    def behave(self) -> None:
        """Work as at the beginning, whatever a test has asked for."""
        self.silent.clear()
        self.failing.clear()
        self.planning.set()
        self.working.set()

    def world(self, migration_id: str) -> World:
        """Give the databases of a migration that was planned."""
        return self.worlds[migration_id]

    async def run(self) -> None:
        partitions = dict.fromkeys(range(self._topics.task_partitions), 0)
        tail = await self._log.open_tail(self._topics.tasks, partitions)
        try:
            while True:
                for record in await tail.read(0.5):
                    await self._carry_out(_task.decode(record.value or b""))
        finally:
            await tail.close()

    async def _carry_out(self, task: Task | NamespaceTask) -> None:
        if not isinstance(task.work, wk.CheckPlan):
            await self.working.wait()
        if (task.task_id, task.attempt) in self._done:
            return
        self._done.add((task.task_id, task.attempt))
        for number, report in enumerate(self._reports(task)):
            await self._client.append(
                task.migration_id,
                task.org_id,
                report,
                command_id=str(uuid4()),
                actor=f"executor:{number}",
                now=datetime.now(UTC),
            )
            if isinstance(report, rep.ReportPlanBegun):
                await self.planning.wait()

    def _reports(self, task: Task | NamespaceTask) -> tuple[msgspec.Struct, ...]:
        by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
        if type(task.work) in self.silent:
            return ()
        if type(task.work) in self.failing:
            code = self.failing[type(task.work)]
            return (
                rep.ReportTaskFailed(
                    **by, code=code, message="It did not work.", transient=False, details={}
                ),
            )
        if isinstance(task, NamespaceTask):
            return reports_of(task)
        if not isinstance(task.work, wk.PlanMigration):
            return self.worlds[task.migration_id].carry_out(task)
        names = [each.table_id for each in self.tables]
        self.worlds[task.migration_id] = World(names, self.tables[0].chunks)
        return (
            rep.ReportPlanBegun(**by),
            rep.ReportTablesPlanned(**by, part=0, tables=self.tables),
            rep.ReportPlanCompleted(
                **by,
                parts=1,
                structure_digest="d",
                summary=summary(len(self.tables)),
                phases=(),
                risks=(),
            ),
        )
