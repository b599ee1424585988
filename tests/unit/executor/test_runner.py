import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sterna_core.errors import Terminal, Unreachable
from sterna_core.migration.reports import ReportObjectBuilt, ReportTaskFailed, ReportTaskStopped
from sterna_core.tasks.task import Task
from sterna_core.tasks.work import HoldSnapshot
from sterna_executor.tasks.engine import Report
from sterna_executor.tasks.reporter import MemoryReporter
from sterna_executor.tasks.runner import Runner
from support.tasks import task


class ScriptedEngine:
    """Does what a test says, and counts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.gate = asyncio.Event()
        self.begun: list[str] = []
        self.entered = asyncio.Event()

    async def carry_out(self, task: Task, report: Report) -> None:
        self.begun.append(task.task_id)
        self.entered.set()
        if isinstance(task.work, HoldSnapshot):
            await report(_built(task))
        await self.gate.wait()
        if self.error:
            raise self.error
        await report(_built(task))


def _built(task: Task) -> ReportObjectBuilt:
    return ReportObjectBuilt(
        task_id=task.task_id, attempt=task.attempt, executor_id="exec_1", seconds=0.0
    )


def make(engine: ScriptedEngine) -> tuple[Runner, MemoryReporter]:
    reporter = MemoryReporter()
    runner = Runner(engine, reporter, "exec_1", max_concurrency=2, max_snapshots=2)
    return runner, reporter


def noting(done: list[int], number: int) -> Callable[[], None]:
    return lambda: done.append(number)


async def test_a_task_is_acknowledged_after_its_report() -> None:
    engine = ScriptedEngine()
    runner, reporter = make(engine)
    done: list[int] = []

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), noting(done, 1))
        await engine.entered.wait()
        assert not done
        engine.gate.set()

    assert done == [1]
    assert isinstance(reporter.reports[0], ReportObjectBuilt)


async def test_a_second_delivery_of_a_task_is_not_run_again() -> None:
    engine = ScriptedEngine()
    runner, _ = make(engine)
    done: list[int] = []

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), noting(done, 1))
        runner.begin(group, task(), noting(done, 2))
        engine.gate.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), noting(done, 3))

    assert engine.begun == ["tsk_1"]
    assert done == [1, 2, 3]


async def test_another_attempt_is_run() -> None:
    engine = ScriptedEngine()
    engine.gate.set()
    runner, _ = make(engine)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), lambda: None)
        runner.begin(group, task(attempt=2), lambda: None)

    assert len(engine.begun) == 2


@pytest.mark.parametrize(
    ("error", "transient", "code"),
    [
        (Unreachable("away", code="target_unreachable"), True, "target_unreachable"),
        (Terminal("no", code="missing_right"), False, "missing_right"),
        (ZeroDivisionError(), True, "internal_error"),
    ],
)
async def test_a_failure_is_reported_with_its_kind(
    error: Exception, transient: bool, code: str
) -> None:
    engine = ScriptedEngine(error)
    engine.gate.set()
    runner, reporter = make(engine)
    done: list[int] = []

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), noting(done, 1))

    (report,) = reporter.reports
    assert isinstance(report, ReportTaskFailed)
    assert (report.transient, report.code) == (transient, code)
    assert done == [1]


async def test_a_withdrawn_task_stops_and_says_so() -> None:
    engine = ScriptedEngine()
    runner, reporter = make(engine)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), lambda: None)
        await engine.entered.wait()
        runner.withdraw("tsk_1", 0, None)

    assert isinstance(reporter.reports[0], ReportTaskStopped)


async def test_a_task_that_was_withdrawn_before_it_came_is_not_begun() -> None:
    engine = ScriptedEngine()
    runner, reporter = make(engine)
    runner.withdraw("tsk_1", 1, None)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), lambda: None)

    assert not engine.begun
    assert isinstance(reporter.reports[0], ReportTaskStopped)


async def test_a_withdrawal_for_another_executor_changes_nothing_here() -> None:
    engine = ScriptedEngine()
    engine.gate.set()
    runner, reporter = make(engine)
    runner.withdraw("tsk_1", 0, "exec_2")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), lambda: None)

    assert isinstance(reporter.reports[0], ReportObjectBuilt)


async def test_a_held_snapshot_takes_no_place_and_is_acknowledged_once_exported() -> None:
    engine = ScriptedEngine()
    runner, reporter = make(engine)
    done = asyncio.Event()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(work=HoldSnapshot()), done.set)
        await done.wait()
        assert runner.free == 2
        runner.withdraw("tsk_1", 0, None)

    assert len(reporter.reports) == 1


async def test_tasks_stopped_at_shutdown_are_not_acknowledged() -> None:
    engine = ScriptedEngine()
    runner, reporter = make(engine)
    done: list[int] = []

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), noting(done, 1))
        await engine.entered.wait()
        runner.stop_all()

    assert not done
    assert not reporter.reports


async def test_workers_are_counted_by_migration_and_snapshots_are_none() -> None:
    engine = ScriptedEngine()
    runner, _ = make(engine)
    holding = replace(task(), task_id="tsk_hold", work=HoldSnapshot())

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        runner.begin(group, task(), lambda: None)
        runner.begin(group, holding, lambda: None)
        await engine.entered.wait()
        assert dict(runner.workers()) == {(holding.org_id, holding.migration_id): 1}
        runner.stop_all()

    assert not runner.workers()
