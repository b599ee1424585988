"""A run that keeps its target up to date until it is stopped, driven by a model of executors."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration import sync_events as sy
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.incremental import IncrementalOptions, TableSync
from sterna_core.migration.status import status_of
from sterna_core.migration.strategy import can_go_by_changes
from sterna_core.migration.sync_commands import BeginPass, StopMigration
from sterna_core.tasks import work as wk
from sterna_core.tasks.task import Task
from support.migration.executors import World, outstanding
from support.migration.journey import OBJECTS, TABLES, approved, completed, events_of
from support.migration.scenario import MIGRATION_ID, create, table

IDS = tuple(f"public.{name}" for name in TABLES)
INTERVAL = timedelta(seconds=60)


BY_CHANGES = TableSync(strategy="changes", change_column="id", reason="it says so")


def started(
    parallelism: int = 3, *, by_changes: tuple[str, ...] = (), compare_every: int = 3
) -> tuple[LocalDecider, World]:
    decider = LocalDecider([MIGRATIONS])
    options = IncrementalOptions(
        interval_seconds=60, overlap_seconds=0, compare_every=compare_every
    )
    world = approved(
        decider,
        create(mode="incremental", incremental=options, parallelism=parallelism),
        sync=dict.fromkeys(by_changes, BY_CHANGES),
    )
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider, world


def report(decider: LocalDecider, world: World, task: Task) -> None:
    for each in world.carry_out(task):
        decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)


def work_off(decider: LocalDecider, world: World) -> list[wk.AnyWork]:
    """Let everything succeed that executors have; gives what it was."""
    done: list[wk.AnyWork] = []
    for _ in range(500):
        tasks = outstanding(decider, MIGRATION_ID)
        if not tasks:
            return done
        done.append(tasks[0].work)
        report(decider, world, tasks[0])
    raise AssertionError("there is no end of tasks")


def wait(decider: LocalDecider, time: timedelta = INTERVAL) -> None:
    decider.now += time
    decider.fire_timers(MIGRATION_ID)


def code_of(decider: LocalDecider, command: object) -> str | None:
    outcome = decider.send(MIGRATION_ID, command)  # type: ignore[arg-type]
    if outcome is None or outcome.rejected is None:
        return None
    return outcome.rejected.code


def running(decider: LocalDecider) -> stages.Running:
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Running), state
    return state


def finish(decider: LocalDecider, world: World) -> None:
    """Let everything succeed from here on, and stop."""
    for _ in range(500):
        state = decider.state(MIGRATION_ID)
        if isinstance(state, stages.Completed | stages.Cancelled | stages.RolledBack):
            return
        if isinstance(state, stages.Paused | stages.Failed | stages.Pausing):
            decider.send(MIGRATION_ID, cmd.ResumeMigration())
        if isinstance(state, stages.Running) and state.run.sync.stop == "no":
            decider.send(MIGRATION_ID, StopMigration())
        tasks = outstanding(decider, MIGRATION_ID)
        if tasks:
            report(decider, world, tasks[0])
        else:
            wait(decider, timedelta(seconds=120))
    raise AssertionError("the migration does not come to an end")


def test_after_the_copy_each_pass_brings_the_target_up_to_date() -> None:
    decider, world = started()
    world.write(IDS[0], 9)
    work_off(decider, world)
    assert running(decider).run.phase == "syncing"
    assert world.target == world.source

    for number in range(3):
        world.write(IDS[number % 3], number)
        world.remove(IDS[number % 3], number + 1)
        wait(decider)
        work_off(decider, world)
        assert world.target == world.source

    assert running(decider).run.sync.number == 4
    assert status_of(decider.state(MIGRATION_ID)) == "running"


def test_between_passes_nothing_is_at_work_and_no_snapshot_is_held() -> None:
    decider, world = started()
    work_off(decider, world)

    run = running(decider).run
    assert not outstanding(decider, MIGRATION_ID)
    assert run.snapshot is None
    assert not run.sync.at_work
    wait(decider, INTERVAL - timedelta(seconds=1))
    assert not outstanding(decider, MIGRATION_ID)
    wait(decider, timedelta(seconds=1))
    assert [type(task.work) for task in outstanding(decider, MIGRATION_ID)] == [wk.HoldSnapshot]


def test_a_pass_that_takes_longer_than_the_interval_is_followed_at_once_by_the_next() -> None:
    decider, world = started()
    work_off(decider, world)
    wait(decider)
    decider.now += 3 * INTERVAL
    work_off(decider, world)

    due_at = running(decider).run.sync.due_at
    assert due_at is not None
    assert due_at < decider.now
    wait(decider, timedelta())
    assert running(decider).run.sync.at_work


def test_a_timer_of_a_pass_that_comes_late_or_twice_begins_nothing() -> None:
    decider, world = started()
    work_off(decider, world)
    for number in (0, 1, 3):
        decider.send(MIGRATION_ID, BeginPass(number=number), expect_outcome=False)
    assert not running(decider).run.sync.at_work
    for _ in range(2):
        decider.send(MIGRATION_ID, BeginPass(number=2), expect_outcome=False)
    assert running(decider).run.sync.number == 2


def test_foreign_keys_and_triggers_wait_until_the_migration_is_stopped() -> None:
    decider, world = started()
    work_off(decider, world)
    wait(decider)
    work_off(decider, world)
    assert world.built == ["a_pkey", "b_pkey", "attach"]

    decider.send(MIGRATION_ID, StopMigration())
    work_off(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.built[3:] == ["fk", "trigger"]


def test_the_last_pass_has_a_snapshot_that_was_taken_after_the_stop() -> None:
    decider, world = started()
    work_off(decider, world)
    wait(decider)
    (hold,) = outstanding(decider, MIGRATION_ID)
    taken = world.carry_out(hold)
    world.write(IDS[1], 7)

    decider.send(MIGRATION_ID, StopMigration(immediate=True))
    for each in taken:
        decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    work_off(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


def test_the_pass_at_hand_is_finished_before_the_last_one_unless_the_stop_is_immediate() -> None:
    for immediate, numbers in ((False, [1, 2, 3]), (True, [1, 3])):
        decider, world = started()
        work_off(decider, world)
        wait(decider)
        (hold,) = outstanding(decider, MIGRATION_ID)
        report(decider, world, hold)
        decider.send(MIGRATION_ID, StopMigration(immediate=immediate))
        work_off(decider, world)

        events = events_of(decider)
        finished = [each for each in events if isinstance(each, sy.PassFinished)]
        assert [each.number for each in finished] == numbers
        assert finished[-1].next_at is None


def test_a_stop_during_the_copy_is_followed_by_one_pass() -> None:
    decider, world = started()
    for _ in range(4):
        report(decider, world, outstanding(decider, MIGRATION_ID)[0])
    decider.send(MIGRATION_ID, StopMigration())
    world.write(IDS[2], 3)
    work_off(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source
    begun = [each for each in events_of(decider) if isinstance(each, sy.PassStarted)]
    assert [(each.number, each.last) for each in begun] == [(1, True)]


def test_only_the_last_pass_leaves_evidence_and_the_migration_is_proven_by_it() -> None:
    decider, world = started()
    work_off(decider, world)
    wait(decider)
    work_off(decider, world)
    compared = [each for each in events_of(decider) if isinstance(each, ev.TableCompared)]
    assert compared
    assert all(each.in_pass and each.proof is None for each in compared)

    decider.send(MIGRATION_ID, StopMigration())
    work_off(decider, world)

    last = [each for each in events_of(decider) if isinstance(each, ev.TableCompared)]
    assert all(each.proof is not None for each in last[len(compared) :])


def test_a_stop_is_refused_where_there_is_nothing_to_stop() -> None:
    full = completed(LocalDecider([MIGRATIONS]))
    assert code_of(full, StopMigration()) == "invalid_state"
    decider = LocalDecider([MIGRATIONS])
    assert code_of(decider, StopMigration()) == "migration_not_found"
    world = approved(decider, create(mode="incremental"))
    assert code_of(decider, StopMigration()) == "invalid_state"
    decider.send(MIGRATION_ID, cmd.StartMigration())
    work_off(decider, world)
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    assert code_of(decider, StopMigration()) == "invalid_state"
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    assert code_of(decider, StopMigration()) is None
    known = len(events_of(decider))
    assert code_of(decider, StopMigration()) is None
    assert len(events_of(decider)) == known
    work_off(decider, world)
    assert code_of(decider, StopMigration()) == "invalid_state"


def test_a_pause_between_passes_holds_back_the_next_one() -> None:
    decider, world = started()
    work_off(decider, world)
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    assert isinstance(decider.state(MIGRATION_ID), stages.Paused)
    world.write(IDS[0], 2)
    wait(decider, 5 * INTERVAL)
    assert not outstanding(decider, MIGRATION_ID)

    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    wait(decider, timedelta())
    work_off(decider, world)

    assert world.target == world.source


def test_a_timer_that_fired_while_a_pause_was_asked_for_does_not_stop_the_passes() -> None:
    decider, world = started()
    work_off(decider, world)
    (due,) = (timer for timer in decider.timers(MIGRATION_ID) if timer.name.startswith("pass:"))
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    decider.send(MIGRATION_ID, due.command, expect_outcome=False)
    decider.now += INTERVAL
    decider.send(MIGRATION_ID, cmd.ResumeMigration())

    (again,) = (timer for timer in decider.timers(MIGRATION_ID) if timer.name.startswith("pass:"))
    assert again.name != due.name
    wait(decider, timedelta())
    assert running(decider).run.sync.at_work


def test_a_change_column_tells_what_to_copy_and_other_tables_are_compared() -> None:
    decider, world = started(by_changes=("a",))
    work_off(decider, world)
    world.write(IDS[0], 2)
    world.write(IDS[1], 3)
    wait(decider)
    done = work_off(decider, world)

    kinds = {(type(work), work.table.table_id) for work in done if hasattr(work, "table")}
    assert (wk.CopyChanges, IDS[0]) in kinds
    assert not {kind for kind, table_id in kinds if table_id == IDS[0]} - {wk.CopyChanges}
    assert (wk.CompareTable, IDS[1]) in kinds
    assert world.target == world.source


def test_the_latest_moment_that_has_arrived_is_kept_and_asked_from_the_next_time() -> None:
    decider, world = started(by_changes=("a",), compare_every=10)
    work_off(decider, world)
    asked = []
    for row in (2, 3, 1):
        world.write(IDS[0], row)
        wait(decider)
        done = work_off(decider, world)
        asked += [work.since for work in done if isinstance(work, wk.CopyChanges)]
    assert asked == [None, "1", "2"]
    assert running(decider).run.tables[IDS[0]].high_water == "3"
    assert world.target == world.source


def test_what_a_change_column_does_not_tell_is_found_by_every_so_many_passes() -> None:
    decider, world = started(by_changes=TABLES, compare_every=3)
    work_off(decider, world)
    equal = []
    for _ in range(6):
        world.write(IDS[0], 5)
        world.write_late(IDS[1], 1)
        world.remove(IDS[2], len(equal) % 4)
        wait(decider)
        work_off(decider, world)
        equal.append(world.target == world.source)
    # The passes 4 and 7 compare every table.
    assert equal == [False, False, True, False, False, True]


def test_changes_that_the_target_does_not_take_are_left_to_a_comparison_in_the_same_pass() -> None:
    decider, world = started(by_changes=("a",))
    work_off(decider, world)
    world.refused[IDS[0]] = {2}
    world.write(IDS[0], 2)
    world.write(IDS[0], 3)
    wait(decider)
    done = work_off(decider, world)

    kinds = [
        type(work)
        for work in done
        if getattr(work, "table", None) and work.table.table_id == IDS[0]
    ]
    assert kinds[0] is wk.CopyChanges
    assert wk.CompareTable in kinds
    assert not running(decider).run.sync.at_work
    assert {row for row in world.source[IDS[0]] if row not in world.target[IDS[0]]} == {2}


def test_the_last_pass_compares_every_table_whatever_its_strategy() -> None:
    decider, world = started(by_changes=TABLES, compare_every=100)
    work_off(decider, world)
    world.remove(IDS[0], 1)
    world.write_late(IDS[1], 2)
    wait(decider)
    work_off(decider, world)
    assert world.target != world.source

    decider.send(MIGRATION_ID, StopMigration())
    done = work_off(decider, world)

    assert not [work for work in done if isinstance(work, wk.CopyChanges)]
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


def test_a_transformed_change_column_or_key_is_left_to_comparisons() -> None:
    planned = replace(table("a"), sync=BY_CHANGES)
    assert can_go_by_changes(planned)
    (column,) = planned.columns
    assert not can_go_by_changes(replace(planned, columns=(replace(column, overridden=True),)))
    assert not can_go_by_changes(replace(planned, key=()))
    assert not can_go_by_changes(replace(planned, sync=None))


moves = st.lists(
    st.one_of(
        st.tuples(st.just("do"), st.integers(0, 5)),
        st.tuples(st.just("off"), st.just(0)),
        st.tuples(st.just("again"), st.integers(0, 60)),
        st.tuples(st.just("write"), st.integers(0, 8)),
        st.tuples(st.just("late"), st.integers(0, 8)),
        st.tuples(st.just("remove"), st.integers(0, 8)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 5)),
        st.tuples(st.just("break"), st.integers(0, 5)),
        st.tuples(st.just("pause"), st.booleans()),
        st.tuples(st.just("resume"), st.just(0)),
        st.tuples(st.just("time"), st.integers(0, 4_000)),
        st.tuples(st.just("stop"), st.booleans()),
    ),
    max_size=50,
)


def play(decider: LocalDecider, world: World, steps: list[tuple[str, int]]) -> int | None:
    """Play moves; gives how many snapshots there were when somebody first said stop."""
    seen: list[Task] = []
    stopped: int | None = None
    for move, argument in steps:
        tasks = outstanding(decider, MIGRATION_ID)
        seen.extend(task for task in tasks if task not in seen)
        task = tasks[argument % len(tasks)] if tasks else None
        match move:
            case "do" if task:
                report(decider, world, task)
            case "off":
                work_off(decider, world)
            case "again" if seen:
                report(decider, world, seen[argument % len(seen)])
            case "write":
                world.write(IDS[argument % 3], argument)
            case "late":
                world.write_late(IDS[argument % 3], argument)
            case "remove":
                world.remove(IDS[argument % 3], argument)
            case "lose":
                world.held.clear()
            case "fail" | "break" if task:
                failed = rep.ReportTaskFailed(
                    task_id=task.task_id,
                    attempt=task.attempt,
                    executor_id="exec_1",
                    code="target_unreachable",
                    message="The target does not answer.",
                    transient=move == "fail",
                    details={},
                )
                decider.send(MIGRATION_ID, failed, expect_outcome=False)
            case "pause":
                decider.send(MIGRATION_ID, cmd.PauseMigration(immediate=bool(argument)))
            case "resume":
                decider.send(MIGRATION_ID, cmd.ResumeMigration())
            case "time":
                decider.now += timedelta(seconds=argument)
                decider.fire_timers(MIGRATION_ID)
            case "stop":
                before = len(world.snapshots)
                if code_of(decider, StopMigration(immediate=bool(argument))) is None:
                    stopped = before if stopped is None else stopped
    return stopped


@settings(max_examples=150, deadline=None)
@given(steps=moves, by_changes=st.sets(st.sampled_from(TABLES)), compare_every=st.integers(1, 4))
def test_whatever_happens_the_target_ends_equal_to_the_source_as_of_a_moment_after_the_stop(
    steps: list[tuple[str, int]], by_changes: set[str], compare_every: int
) -> None:
    decider, world = started(by_changes=tuple(by_changes), compare_every=compare_every)

    stopped = play(decider, world, steps)
    if stopped is None:
        stopped = len(world.snapshots)
    finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target in list(world.snapshots.values())[stopped:]
    assert sorted(world.built) == sorted(each.object_id for each in OBJECTS)


@settings(max_examples=75, deadline=None)
@given(steps=moves)
def test_cancel_with_rollback_ends_an_incremental_migration_from_every_stage(
    steps: list[tuple[str, int]],
) -> None:
    decider, world = started(by_changes=("a", "b"))
    play(decider, world, steps)
    done = isinstance(decider.state(MIGRATION_ID), stages.Completed)

    refused = code_of(decider, cmd.CancelMigration(rollback=True))
    for _ in range(50):
        work_off(decider, world)
        wait(decider, timedelta(seconds=120))

    if done:
        assert refused == "invalid_state"
    elif refused is None:
        assert isinstance(decider.state(MIGRATION_ID), stages.RolledBack)
        assert not any(world.target.values())


@pytest.mark.parametrize("mode", ["full", "data_only"])
def test_no_other_mode_makes_passes(mode: str) -> None:
    decider = LocalDecider([MIGRATIONS])
    world = approved(decider, create(mode=mode))
    decider.send(MIGRATION_ID, cmd.StartMigration())
    for _ in range(20):
        work_off(decider, world)
        wait(decider, timedelta(seconds=120))

    happened = events_of(decider)
    assert not [each for each in happened if isinstance(each, sy.AnySyncEvent)]
    phases = [each.phase for each in happened if isinstance(each, ev.PhaseStarted)]
    assert phases == ["schema_migration", "data_transfer", "validation", "cutover"]
