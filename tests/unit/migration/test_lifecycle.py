"""Which command is allowed in which status, and what a refusal says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import Struct

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration.checkpoint import CreateCheckpoint
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.migration.plan import MappingStatus
from sterna_core.migration.revision import EditMigration
from sterna_core.migration.state import Absent
from sterna_core.migration.status import Status, status_of
from sterna_core.migration.undo import RollBackMigration
from sterna_core.tasks.task import Task
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, summary, table


def absent() -> LocalDecider:
    return LocalDecider([MIGRATIONS])


def planning(**options: object) -> LocalDecider:
    decider = absent()
    decider.send(MIGRATION_ID, create(parallelism=1, **options))
    (task,) = outstanding(decider, MIGRATION_ID)
    begun = rep.ReportPlanBegun(task_id=task.task_id, attempt=task.attempt, executor_id="exec_1")
    decider.send(MIGRATION_ID, begun, expect_outcome=False)
    return decider


def planned(status: MappingStatus) -> LocalDecider:
    return plan_in(planning(), status)


def plan_in(decider: LocalDecider, status: MappingStatus) -> LocalDecider:
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
    return started(approved())


def started(decider: LocalDecider) -> LocalDecider:
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


def pending() -> LocalDecider:
    decider = absent()
    decider.send(MIGRATION_ID, create(parallelism=1))
    return decider


def unreachable() -> LocalDecider:
    decider = planning()
    (task,) = outstanding(decider, MIGRATION_ID)
    report = rep.ReportTaskFailed(
        task_id=task.task_id,
        attempt=task.attempt,
        executor_id="exec_1",
        code="source_unreachable",
        message="The source does not answer.",
        transient=False,
        details={},
    )
    decider.send(MIGRATION_ID, report, expect_outcome=False)
    return decider


def kept() -> LocalDecider:
    """Completed, with its ledger left on the target."""
    decider = planning(keep_bookkeeping=True)
    return work(started(plan_in(decider, "approved")), "completed")


def cancelled_halfway() -> LocalDecider:
    decider = work(running(), "validating")
    decider.send(MIGRATION_ID, cmd.CancelMigration())
    return work(decider, "cancelled")


def without_rollback() -> LocalDecider:
    decider = work(started(plan_in(planning(generate_rollback=False), "approved")), "validating")
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    return work(decider, "paused")


def rollback_blocked() -> LocalDecider:
    decider = work(paused(), "paused")
    decider.send(MIGRATION_ID, UNDO)
    fence = outstanding(decider, MIGRATION_ID)[0]
    for report in World(("public.a",), 2).carry_out(fence):
        decider.send(MIGRATION_ID, report, expect_outcome=False)
    undoing = outstanding(decider, MIGRATION_ID)[0]
    differs = rep.ReportRolledBack(
        task_id=undoing.task_id,
        attempt=undoing.attempt,
        executor_id="exec_1",
        removed={},
        differences=("table x is new",),
    )
    decider.send(MIGRATION_ID, differs, expect_outcome=False)
    return decider


def restoring() -> LocalDecider:
    decider = paused()
    decider.send(MIGRATION_ID, PHASE_BACK)
    return decider


def deleted() -> LocalDecider:
    decider = cancelled()
    decider.send(MIGRATION_ID, DELETE)
    return decider


START, PAUSE = cmd.StartMigration(), cmd.PauseMigration()
RESUME, CANCEL = cmd.ResumeMigration(), cmd.CancelMigration(rollback=True)
EDIT, REPLAN = EditMigration(name="another"), EditMigration(options={"batch_size": 7})
DELETE, MARK = DeleteMigration(), CreateCheckpoint()
UNDO, EMPTY = RollBackMigration(), RollBackMigration(strategy="truncate")
TO_A_MOMENT = RollBackMigration(strategy="point_in_time")
FROM_A_BACKUP = RollBackMigration(strategy="backup_restore")
TABLE_BACK = RollBackMigration(scope="tables", tables=("public.a",))
PHASE_BACK = RollBackMigration(scope="phase", phase="schema_migration")
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
    (plan_failed, RESUME, "pending"),
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
    (pending, START, "plan_not_ready"),
    (pending, CANCEL, "cancelled"),
    (unreachable, START, "source_unreachable"),
    (absent, EDIT, "migration_not_found"),
    (pending, EDIT, "pending"),
    (planning, EDIT, "planning"),
    (planning, REPLAN, "pending"),
    (plan_failed, EDIT, "failed"),
    (plan_failed, REPLAN, "pending"),
    (plan_ready, EDIT, "plan_ready"),
    (plan_ready, REPLAN, "pending"),
    (approved, EDIT, "approved"),
    (approved, REPLAN, "pending"),
    (running, EDIT, "invalid_state"),
    (paused, REPLAN, "invalid_state"),
    (failed, EDIT, "invalid_state"),
    (completed, EDIT, "invalid_state"),
    (absent, MARK, "migration_not_found"),
    (approved, MARK, "invalid_state"),
    (running, MARK, "running"),
    (pausing, MARK, "pausing"),
    (paused, MARK, "paused"),
    (failed, MARK, "failed"),
    (completed, MARK, "invalid_state"),
    (absent, UNDO, "migration_not_found"),
    (approved, UNDO, "invalid_state"),
    (running, UNDO, "invalid_state"),
    (pausing, UNDO, "invalid_state"),
    (validating, UNDO, "invalid_state"),
    (paused, UNDO, "rolling_back"),
    (paused, EMPTY, "rolling_back"),
    (paused, TO_A_MOMENT, "rollback_not_available"),
    (paused, FROM_A_BACKUP, "rollback_not_available"),
    (without_rollback, UNDO, "rollback_not_available"),
    (without_rollback, CANCEL, "rollback_not_available"),
    (without_rollback, cmd.CancelMigration(), "rolling_back"),
    (failed, UNDO, "rolling_back"),
    (rolling_back, UNDO, "invalid_state"),
    (rolled_back, UNDO, "rolled_back"),
    (cancelled, UNDO, "invalid_state"),
    (cancelled_halfway, UNDO, "rolling_back"),
    (completed, UNDO, "rollback_not_available"),
    (kept, UNDO, "rolling_back"),
    (kept, EMPTY, "rolling_back"),
    (absent, TABLE_BACK, "migration_not_found"),
    (approved, TABLE_BACK, "invalid_state"),
    (running, TABLE_BACK, "invalid_state"),
    (pausing, PHASE_BACK, "invalid_state"),
    (paused, TABLE_BACK, "paused"),
    (paused, PHASE_BACK, "rolling_back"),
    (failed, PHASE_BACK, "rolling_back"),
    (without_rollback, TABLE_BACK, "rollback_not_available"),
    (rolled_back, TABLE_BACK, "invalid_state"),
    (completed, TABLE_BACK, "rollback_not_available"),
    (cancelled_halfway, PHASE_BACK, "rollback_not_available"),
    (rollback_blocked, TABLE_BACK, "rollback_failed"),
    (restoring, UNDO, "invalid_state"),
    (restoring, PHASE_BACK, "rolling_back"),
    (restoring, TABLE_BACK, "invalid_state"),
    (restoring, RESUME, "invalid_state"),
    (restoring, PAUSE, "invalid_state"),
    (restoring, START, "invalid_state"),
    (restoring, MARK, "invalid_state"),
    (restoring, EDIT, "invalid_state"),
    (restoring, DELETE, "invalid_state"),
    (restoring, CANCEL, "rolling_back"),
    (restoring, cmd.CancelMigration(force=True), "cancelled"),
    (rollback_blocked, UNDO, "rolling_back"),
    (rollback_blocked, CANCEL, "rolling_back"),
    (rollback_blocked, START, "rollback_failed"),
    (rollback_blocked, RESUME, "rollback_failed"),
    (rollback_blocked, PAUSE, "rollback_failed"),
    (absent, DELETE, "migration_not_found"),
    (pending, DELETE, "invalid_state"),
    (planning, DELETE, "invalid_state"),
    (plan_failed, DELETE, "deleted"),
    (plan_ready, DELETE, "deleted"),
    (approved, DELETE, "deleted"),
    (running, DELETE, "invalid_state"),
    (pausing, DELETE, "invalid_state"),
    (paused, DELETE, "invalid_state"),
    (validating, DELETE, "invalid_state"),
    (failed, DELETE, "deleted"),
    (rolling_back, DELETE, "invalid_state"),
    (rollback_blocked, DELETE, "deleted"),
    (rolled_back, DELETE, "deleted"),
    (cancelled, DELETE, "deleted"),
    (completed, DELETE, "deleted"),
    (deleted, DELETE, "migration_not_found"),
    (deleted, START, "migration_not_found"),
    (deleted, create(), "already_exists"),
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
        state = decider.state(MIGRATION_ID)
        assert ("deleted" if state == Absent(deleted=True) else status_of(state)) == expected


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
