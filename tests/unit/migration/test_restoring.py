"""A run that is taken back to checkpoints, phases and tables, while executors misbehave."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from sterna_core.journal.local import LocalDecider
from sterna_core.journal.outcome import Outcome
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.checkpoint import CheckpointRecorded, CreateCheckpoint, RestoreCheckpoint
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.status import status_of
from sterna_core.migration.undo import RollBackMigration
from sterna_core.migration.undo_events import UndoCompleted
from sterna_core.tasks import work as wk
from sterna_core.tasks.task import Task
from sterna_core.tasks.undo_work import DropObjects, UndoRows
from support.migration.executors import Rows, World, outstanding
from support.migration.journey import OBJECTS, approved, events_of
from support.migration.scenario import MIGRATION_ID, create

IDS = ("public.a", "public.b", "public.c")
OVER = stages.Completed | stages.Cancelled | stages.RolledBack


def started(parallelism: int = 2) -> tuple[LocalDecider, World]:
    decider = LocalDecider([MIGRATIONS])
    world = approved(decider, create(parallelism=parallelism))
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider, world


def report(decider: LocalDecider, world: World, task: Task) -> None:
    for each in world.carry_out(task):
        decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)


def until(decider: LocalDecider, world: World, wanted: Callable[[], bool]) -> None:
    for _ in range(200):
        if wanted():
            return
        report(decider, world, outstanding(decider, MIGRATION_ID)[0])
    raise AssertionError("it does not come to that")


def pause(decider: LocalDecider, world: World) -> None:
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    settle(decider, world)


def settle(decider: LocalDecider, world: World) -> None:
    """Let everything come to its end that is at work or being taken back."""
    moving = stages.Pausing | stages.Restoring
    until(decider, world, lambda: not isinstance(decider.state(MIGRATION_ID), moving))


def asked(decider: LocalDecider, command: Struct) -> Outcome:
    outcome = decider.send(MIGRATION_ID, command)
    assert outcome is not None
    return outcome


def mark(decider: LocalDecider) -> str:
    made = asked(decider, CreateCheckpoint()).events
    return next(each.checkpoint_id for each in made if isinstance(each, CheckpointRecorded))


def finish(decider: LocalDecider, world: World) -> None:
    """Let everything succeed from here on."""
    for _ in range(800):
        state = decider.state(MIGRATION_ID)
        if isinstance(state, OVER):
            return
        if isinstance(state, stages.Paused | stages.Failed):
            decider.send(MIGRATION_ID, cmd.ResumeMigration())
        if isinstance(state, stages.RollbackBlocked):
            decider.send(MIGRATION_ID, RollBackMigration())
        tasks = outstanding(decider, MIGRATION_ID)
        if tasks:
            report(decider, world, tasks[0])
        else:
            decider.now += timedelta(seconds=120)
            decider.fire_timers(MIGRATION_ID)
    raise AssertionError("the migration does not come to an end")


def standing(world: World) -> tuple[Rows, set[str]]:
    return {name: dict(rows) for name, rows in world.target.items()}, set(world.built)


def paused_at(copies: int) -> tuple[LocalDecider, World]:
    decider, world = started()
    until(decider, world, lambda: world.copies == copies)
    pause(decider, world)
    return decider, world


def test_a_restored_checkpoint_is_what_it_was_and_a_resume_completes() -> None:
    decider, world = paused_at(1)
    checkpoint, then = mark(decider), standing(world)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "a_pkey" in world.built)
    pause(decider, world)

    asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    assert status_of(decider.state(MIGRATION_ID)) == "rolling_back"
    settle(decider, world)

    assert standing(world) == then
    assert status_of(decider.state(MIGRATION_ID)) == "paused"
    finish(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source
    assert set(world.built) == {each.object_id for each in OBJECTS}


def test_indexes_and_keys_that_were_there_at_the_checkpoint_stay() -> None:
    decider, world = started()
    until(decider, world, lambda: "attach" in world.built)
    pause(decider, world)
    checkpoint, then = mark(decider), standing(world)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "fk" in world.built)
    pause(decider, world)

    asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    settle(decider, world)

    assert standing(world) == then
    assert world.copies == 6
    finish(decider, world)
    assert world.copies == 6
    assert world.target == world.source


def test_to_restore_where_nothing_came_after_does_nothing() -> None:
    decider, _ = paused_at(2)
    checkpoint = mark(decider)

    assert asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint)).events == ()
    assert status_of(decider.state(MIGRATION_ID)) == "paused"


def test_a_restore_that_is_asked_for_again_is_harmless() -> None:
    decider, world = paused_at(1)
    checkpoint, then = mark(decider), standing(world)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: world.copies >= 4)
    pause(decider, world)

    asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    again = asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    settle(decider, world)
    later = asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))

    assert again.rejected is None
    assert not again.events
    assert later.rejected is None
    assert not later.events
    assert standing(world) == then


def test_what_is_reported_late_of_rows_that_were_taken_back_does_not_count() -> None:
    decider, world = paused_at(1)
    checkpoint = mark(decider)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    chunks = [
        task for task in outstanding(decider, MIGRATION_ID) if isinstance(task.work, wk.CopyChunk)
    ]
    told = [each for task in chunks for each in world.carry_out(task)]
    for task in chunks:
        failed = failure(task, transient=False)
        decider.send(MIGRATION_ID, failed, expect_outcome=False)
    copied = world.copies
    assert copied > 1

    decider.send(MIGRATION_ID, RestoreCheckpoint(checkpoint_id=checkpoint))
    settle(decider, world)
    for each in told:
        decider.send(MIGRATION_ID, each, expect_outcome=False)

    finish(decider, world)
    assert world.target == world.source
    assert len(world.receipts) == 6


def test_a_checkpoint_after_the_one_that_was_restored_is_gone_with_its_reason() -> None:
    decider, world = paused_at(1)
    first = mark(decider)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: world.copies >= 4)
    pause(decider, world)
    second = mark(decider)
    asked(decider, RestoreCheckpoint(checkpoint_id=first))
    settle(decider, world)

    refused = asked(decider, RestoreCheckpoint(checkpoint_id=second)).rejected

    assert refused is not None
    assert refused.code == "restore_not_available"
    assert refused.details["reason"] == "taken_back"


def test_a_checkpoint_before_rows_were_corrected_is_gone_and_their_table_can_be_rolled_back() -> (
    None
):
    decider, world = started()
    until(decider, world, lambda: world.copies == 5)
    pause(decider, world)
    checkpoint = mark(decider)
    world.held.clear()
    world.write("public.a", 1)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(
        decider, world, lambda: any(type(e).__name__ == "TableRepaired" for e in events_of(decider))
    )
    pause(decider, world)

    refused = asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint)).rejected

    assert refused is not None
    assert refused.code == "restore_not_available"
    assert refused.details["reason"] == "corrected"
    asked(decider, RollBackMigration(scope="tables", tables=("public.a",)))
    settle(decider, world)
    assert not world.target["public.a"]
    finish(decider, world)
    assert world.target == world.source


def test_a_checkpoint_before_the_schema_leaves_the_target_as_it_was_found() -> None:
    decider, world = started()
    decider.send(MIGRATION_ID, cmd.PauseMigration(immediate=True))
    for task in outstanding(decider, MIGRATION_ID):
        stopped = rep.ReportTaskStopped(
            task_id=task.task_id, attempt=task.attempt, executor_id="exec_1"
        )
        decider.send(MIGRATION_ID, stopped, expect_outcome=False)
    checkpoint = mark(decider)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "a_pkey" in world.built)
    pause(decider, world)

    asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    settle(decider, world)

    assert world.fence is None
    assert not any(world.target.values())
    assert status_of(decider.state(MIGRATION_ID)) == "paused"
    finish(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


def test_the_rows_of_some_tables_go_and_those_of_others_stay() -> None:
    decider, world = started()
    until(decider, world, lambda: "fk" in world.built)
    pause(decider, world)
    kept = dict(world.target["public.c"])

    asked(decider, RollBackMigration(scope="tables", tables=("public.a", "public.b")))
    settle(decider, world)

    assert world.target == {"public.a": {}, "public.b": {}, "public.c": kept}
    assert world.built == []
    assert status_of(decider.state(MIGRATION_ID)) == "paused"
    finish(decider, world)
    assert world.target == world.source
    assert world.copies == 10


@pytest.mark.parametrize(
    ("phase", "rows", "built"),
    [
        ("cutover", True, {"a_pkey", "b_pkey", "attach"}),
        ("validation", True, {"a_pkey", "b_pkey", "attach"}),
        ("data_transfer", False, set()),
        ("schema_migration", False, set()),
    ],
)
def test_a_phase_is_undone_with_all_that_came_after_its_beginning(
    phase: Any, rows: bool, built: set[str]
) -> None:
    decider, world = started()
    until(decider, world, lambda: "fk" in world.built)
    pause(decider, world)

    asked(decider, RollBackMigration(scope="phase", phase=phase))
    settle(decider, world)

    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Paused)
    assert state.run.phase == phase
    assert any(world.target.values()) == rows
    assert set(world.built) == built
    finish(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


def failure(task: Task, *, transient: bool) -> Struct:
    return rep.ReportTaskFailed(
        task_id=task.task_id,
        attempt=task.attempt,
        executor_id="exec_1",
        code="target_unreachable",
        message="The target does not answer.",
        transient=transient,
        details={},
    )


@pytest.mark.parametrize("kind", [wk.RaiseFence, DropObjects, UndoRows])
def test_what_cannot_be_taken_back_leaves_a_migration_that_can_go_on(kind: type) -> None:
    decider, world = paused_at(1)
    checkpoint = mark(decider)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "a_pkey" in world.built)
    pause(decider, world)
    asked(decider, RestoreCheckpoint(checkpoint_id=checkpoint))
    until(decider, world, lambda: isinstance(outstanding(decider, MIGRATION_ID)[0].work, kind))
    stuck = outstanding(decider, MIGRATION_ID)

    decider.send(MIGRATION_ID, failure(stuck[0], transient=False), expect_outcome=False)

    assert status_of(decider.state(MIGRATION_ID)) == "failed"
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: world.fence == 3)
    for late in stuck:
        assert isinstance(world.carry_out(late)[0], rep.ReportTaskFailed)
    finish(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


moves = st.lists(
    st.one_of(
        st.tuples(st.just("do"), st.integers(0, 5)),
        st.tuples(st.just("go"), st.integers(1, 16)),
        st.tuples(st.just("go"), st.integers(1, 16)),
        st.tuples(st.just("stand"), st.just(0)),
        st.tuples(st.just("stand"), st.just(0)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("restore"), st.integers(0, 6)),
        st.tuples(st.just("unreported"), st.integers(0, 5)),
        st.tuples(st.just("again"), st.integers(0, 40)),
        st.tuples(st.just("late"), st.integers(0, 40)),
        st.tuples(st.just("write"), st.integers(0, 8)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 5)),
        st.tuples(st.just("break"), st.integers(0, 5)),
        st.tuples(st.just("pause"), st.booleans()),
        st.tuples(st.just("resume"), st.just(0)),
        st.tuples(st.just("mark"), st.just(0)),
        st.tuples(st.just("restore"), st.integers(0, 6)),
        st.tuples(st.just("tables"), st.integers(1, 7)),
        st.tuples(st.just("phase"), st.integers(0, 3)),
        st.tuples(st.just("time"), st.integers(0, 4_000)),
    ),
    min_size=6,
    max_size=40,
)
PHASES: tuple[Any, ...] = ("schema_migration", "data_transfer", "validation", "cutover")


class Play:
    """Plays moves, and looks at the target whenever something was taken back."""

    def __init__(self) -> None:
        self.decider, self.world = started()
        self.seen: list[Task] = []
        self.told: list[Struct] = []
        self.marks: list[str] = []
        self.then: dict[str, tuple[Rows, set[str]]] = {}
        self.unreported = False

    def do(self, task: Task) -> None:
        """Carry a task out and report it; whoever lost its claim makes no schema and no fence."""
        decider = self.decider
        wanted = any(
            (each.task_id, each.attempt) == (task.task_id, task.attempt)
            for each in outstanding(decider, MIGRATION_ID)
        )
        if isinstance(task.work, wk.CreateSchema) and not wanted:
            return
        if isinstance(task.work, wk.RaiseFence) and self.world.fence is None and not wanted:
            return
        for each in self.world.carry_out(task):
            self.told.append(each)
            self.tell(each)

    def work(self, count: int) -> None:
        """Let so many tasks succeed, one after the other."""
        for _ in range(count):
            for each in outstanding(self.decider, MIGRATION_ID)[:1]:
                self.seen.append(each)
                self.do(each)

    def tell(self, message: Struct) -> None:
        outcome = self.decider.send(MIGRATION_ID, message, actor="executor:1")
        assert outcome is not None
        for event in outcome.events:
            if isinstance(event, UndoCompleted) and event.scope.checkpoint_id in self.then:
                rows, built = self.then[event.scope.checkpoint_id]
                assert self.world.target == rows
                assert set(self.world.built) == built

    def step(self, move: str, argument: int) -> None:
        decider, world = self.decider, self.world
        tasks = outstanding(decider, MIGRATION_ID)
        self.seen.extend(task for task in tasks if task not in self.seen)
        task = tasks[argument % len(tasks)] if tasks else None
        match move:
            case "do" if task:
                self.do(task)
            case "go":
                decider.send(MIGRATION_ID, cmd.ResumeMigration())
                self.work(argument)
            case "settle":
                self.work(12)
            case "stand":
                decider.send(MIGRATION_ID, cmd.PauseMigration())
                self.work(6)
                self.ask("mark", 0)
            case "unreported" if task and not isinstance(task.work, wk.RepairTable):
                world.carry_out(task)
                self.unreported = True
            case "again" if self.seen:
                late = self.seen[argument % len(self.seen)]
                # A late delivery of a repair is shut out on the target by its pass.
                if not isinstance(late.work, wk.RepairTable):
                    self.do(late)
            case "late" if self.told:
                self.tell(self.told[argument % len(self.told)])
            case "write":
                world.write(IDS[argument % 3], argument)
            case "lose":
                world.held.clear()
            case "fail" | "break" if task:
                self.tell(failure(task, transient=move == "fail"))
            case "pause":
                decider.send(MIGRATION_ID, cmd.PauseMigration(immediate=bool(argument)))
            case "resume":
                decider.send(MIGRATION_ID, cmd.ResumeMigration())
            case "time":
                decider.now += timedelta(seconds=argument)
                decider.fire_timers(MIGRATION_ID)
            case _:
                self.ask(move, argument)

    def ask(self, move: str, argument: int) -> None:
        decider, state = self.decider, self.decider.state(MIGRATION_ID)
        match move:
            case "mark" if isinstance(state, stages.Paused | stages.Failed):
                self.marks.append(mark(decider))
                if isinstance(state, stages.Paused) and not self.unreported:
                    self.then[self.marks[-1]] = standing(self.world)
            case "restore" if self.marks:
                wanted = self.marks[argument % len(self.marks)]
                decider.send(MIGRATION_ID, RestoreCheckpoint(checkpoint_id=wanted))
            case "tables":
                tables = tuple(name for n, name in enumerate(IDS) if argument >> n & 1)
                decider.send(MIGRATION_ID, RollBackMigration(scope="tables", tables=tables))
            case "phase":
                decider.send(MIGRATION_ID, RollBackMigration(scope="phase", phase=PHASES[argument]))


@settings(max_examples=200, deadline=None)
@given(steps=moves)
def test_whatever_is_taken_back_the_target_ends_equal_to_the_source_as_of_one_moment(
    steps: list[tuple[str, int]],
) -> None:
    play = Play()

    for move, argument in steps:
        play.step(move, argument)
    finish(play.decider, play.world)

    world = play.world
    if isinstance(play.decider.state(MIGRATION_ID), stages.RolledBack):
        assert not any(world.target.values())
        return
    assert isinstance(play.decider.state(MIGRATION_ID), stages.Completed)
    assert world.target in world.snapshots.values()
    assert sorted(world.built) == sorted(each.object_id for each in OBJECTS)
    assert len(world.receipts) == 6
