"""Rows that the target refuses: all else goes on, and nothing ends before they are decided on."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_core.migration import commands as cmd
from sterna_core.migration import error_events as ee
from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.replacement import (
    ColumnDefault,
)
from sterna_core.tasks import work as wk
from support.migration.executors import ANOTHER, outstanding
from support.migration.refusing import (
    at_transfer,
    awaiting,
    decide,
    errors,
    happened,
    rest,
    started,
)
from support.migration.scenario import MIGRATION_ID


def test_everything_else_is_copied_and_compared_and_then_the_migration_waits() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    awaiting(decider, world)

    assert world.target == {"public.a": {0: 0, 2: 0, 3: 0}, "public.b": world.source["public.b"]}
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Paused)
    assert state.run.phase == "validation"
    assert all(each.proven == 1 for each in state.run.tables.values())


def test_skipped_rows_are_left_out_and_the_end_says_so() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    error_id = awaiting(decider, world)
    assert decide(decider, error_id, "skip") is None
    state = rest(decider, world)

    assert isinstance(state, stages.Completed)
    (last,) = happened(decider, ev.MigrationCompleted)
    assert (last.skipped_errors, last.skipped_rows) == (1, 1)


def test_rows_that_are_retried_arrive_and_the_table_is_compared_anew() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    error_id = awaiting(decider, world)
    world.refused["public.a"] = set()
    assert decide(decider, error_id, "retry") is None
    assert errors(decider) == {error_id: "retrying"}
    state = rest(decider, world)

    assert isinstance(state, stages.Completed)
    assert world.target == world.source
    assert len(world.snapshots) == 1


def test_rows_that_are_refused_again_wait_again() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    error_id = awaiting(decider, world)
    decide(decider, error_id, "retry")

    assert awaiting(decider, world) == error_id
    assert errors(decider) == {error_id: "open"}


def test_a_resume_looks_at_both_sides_again_under_another_snapshot() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}
    awaiting(decider, world)

    del world.source["public.a"][1]
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    state = rest(decider, world)

    assert isinstance(state, stages.Completed)
    assert world.target == world.source
    assert len(world.snapshots) == 2


def test_what_was_skipped_stays_skipped_under_another_snapshot() -> None:
    decider, world = started()
    world.refused = {"public.a": {1}, "public.b": {2}}
    rest(decider, world)
    first, second = sorted(errors(decider))
    decide(decider, first, "skip")

    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    rest(decider, world)

    assert errors(decider) == {first: "skipped", second: "open"}
    decide(decider, second, "skip")
    assert isinstance(rest(decider, world), stages.Completed)


def test_an_error_that_is_left_to_others_still_waits() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    error_id = awaiting(decider, world)
    assert decide(decider, error_id, "escalate") is None

    assert awaiting(decider, world) == error_id


def test_an_error_that_is_not_there_or_over_cannot_be_resolved() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}
    error_id = awaiting(decider, world)

    assert decide(decider, "err_other", "skip") == "error_not_found"
    decide(decider, error_id, "retry")
    assert decide(decider, error_id, "skip") == "invalid_state"
    rest(decider, world)
    decide(decider, error_id, "skip")
    rest(decider, world)
    assert decide(decider, error_id, "retry") == "invalid_state"


def test_rows_left_out_of_a_comparison_that_nobody_knows_of_are_a_difference() -> None:
    decider, world = started(chunks=1)
    while not any(
        isinstance(task.work, wk.CompareTable) for task in outstanding(decider, MIGRATION_ID)
    ):
        for each in world.carry_out(outstanding(decider, MIGRATION_ID)[0]):
            decider.send(MIGRATION_ID, each, expect_outcome=False)
    task = next(
        task
        for task in outstanding(decider, MIGRATION_ID)
        if isinstance(task.work, wk.CompareTable)
    )
    (report,) = world.carry_out(task)
    assert isinstance(report, rep.ReportTableCompared)

    decider.send(
        MIGRATION_ID,
        rep.ReportTableCompared(
            task_id=task.task_id,
            attempt=task.attempt,
            executor_id="exec_1",
            source_rows=3,
            target_rows=3,
            differing_buckets=0,
            source_digest="a",
            target_digest="a",
            seconds=0.1,
            rows_set_aside=1,
        ),
        expect_outcome=False,
    )

    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Failed)
    assert state.code == "validation_failed"


def test_a_task_that_succeeds_after_failures_has_recovered() -> None:
    decider = at_transfer()
    task = next(
        task for task in outstanding(decider, MIGRATION_ID) if isinstance(task.work, wk.CopyChunk)
    )
    decider.send(
        MIGRATION_ID,
        rep.ReportTaskFailed(
            task_id=task.task_id,
            attempt=1,
            executor_id="exec_1",
            code="target_unreachable",
            message="The target does not answer.",
            transient=True,
            details={},
        ),
        expect_outcome=False,
    )
    decider.now += timedelta(seconds=60)
    decider.fire_timers(MIGRATION_ID)
    decider.send(
        MIGRATION_ID,
        rep.ReportChunkCopied(
            task_id=task.task_id,
            attempt=2,
            executor_id="exec_1",
            rows=1,
            bytes=1,
            seconds=0.1,
            repeated=False,
        ),
        expect_outcome=False,
    )

    (recovered,) = happened(decider, ee.ErrorRecovered)
    assert (recovered.task_id, recovered.failures) == (task.task_id, 1)


moves = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.integers(0, 4)),
        st.tuples(st.just("late"), st.integers(0, 30)),
        st.tuples(st.just("refuse"), st.integers(0, 3)),
        st.tuples(st.just("accept"), st.integers(0, 3)),
        st.tuples(st.just("retry"), st.integers(0, 3)),
        st.tuples(st.just("skip"), st.integers(0, 3)),
        st.tuples(st.just("default"), st.integers(0, 3)),
        st.tuples(st.just("resume"), st.just(0)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("time"), st.integers(0, 4_000)),
    ),
    max_size=50,
)


@settings(max_examples=150, deadline=None)
@given(moves, st.sets(st.integers(0, 3), max_size=2))
def test_whatever_is_decided_and_lost_the_end_is_all_but_what_was_skipped(
    steps: list[tuple[str, int]], refused: set[int]
) -> None:
    decider, world = started()
    world.refused["public.a"] = set(refused)
    seen = []
    for move, number in steps:
        tasks = outstanding(decider, MIGRATION_ID)
        seen += [task for task in tasks if task not in seen]
        state = decider.state(MIGRATION_ID)
        known = sorted(state.run.errors) if isinstance(state, stages.ActiveState) else []
        match move:
            case "work" if tasks:
                for each in world.carry_out(tasks[number % len(tasks)]):
                    decider.send(MIGRATION_ID, each, expect_outcome=False)
            case "late" if seen:
                late = seen[number % len(seen)]
                if not isinstance(late.work, wk.RepairTable | wk.RetryRows):
                    for each in world.carry_out(late):
                        decider.send(MIGRATION_ID, each, expect_outcome=False)
            case "refuse":
                world.refused["public.a"].add(number)
            case "accept":
                world.refused["public.a"].discard(number)
            case "retry" | "skip" if known:
                decide(decider, known[number % len(known)], "retry" if move == "retry" else "skip")
            case "default" if known:
                another = ColumnDefault(column="id")
                decide(decider, known[number % len(known)], "default", another)
            case "resume":
                decider.send(MIGRATION_ID, cmd.ResumeMigration())
            case "lose":
                world.held.clear()
            case "time":
                decider.now += timedelta(seconds=number)
                decider.fire_timers(MIGRATION_ID)
    for _ in range(60):
        state = decider.state(MIGRATION_ID)
        if isinstance(state, stages.Completed):
            break
        if isinstance(state, stages.Paused | stages.Failed):
            for error_id, standing in errors(decider).items():
                if standing == "open":
                    decide(decider, error_id, "skip")
            if isinstance(decider.state(MIGRATION_ID), stages.Paused | stages.Failed):
                decider.send(MIGRATION_ID, cmd.ResumeMigration())
        if not outstanding(decider, MIGRATION_ID):
            decider.now += timedelta(seconds=120)
            decider.fire_timers(MIGRATION_ID)
        rest(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    (last,) = happened(decider, ev.MigrationCompleted)
    missing = world.source["public.a"].keys() - world.target["public.a"].keys()
    assert last.skipped_rows == len(missing)
    assert last.replaced_rows == list(world.target["public.a"].values()).count(ANOTHER)
    assert world.target["public.b"] == world.source["public.b"]
