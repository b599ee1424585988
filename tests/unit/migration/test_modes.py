"""What a run does in each mode, driven by a model of executors."""

from datetime import timedelta

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.plan import TablePlan
from sterna_core.tasks import work as wk
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, post_object, summary, table

OBJECTS = (
    post_object("trigger", "behaviour", "public.a"),
    post_object("fk", "foreign_key", "public.a"),
    post_object("attach", "attach", None),
    post_object("a_pkey", "index", "public.a"),
)


def started(mode: str, *tables: TablePlan, parallelism: int = 3) -> LocalDecider:
    decider = LocalDecider([MIGRATIONS])
    decider.send(MIGRATION_ID, create(mode=mode, parallelism=parallelism))
    (task,) = outstanding(decider, MIGRATION_ID)
    assert isinstance(task.work, wk.PlanMigration)
    assert task.work.mode == mode
    by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
    decider.send(MIGRATION_ID, rep.ReportTablesPlanned(**by, part=0, tables=tables))
    decider.send(
        MIGRATION_ID,
        rep.ReportPlanCompleted(
            **by, parts=1, structure_digest="d", summary=summary(3), phases=(), risks=()
        ),
    )
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider


def finish(decider: LocalDecider, world: World) -> list[wk.AnyWork]:
    """Let every task succeed, one by one; gives the work that was asked for."""
    done: list[wk.AnyWork] = []
    for _ in range(200):
        if isinstance(decider.state(MIGRATION_ID), stages.Completed | stages.Failed):
            return done
        tasks = outstanding(decider, MIGRATION_ID)
        if not tasks:
            decider.now += timedelta(seconds=120)
            decider.fire_timers(MIGRATION_ID)
            continue
        done.append(tasks[-1].work)
        for each in world.carry_out(tasks[-1]):
            decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    raise AssertionError("the migration does not come to an end")


def test_a_schema_only_migration_builds_everything_and_reads_no_row() -> None:
    world = World(("public.a",), 0, OBJECTS)
    decider = started("schema_only", table("a", chunks=0))

    done = finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.built == ["a_pkey", "attach", "fk", "trigger"]
    kinds = [type(work) for work in done if not isinstance(work, wk.BuildObject)]
    assert kinds[:3] == [wk.CreateSchema, wk.CheckTarget, wk.FinishCutover]


def test_a_target_that_is_not_as_planned_fails_and_is_checked_again_when_resumed() -> None:
    world = World(("public.a",), 0, OBJECTS)
    world.differences = ("index public.a.a_pkey is missing",)
    decider = started("schema_only", table("a", chunks=0))
    finish(decider, world)
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Failed)
    assert (state.code, state.run.phase) == ("validation_failed", "validation")

    world.differences = ()
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)


def test_a_data_only_migration_compares_its_rows_and_then_checks_the_target() -> None:
    world = World(("public.a", "public.b"), 2)
    decider = started("data_only", table("a"), table("b"))

    done = finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source
    (schema,) = [work for work in done if isinstance(work, wk.CreateSchema)]
    assert [each.table_id for each in schema.receiving] == ["public.a", "public.b"]
    kinds = [type(work) for work in done]
    assert kinds.index(wk.CheckTarget) > max(
        place for place, kind in enumerate(kinds) if kind is wk.CompareTable
    )


def test_a_table_waits_until_those_it_refers_to_are_full() -> None:
    world = World(("public.a", "public.b"), 2)
    decider = started("data_only", table("a", after=("public.b",)), table("b"))

    done = finish(decider, world)

    order = [work.table.table_id for work in done if isinstance(work, wk.CopyChunk)]
    assert order == ["public.b", "public.b", "public.a", "public.a"]


def test_a_check_that_ends_while_paused_counts() -> None:
    world = World(("public.a",), 0)
    decider = started("schema_only", table("a", chunks=0))
    (task,) = outstanding(decider, MIGRATION_ID)
    for each in world.carry_out(task):
        decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    (check,) = outstanding(decider, MIGRATION_ID)
    decider.send(MIGRATION_ID, cmd.PauseMigration())
    (said,) = world.carry_out(check)
    decider.send(MIGRATION_ID, said, actor="executor:1", expect_outcome=False)
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Paused)
    assert state.run.checked == 0


def test_a_target_is_checked_again_after_rows_that_came_later() -> None:
    world = World(("public.a",), 2)
    decider = started("data_only", table("a"), parallelism=1)
    check = None
    for _ in range(20):
        (*_, task) = outstanding(decider, MIGRATION_ID)
        if isinstance(task.work, wk.CheckTarget):
            check = task
            break
        for each in world.carry_out(task):
            decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    assert check is not None
    world.write("public.a", 7)
    world.held.clear()
    held = decider.state(MIGRATION_ID)
    assert isinstance(held, stages.Running)
    assert held.run.snapshot is not None
    lost = rep.ReportSnapshotLost(
        task_id=held.run.snapshot.task_id,
        attempt=1,
        executor_id="exec_1",
        snapshot_id=held.run.snapshot.snapshot_id,
    )
    decider.send(MIGRATION_ID, lost, actor="executor:1", expect_outcome=False)

    done = finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source
    kinds = [type(work) for work in done]
    assert max(i for i, kind in enumerate(kinds) if kind is wk.CheckTarget) > max(
        i for i, kind in enumerate(kinds) if kind is wk.CompareTable
    )
