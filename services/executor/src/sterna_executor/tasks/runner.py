import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from sterna_core.errors import SternaError, Transient
from sterna_core.migration.reports import ReportTaskFailed, ReportTaskStopped
from sterna_core.tasks.work import HoldSnapshot
from sterna_executor.tasks.any_task import AnyTask
from sterna_executor.tasks.engine import Engine
from sterna_executor.tasks.recent import Recent
from sterna_executor.tasks.reporter import Reporter

RECENT_TASKS = 10_000

_log = structlog.get_logger(__name__)


class Runner:
    """Runs tasks side by side, at most so many, and each delivery of a task once.

    `on_done` is called with the token a task was begun with, when the task needs not be
    delivered again: it was reported, or (a snapshot) is told of by those who cannot read it.
    """

    def __init__(
        self,
        engine: Engine,
        reporter: Reporter,
        executor_id: str,
        *,
        max_concurrency: int,
        max_snapshots: int,
    ) -> None:
        self._engine = engine
        self._reporter = reporter
        self._executor_id = executor_id
        self._max_concurrency = max_concurrency
        self._max_snapshots = max_snapshots
        self._stopping = False
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._holding: set[tuple[str, int]] = set()
        self._migrations: dict[tuple[str, int], tuple[str, str]] = {}
        self._withdrawn = Recent(RECENT_TASKS)
        self._finished = Recent(RECENT_TASKS)
        self._waiting: dict[tuple[str, int], list[Callable[[], None]]] = {}
        self.changed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many more tasks may be begun; snapshots that are held take no place."""
        return self._max_concurrency - (len(self._running) - len(self._holding))

    @property
    def at_work(self) -> int:
        """How many tasks are running, snapshots that are held not counted."""
        return len(self._running) - len(self._holding)

    def workers(self) -> Counter[tuple[str, str]]:
        """Count the tasks that are running by organisation and migration, but for snapshots."""
        return Counter(
            migration for key, migration in self._migrations.items() if key not in self._holding
        )

    def begin(self, group: asyncio.TaskGroup, task: AnyTask, on_done: Callable[[], None]) -> None:
        """Begin a task; a delivery of one that runs here, or ran here, is only acknowledged."""
        key = (task.task_id, task.attempt)
        if key in self._finished:
            on_done()
            return
        self._waiting.setdefault(key, []).append(on_done)
        if key in self._running:
            return
        if isinstance(task.work, HoldSnapshot) and len(self._holding) < self._max_snapshots:
            self._holding.add(key)
        self._migrations[key] = (task.org_id, task.migration_id)
        self._running[key] = group.create_task(self._run(task), name=f"task {task.task_id}")

    def withdraw(self, task_id: str, attempt: int, executor_id: str | None) -> None:
        """Stop a task, if it is here or should come; `attempt` 0 means every attempt."""
        if executor_id not in {None, self._executor_id}:
            return
        if executor_id is None:
            self._withdrawn.add((task_id, attempt))
        for key, running in self._running.items():
            if key[0] == task_id and attempt in {0, key[1]}:
                running.cancel()

    def stop_all(self) -> None:
        """Stop every task, without a report: they will be delivered again."""
        self._stopping = True
        for running in tuple(self._running.values()):
            running.cancel()

    async def _run(self, task: AnyTask) -> None:
        key = (task.task_id, task.attempt)
        log = _log.bind(
            task_id=task.task_id,
            attempt=task.attempt,
            migration_id=task.migration_id,
            kind=str(task.work.__struct_config__.tag),
        )
        log.debug("task.begun")
        try:
            if self._is_withdrawn(key):
                await self._stopped(task)
            else:
                await self._carry_out(task, log)
            self._finish(key)
        except asyncio.CancelledError:
            if self._stopping:
                raise
            log.info("task.withdrawn")
            if not isinstance(task.work, HoldSnapshot):
                await self._stopped(task)
            self._finish(key)
        finally:
            self._running.pop(key, None)
            self._migrations.pop(key, None)
            self._holding.discard(key)
            self._waiting.pop(key, None)
            self.changed.set()

    async def _carry_out(self, task: AnyTask, log: structlog.stdlib.BoundLogger) -> None:
        async def report(message: object) -> None:
            await self._reporter.send(task, message)  # type: ignore[arg-type]
            if isinstance(task.work, HoldSnapshot):
                # Its readers notice when a snapshot is gone: it needs no second delivery, and
                # must not keep those after it from being committed.
                self._acknowledge((task.task_id, task.attempt))

        try:
            await self._engine.carry_out(task, report)
        except SternaError as error:
            log.warning("task.failed", code=error.code, transient=isinstance(error, Transient))
            await self._reporter.send(task, self._failed(task, error))
        except Exception as error:  # a fault of ours fails one task, not all
            log.exception("task.broke")
            fault = Transient(
                f"The executor met a fault of its own ({type(error).__name__}); see its log.",
                code="internal_error",
            )
            await self._reporter.send(task, self._failed(task, fault))

    def _failed(self, task: AnyTask, error: SternaError) -> ReportTaskFailed:
        return ReportTaskFailed(
            task_id=task.task_id,
            attempt=task.attempt,
            executor_id=self._executor_id,
            code=error.code,
            message=error.message,
            transient=isinstance(error, Transient),
            details=error.details,
        )

    def _is_withdrawn(self, key: tuple[str, int]) -> bool:
        return key in self._withdrawn or (key[0], 0) in self._withdrawn

    async def _stopped(self, task: AnyTask) -> None:
        await self._reporter.send(
            task,
            ReportTaskStopped(
                task_id=task.task_id, attempt=task.attempt, executor_id=self._executor_id
            ),
        )

    def _finish(self, key: tuple[str, int]) -> None:
        self._finished.add(key)
        self._acknowledge(key)

    def _acknowledge(self, key: tuple[str, int]) -> None:
        for on_done in self._waiting.pop(key, ()):
            on_done()
