"""How a plan is reviewed, tried and bound before it is started."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct

from sterna_core.journal.local import LocalDecider
from sterna_core.journal.outcome import Outcome
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration import review_events as rv
from sterna_core.migration import state as st
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.plan import ColumnMapping, MappingStatus
from sterna_core.migration.review import Difference
from sterna_core.migration.review_commands import CheckPlan, MappingReview, ReviewMappings
from sterna_core.migration.status import status_of
from sterna_core.tasks import work as wk
from sterna_core.tasks.task import Task
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, summary, table

ADDED = Difference(kind="column_added", table="public.a", column="late", found="text")


def planned(*statuses: MappingStatus) -> LocalDecider:
    decider = LocalDecider([MIGRATIONS])
    decider.send(MIGRATION_ID, create())
    plan(decider, *statuses)
    return decider


def plan(decider: LocalDecider, *statuses: MappingStatus) -> None:
    (task,) = outstanding(decider, MIGRATION_ID)
    tables = tuple(
        table(name, status=status) for name, status in zip("abcdef", statuses, strict=False)
    )
    for report in (
        rep.ReportTablesPlanned(**by(task), part=0, tables=tables),
        rep.ReportPlanCompleted(
            **by(task),
            parts=1,
            structure_digest="d",
            summary=summary(len(tables)),
            phases=(),
            risks=(),
        ),
    ):
        decider.send(MIGRATION_ID, report, expect_outcome=False)


def by(task: Task) -> dict[str, Any]:
    return {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}


def ask(decider: LocalDecider, command: Struct) -> Outcome:
    outcome = decider.send(MIGRATION_ID, command)
    assert outcome is not None
    return outcome


def code_of(outcome: Outcome) -> str | None:
    return outcome.rejected.code if outcome.rejected else None


def review(decider: LocalDecider, name: str = "a", **given: Any) -> Outcome:
    one = MappingReview(mapping_id=f"map_{name}", **given)
    return ask(decider, ReviewMappings(reviews=(one,)))


def stage(decider: LocalDecider) -> st.PlanReady | st.Approved:
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, st.PlanReady | st.Approved)
    return state


def mapping(decider: LocalDecider, name: str = "a") -> ColumnMapping:
    return stage(decider).plan.tables[f"public.{name}"].columns[0]


def trial_task(decider: LocalDecider) -> Task:
    (task,) = outstanding(decider, MIGRATION_ID)
    assert isinstance(task.work, wk.TryTransformation)
    return task


def carry_out(decider: LocalDecider, world: World, task: Task) -> None:
    for report in world.carry_out(task):
        decider.send(MIGRATION_ID, report, expect_outcome=False)


def test_a_transformation_that_is_accepted_is_in_the_plan_and_approved():
    decider = planned("pending")
    review(decider, override_transformation="id + 1", comment="shifted")
    assert mapping(decider).status == "pending"
    carry_out(decider, World(("public.a",), 2), trial_task(decider))
    changed = mapping(decider)
    assert changed.transformation == "id + 1"
    assert (changed.status, changed.overridden, changed.comment) == ("approved", True, "shifted")
    assert changed.trial is not None
    assert (changed.trial.status, changed.trial.rows) == ("accepted", 4)
    assert isinstance(stage(decider), st.Approved)


def test_a_transformation_that_is_refused_leaves_the_mapping_waiting_with_the_reason():
    decider = planned("approved")
    review(decider, override_transformation="id / 0")
    assert isinstance(stage(decider), st.PlanReady)
    carry_out(decider, World(("public.a",), 2), trial_task(decider))
    left = mapping(decider)
    assert (left.status, left.transformation, left.overridden) == ("pending", '"id"', False)
    assert left.trial is not None
    assert (left.trial.status, left.trial.failed) == ("refused", 4)
    assert "division by zero" in (left.trial.reason or "")
    assert code_of(ask(decider, cmd.StartMigration())) == "approval_required"
    review(decider, approved=True)
    assert code_of(ask(decider, cmd.StartMigration())) is None


def test_a_migration_is_not_started_while_a_transformation_is_tried():
    decider = planned("pending")
    review(decider, override_transformation="id + 1")
    refused = ask(decider, cmd.StartMigration(skip_approval=True))
    assert code_of(refused) == "approval_required"
    assert refused.rejected is not None
    assert refused.rejected.details["trials"] == ["map_a"]


def test_the_last_transformation_given_counts_and_the_earlier_one_is_withdrawn():
    decider = planned("pending")
    review(decider, override_transformation="id + 1")
    first = trial_task(decider)
    outcome = review(decider, override_transformation="id + 2")
    assert any(
        isinstance(event, ev.TaskWithdrawn) and event.task_id == first.task_id
        for event in outcome.events
    )
    world = World(("public.a",), 2)
    second = trial_task(decider)
    carry_out(decider, world, first)
    assert mapping(decider).status == "pending"
    carry_out(decider, world, second)
    assert mapping(decider).transformation == "id + 2"


def test_a_review_ends_a_trial():
    decider = planned("pending")
    review(decider, override_transformation="id + 1")
    task = trial_task(decider)
    review(decider, approved=True)
    assert outstanding(decider, MIGRATION_ID) == []
    carry_out(decider, World(("public.a",), 2), task)
    assert mapping(decider).transformation == '"id"'


def test_a_trial_that_no_executor_can_carry_out_is_refused_after_some_attempts():
    decider = planned("pending")
    review(decider, override_transformation="id + 1")
    for _ in range(3):
        failed = rep.ReportTaskFailed(
            **by(trial_task(decider)),
            code="source_unreachable",
            message="the source database does not answer",
            transient=True,
            details={},
        )
        decider.send(MIGRATION_ID, failed, expect_outcome=False)
        decider.now += timedelta(seconds=120)
        decider.fire_timers(MIGRATION_ID)
    left = mapping(decider)
    assert left.trial is not None
    assert (left.trial.status, left.trial.code) == ("refused", "source_unreachable")
    assert outstanding(decider, MIGRATION_ID) == []


def test_several_mappings_are_reviewed_together_or_not_at_all():
    decider = planned("pending", "pending")
    wrong = ReviewMappings(
        reviews=(
            MappingReview(mapping_id="map_a", approved=True),
            MappingReview(mapping_id="map_zzz", approved=True),
        )
    )
    assert code_of(ask(decider, wrong)) == "mapping_not_found"
    assert mapping(decider).status == "pending"
    right = ReviewMappings(
        reviews=(
            MappingReview(mapping_id="map_a", approved=True),
            MappingReview(mapping_id="map_b", approved=True, comment="seen"),
        )
    )
    assert code_of(ask(decider, right)) is None
    assert isinstance(stage(decider), st.Approved)


def test_a_comment_alone_changes_neither_the_status_nor_the_version():
    decider = planned("pending")
    before = stage(decider).plan.digest
    review(decider, comment="who knows this column?")
    assert mapping(decider).comment == "who knows this column?"
    assert mapping(decider).status == "pending"
    assert stage(decider).plan.digest == before


def test_the_version_changes_with_every_decision_and_is_asked_for():
    decider = planned("pending", "pending")
    first = stage(decider).plan.digest
    one = MappingReview(mapping_id="map_a", approved=True)
    seen = ReviewMappings(reviews=(one,), plan_digests=(first,))
    assert code_of(ask(decider, seen)) is None
    second = stage(decider).plan.digest
    assert second != first
    again = ReviewMappings(
        reviews=(MappingReview(mapping_id="map_b", approved=True),), plan_digests=(first,)
    )
    assert code_of(ask(decider, again)) == "precondition_failed"
    assert mapping(decider, "b").status == "pending"
    review(decider, "b", approved=True)
    assert code_of(ask(decider, cmd.StartMigration(plan_digests=(first, second)))) == (
        "precondition_failed"
    )
    approved = stage(decider).plan.digest
    assert code_of(ask(decider, cmd.StartMigration(plan_digests=(approved,)))) is None


def test_what_is_approved_is_named_by_its_version():
    decider = planned("pending")
    outcome = review(decider, approved=True)
    (approved,) = [event for event in outcome.events if isinstance(event, ev.PlanApproved)]
    assert approved.digest == stage(decider).plan.digest


def test_a_plan_that_is_true_still_is_found_so_and_may_be_started():
    decider = planned("approved")
    outcome = ask(decider, CheckPlan())
    assert any(isinstance(event, rv.PlanCheckRequested) for event in outcome.events)
    (task,) = outstanding(decider, MIGRATION_ID)
    assert isinstance(task.work, wk.CheckPlan)
    assert task.work.planned[0].columns == (("id", "bigint"),)
    carry_out(decider, World(("public.a",), 2), task)
    assert isinstance(stage(decider), st.Approved)
    assert outstanding(decider, MIGRATION_ID) == []
    assert code_of(ask(decider, cmd.StartMigration())) is None


def test_a_plan_that_is_not_true_any_more_is_put_away_and_made_again():
    decider, world = planned("approved"), World(("public.a",), 2)
    world.drifted = (ADDED,)
    ask(decider, CheckPlan())
    carry_out(decider, world, outstanding(decider, MIGRATION_ID)[0])
    assert status_of(decider.state(MIGRATION_ID)) == "failed"
    assert code_of(ask(decider, cmd.StartMigration())) == "plan_not_ready"
    ask(decider, cmd.ResumeMigration())
    plan(decider, "approved")
    assert isinstance(stage(decider), st.Approved)


def test_a_source_that_changes_right_after_the_start_puts_the_plan_away_too():
    decider, world = planned("approved"), World(("public.a",), 2)
    ask(decider, cmd.StartMigration())
    first = {task.task_id for task in outstanding(decider, MIGRATION_ID)}
    world.drifted = (ADDED,)
    for task in outstanding(decider, MIGRATION_ID):
        if isinstance(task.work, wk.CreateSchema):
            carry_out(decider, world, task)
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, st.PlanFailed)
    assert state.code == "plan_not_ready"
    assert outstanding(decider, MIGRATION_ID) == []
    ask(decider, cmd.ResumeMigration())
    plan(decider, "approved")
    world.drifted = ()
    ask(decider, cmd.StartMigration())
    # An executor remembers the tasks it has done: those of the second start have other ids.
    assert first.isdisjoint(task.task_id for task in outstanding(decider, MIGRATION_ID))


def test_a_dry_run_leaves_the_plan_approved_whatever_it_finds():
    decider, world = planned("approved"), World(("public.a",), 2)
    world.drifted = (ADDED,)
    ask(decider, CheckPlan(rehearsal=True))
    carry_out(decider, world, outstanding(decider, MIGRATION_ID)[0])
    assert isinstance(stage(decider), st.Approved)


def test_a_dry_run_of_what_waits_for_a_person_needs_leave_to_skip_that():
    decider = planned("pending")
    assert code_of(ask(decider, CheckPlan(rehearsal=True))) == "approval_required"
    assert code_of(ask(decider, CheckPlan(rehearsal=True, skip_approval=True))) is None
    assert mapping(decider).status == "pending"


@pytest.mark.parametrize("phase", ["planning", "schema_migration", None])
def test_a_planned_migration_starts_from_its_first_phases(phase: Any):
    decider = planned("approved")
    assert code_of(ask(decider, cmd.StartMigration(start_from_phase=phase))) is None
    assert status_of(decider.state(MIGRATION_ID)) == "running"


@pytest.mark.parametrize("phase", ["data_transfer", "validation", "cutover"])
def test_a_planned_migration_does_not_start_where_nothing_proves_what_comes_before(phase: Any):
    decider = planned("approved")
    refused = ask(decider, cmd.StartMigration(start_from_phase=phase))
    assert code_of(refused) == "invalid_state"
    assert isinstance(stage(decider), st.Approved)


def test_a_run_that_failed_goes_on_from_the_phase_it_is_in_and_from_no_other():
    decider, world = planned("approved"), World(("public.a",), 2)
    ask(decider, cmd.StartMigration())
    while not any(
        isinstance(task.work, wk.CopyChunk) for task in outstanding(decider, MIGRATION_ID)
    ):
        carry_out(decider, world, outstanding(decider, MIGRATION_ID)[0])
    (copying, *_) = [
        task for task in outstanding(decider, MIGRATION_ID) if isinstance(task.work, wk.CopyChunk)
    ]
    failed = rep.ReportTaskFailed(
        **by(copying), code="target_out_of_disk", message="full", transient=False, details={}
    )
    decider.send(MIGRATION_ID, failed, expect_outcome=False)
    for phase in ("schema_migration", "validation"):
        refused = ask(decider, cmd.StartMigration(start_from_phase=phase))
        assert code_of(refused) == "invalid_state"
        assert refused.rejected is not None
        assert refused.rejected.details["next_phase"] == "data_transfer"
    assert code_of(ask(decider, cmd.StartMigration(start_from_phase="data_transfer"))) is None
    assert status_of(decider.state(MIGRATION_ID)) == "running"


def test_nothing_is_reviewed_or_checked_once_a_migration_runs():
    decider = planned("approved")
    ask(decider, cmd.StartMigration())
    assert code_of(review(decider, approved=False)) == "invalid_state"
    assert code_of(ask(decider, CheckPlan())) == "invalid_state"
