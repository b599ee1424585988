"""Which command is allowed in which status, and what a refusal says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import Struct

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.plan import MappingStatus
from sterna_core.migration.status import Status, status_of
from sterna_core.tasks.task import Task
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, summary, table


def absent() -> LocalDecider:
    return LocalDecider([MIGRATIONS])


def planning() -> LocalDecider:
    decider = absent()
    decider.send(MIGRATION_ID, create(parallelism=1))
    return decider


def planned(status: MappingStatus) -> LocalDecider:
    decider = planning()
    (task,) = outstanding(decider, MIGRATION_ID)
    by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
    tables = (table("a", status=status),)
    decider.send(MIGRATION_ID, rep.ReportTablesPlanned(**by, part=0, tables=tables))
    decider.send(
        MIGRATION_ID,
        rep.ReportPlanCompleted(
            **by, parts=1, structure_digest="d", summary=summary(1), phases=(), risks=()
        ),
    )
    return decider


def plan_ready() -> LocalDecider:
    return planned("pending")


def approved() -> LocalDecider:
    return planned("approved")


def running() -> LocalDecider:
    decider = approved()
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider


def work(decider: LocalDecider, until: Status) -> LocalDecider:
    world = World(("public.a",), 2)
    while status_of(decider.state(MIGRATION_ID)) != until:
        task = outstanding(decider, MIGRATION_ID)[0]
        for report in world.carry_out(task):
            decider.send(MIGRATION_ID, report, expect_outcome=False)
    return decider


def validating() -> LocalDecider:
    return work(running(), "validating")


def completed() -> LocalDecider:
    return work(running(), "completed")


def pausing() -> LocalDecider:
    decider = running()
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    return decider


def paused() -> LocalDecider:
    return work(pausing(), "paused")


def failing(decider: LocalDecider, task: Task) -> LocalDecider:
    report = rep.ReportTaskFailed(
        task_id=task.task_id,
        attempt=task.attempt,
        executor_id="exec_1",
        code="target_conflict",
        message="The target holds a table of that name.",
        transient=False,
        details={},
    )
    decider.send(MIGRATION_ID, report, expect_outcome=False)
    return decider


def failed() -> LocalDecider:
    decider = running()
    return failing(decider, outstanding(decider, MIGRATION_ID)[-1])


def plan_failed() -> LocalDecider:
    decider = planning()
    return failing(decider, outstanding(decider, MIGRATION_ID)[0])


def rolling_back() -> LocalDecider:
    decider = running()
    decider.send(MIGRATION_ID, cmd.CancelMigration(rollback=True))
    return decider


def rolled_back() -> LocalDecider:
    return work(rolling_back(), "rolled_back")


def cancelled() -> LocalDecider:
    decider = approved()
    decider.send(MIGRATION_ID, cmd.CancelMigration())
    return decider


START, PAUSE = cmd.StartMigration(), cmd.PauseMigration()
RESUME, CANCEL = cmd.ResumeMigration(), cmd.CancelMigration(rollback=True)
REVIEW = cmd.ReviewMapping(mapping_id="map_a", approved=True)

CASES: list[tuple[Callable[[], LocalDecider], Struct, str]] = [
    (absent, START, "migration_not_found"),
    (absent, CANCEL, "migration_not_found"),
    (planning, START, "plan_not_ready"),
    (planning, PAUSE, "invalid_state"),
    (planning, RESUME, "invalid_state"),
    (planning, REVIEW, "plan_not_ready"),
    (planning, CANCEL, "cancelled"),
    (plan_failed, START, "plan_not_ready"),
    (plan_failed, RESUME, "planning"),
    (plan_failed, CANCEL, "cancelled"),
    (plan_ready, START, "approval_required"),
    (plan_ready, cmd.StartMigration(skip_approval=True), "running"),
    (plan_ready, REVIEW, "approved"),
    (plan_ready, cmd.ReviewMapping(mapping_id="map_x", approved=True), "mapping_not_found"),
    (plan_ready, PAUSE, "invalid_state"),
    (approved, START, "running"),
    (approved, cmd.ReviewMapping(mapping_id="map_a", approved=False), "plan_ready"),
    (approved, RESUME, "invalid_state"),
    (approved, CANCEL, "cancelled"),
    (running, START, "invalid_state"),
    (running, PAUSE, "pausing"),
    (running, RESUME, "running"),
    (running, CANCEL, "rolling_back"),
    (running, REVIEW, "invalid_state"),
    (pausing, PAUSE, "pausing"),
    (pausing, RESUME, "running"),
    (pausing, CANCEL, "rolling_back"),
    (paused, PAUSE, "paused"),
    (paused, RESUME, "running"),
    (paused, START, "invalid_state"),
    (paused, CANCEL, "rolling_back"),
    (validating, PAUSE, "pausing"),
    (validating, START, "invalid_state"),
    (validating, CANCEL, "rolling_back"),
    (failed, START, "invalid_state"),
    (failed, RESUME, "running"),
    (failed, PAUSE, "invalid_state"),
    (failed, CANCEL, "rolling_back"),
    (rolling_back, RESUME, "invalid_state"),
    (rolling_back, CANCEL, "rolling_back"),
    (rolling_back, cmd.CancelMigration(force=True), "cancelled"),
    (rolled_back, START, "invalid_state"),
    (rolled_back, CANCEL, "rolled_back"),
    (cancelled, START, "invalid_state"),
    (cancelled, CANCEL, "cancelled"),
    (completed, START, "invalid_state"),
    (completed, PAUSE, "invalid_state"),
    (completed, RESUME, "invalid_state"),
    (completed, CANCEL, "invalid_state"),
]


@pytest.mark.parametrize(
    ("stage", "command", "expected"),
    CASES,
    ids=[f"{stage.__name__}-{type(command).__name__}" for stage, command, _ in CASES],
)
def test_each_command_in_each_status_leads_to_a_status_or_a_code(
    stage: Callable[[], LocalDecider], command: Struct, expected: str
) -> None:
    decider = stage()

    outcome = decider.send(MIGRATION_ID, command)

    assert outcome is not None
    if outcome.rejected is not None:
        assert outcome.rejected.code == expected
    else:
        assert status_of(decider.state(MIGRATION_ID)) == expected


def test_a_rejected_mapping_is_not_started_even_when_approval_is_skipped() -> None:
    decider = plan_ready()
    decider.send(MIGRATION_ID, cmd.ReviewMapping(mapping_id="map_a", approved=False))

    outcome = decider.send(MIGRATION_ID, cmd.StartMigration(skip_approval=True))

    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "approval_required"


def test_a_pause_that_is_immediate_withdraws_what_is_at_work() -> None:
    decider = running()

    outcome = decider.send(MIGRATION_ID, cmd.PauseMigration(immediate=True))

    assert outcome is not None
    types = [type(event).__name__ for event in outcome.events]
    assert types == ["PauseRequested", "TaskWithdrawn"]


def test_a_failure_from_before_the_resume_is_tried_again_and_one_from_after_it_is_not() -> None:
    decider = running()
    other, task = outstanding(decider, MIGRATION_ID)
    failing(decider, task)
    decider.now += timedelta(seconds=1)
    decider.send(MIGRATION_ID, RESUME)

    failing(decider, other)

    assert status_of(decider.state(MIGRATION_ID)) == "running"
    again = next(each for each in outstanding(decider, MIGRATION_ID) if each.work == other.work)
    assert again.attempt == other.attempt + 1
    failing(decider, again)
    assert status_of(decider.state(MIGRATION_ID)) == "failed"
