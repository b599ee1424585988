"""A namespace migration in memory: commands go in, and executors are played by the test."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from tests.support.namespace_migration.executors import reports_of

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration.reports import ReportTaskFailed, ReportTaskStopped
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.decider import NAMESPACE_MIGRATIONS, decide, timers
from sterna_core.namespace_migration.evolve import evolve
from sterna_core.namespace_migration.features import Extractors
from sterna_core.namespace_migration.fold_view import fold_view
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.validating import Validated, validate
from sterna_core.namespace_migration.view import NamespaceMigrationView
from sterna_core.namespace_migration.work import tasks
from sterna_core.tasks import namespace_work as wk

MIGRATION_ID = "nmig_" + "1" * 32
ORG_ID = "org_1"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def copying(**options: object) -> MigrationConfig:
    """Give the configuration of a copy."""
    return msgspec.convert(
        {"migration_type": "copy", "source_namespace_id": "ns_old", **options}, MigrationConfig
    )


class Play:
    """One migration and everything that was decided about it."""

    def __init__(
        self,
        resources: Sequence[Resource],
        config: MigrationConfig | None = None,
        *,
        old: Extractors = (),
        new: Extractors | None = None,
    ) -> None:
        """Play with extractors of the source, and those of the target where they are others."""
        self.old, self.new = old, new
        self.config = config or copying(batch_options={"max_workers": 3, "batch_size": 2})
        self.resources = tuple(resources)
        self.state: st.State = NAMESPACE_MIGRATIONS.initial
        self.view: NamespaceMigrationView | None = None
        self.now = BEGIN
        self.count = 0
        self.log: list[ev.AnyEvent] = []
        self.delivered: dict[str, wk.NamespaceTask] = {}
        """Every task that ever was with an executor, by its key."""

    def give(self, command: Struct) -> tuple[ev.AnyEvent, ...]:
        """Have a command decided, and take in what follows; raises Rejected."""
        self.count += 1
        context = Context(
            now=self.now,
            command_id=str(UUID(int=self.count)),
            org_id=ORG_ID,
            aggregate_id=MIGRATION_ID,
            actor="key_1",
        )
        events = decide(self.state, command, context)  # type: ignore[arg-type]
        for event in events:
            self.state = evolve(self.state, event)
            self.view = fold_view(self.view, event)
            self.log.append(event)
        for task in tasks(self.state):
            assert isinstance(task.body, wk.NamespaceTask)
            self.delivered.setdefault(task.key, task.body)
        return events

    def create(self) -> None:
        """Make the draft."""
        found = self.look()
        self.give(
            cmd.CreateNamespaceMigration(
                config=self.config,
                source=Place(namespace_id="ns_old", extractors=self.old),
                target=Place(namespace_id="ns_new", extractors=self.old),
                result=found.result,
                graph=found.graph,
            )
        )

    def start(self, *, force: bool = True) -> tuple[ev.AnyEvent, ...]:
        """Look at the source, record what goes along, and begin."""
        found = self.look()
        self.give(
            cmd.ValidateNamespaceMigration(
                result=found.result,
                graph=found.graph,
                digest=found.digest,
                parts=1,
                force=force,
                extractors=self.new,
            )
        )
        if isinstance(self.state, st.Validating):
            self.give(cmd.RecordResources(part=0, resources=found.resources))
        return self.give(cmd.StartNamespaceMigration(digest=found.digest))

    def look(self) -> Validated:
        """Validate as the service does."""
        return validate(
            self.config,
            self.resources,
            source_extractors=self.old,
            target_extractors=self.new,
        )

    def try_to(self, command: Struct) -> tuple[ev.AnyEvent, ...] | None:
        """Have a command decided; None where it is refused."""
        try:
            return self.give(command)
        except Rejected:
            return None

    def wait(self) -> None:
        """Let time pass until the next retry, and let its timer fire."""
        set_now = timers(self.state)
        if set_now:
            timer = min(set_now, key=lambda each: each.at)
            self.now = max(self.now, timer.at)
            self.give(timer.command)
        else:
            self.now += timedelta(seconds=1)

    def outstanding(self) -> list[wk.NamespaceTask]:
        """Give what is with executors now."""
        return [task.body for task in tasks(self.state) if isinstance(task.body, wk.NamespaceTask)]

    def done(self, task: wk.NamespaceTask, *, poison: bool = False) -> None:
        """Report that a task was done, as its executor does."""
        for report in reports_of(task, poison=poison):
            self.give(report)

    def failed(self, task: wk.NamespaceTask, *, transient: bool) -> None:
        """Report that a task failed."""
        self.give(
            ReportTaskFailed(
                task_id=task.task_id,
                attempt=task.attempt,
                executor_id="exe_1",
                code="unreachable" if transient else "data_rejected",
                message="It did not work.",
                transient=transient,
                details={},
            )
        )

    def stopped(self, task: wk.NamespaceTask) -> None:
        """Report that a withdrawn task has stopped."""
        self.give(
            ReportTaskStopped(task_id=task.task_id, attempt=task.attempt, executor_id="exe_1")
        )

    def finish(self, rounds: int = 2_000) -> None:
        """Let executors do all there is, as long as there is something."""
        for _ in range(rounds):
            outstanding = self.outstanding()
            if outstanding:
                self.done(outstanding[0])
            elif timers(self.state):
                self.wait()
            else:
                return
        raise AssertionError("there is no end to it")
