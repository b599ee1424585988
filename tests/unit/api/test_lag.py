"""How far a target is behind, as it follows from what has happened."""

from datetime import timedelta

from sterna_api.http.sync_answers import LagBody, show_lag
from sterna_api.projections.migrations import KnownMigration
from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.fold_view import fold_view
from sterna_core.migration.incremental import IncrementalOptions, TableSync
from sterna_core.migration.sync_commands import StopMigration
from sterna_core.migration.undo_events import TableUndone
from sterna_core.migration.view import MigrationView
from support.migration.executors import World, outstanding
from support.migration.journey import approved, events_of
from support.migration.scenario import MIGRATION_ID, START, create

SECOND = timedelta(seconds=1)
BY_CHANGES = TableSync(strategy="changes", change_column="id", reason="it says so")


def started() -> tuple[LocalDecider, World]:
    decider = LocalDecider([MIGRATIONS])
    options = IncrementalOptions(interval_seconds=60, overlap_seconds=0)
    command = create(mode="incremental", incremental=options)
    world = approved(decider, command, sync={"a": BY_CHANGES})
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider, world


def work_off(decider: LocalDecider, world: World, *, each_takes: timedelta = SECOND) -> None:
    while tasks := outstanding(decider, MIGRATION_ID):
        decider.now += each_takes
        for said in world.carry_out(tasks[0]):
            decider.send(MIGRATION_ID, said, actor="executor:1", expect_outcome=False)


def next_pass(decider: LocalDecider, world: World, *, each_takes: timedelta = SECOND) -> None:
    (due,) = (timer.at for timer in decider.timers(MIGRATION_ID))
    decider.now = max(decider.now, due)
    decider.fire_timers(MIGRATION_ID)
    work_off(decider, world, each_takes=each_takes)


def lag(decider: LocalDecider) -> LagBody:
    view: MigrationView | None = None
    for event in events_of(decider):
        view = fold_view(view, event)
    assert view is not None
    known = KnownMigration(migration_id=MIGRATION_ID, percent=0, view=view)
    return show_lag(known, decider.now)


def test_the_target_is_as_of_the_moment_at_which_its_snapshot_was_asked_for() -> None:
    decider, world = started()
    work_off(decider, world)
    (due,) = (timer.at for timer in decider.timers(MIGRATION_ID))
    decider.now = due
    decider.fire_timers(MIGRATION_ID)
    before = lag(decider)
    work_off(decider, world)
    after = lag(decider)

    assert before.passes.at_work
    assert before.as_of is not None
    assert before.as_of < due
    assert after.as_of == due
    assert after.lag.seconds == (decider.now - due).total_seconds()
    decider.now += 10 * SECOND
    assert lag(decider).lag.seconds == (decider.now - due).total_seconds()


def test_a_pass_that_waits_for_somebody_to_resume_is_not_at_work() -> None:
    decider, world = started()
    work_off(decider, world)
    (due,) = (timer.at for timer in decider.timers(MIGRATION_ID))
    decider.now = due
    decider.fire_timers(MIGRATION_ID)
    assert lag(decider).passes.at_work

    decider.send(MIGRATION_ID, cmd.PauseMigration())
    work_off(decider, world)
    paused = lag(decider)

    assert paused.status == "paused"
    assert not paused.passes.at_work
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    assert lag(decider).passes.at_work


def test_each_table_says_what_the_last_pass_did_and_since_when_deletions_are_seen() -> None:
    decider, world = started()
    work_off(decider, world)
    first = lag(decider)
    world.write("public.a", 2)
    world.write("public.b", 2)
    next_pass(decider, world)

    by_column, compared, _ = lag(decider).tables

    assert (by_column.strategy, by_column.rows_written, by_column.high_water_mark) == (
        "changes",
        1,
        "1",
    )
    assert by_column.compared_as_of == first.as_of
    assert by_column.as_of == compared.as_of == compared.compared_as_of == lag(decider).as_of
    assert compared.rows_written == 1
    assert lag(decider).passes.rows_written == 2
    next_pass(decider, world)
    assert lag(decider).passes.rows_written == 0


def test_the_trend_compares_the_last_two_passes() -> None:
    decider, world = started()
    work_off(decider, world)
    assert lag(decider).trend is None
    next_pass(decider, world)
    next_pass(decider, world)
    assert lag(decider).trend == "stable"
    next_pass(decider, world, each_takes=30 * SECOND)
    next_pass(decider, world, each_takes=30 * SECOND)
    assert lag(decider).trend == "increasing"
    next_pass(decider, world)
    next_pass(decider, world)
    assert lag(decider).trend == "decreasing"


def test_records_and_bytes_are_what_changes_if_it_goes_on_as_in_the_last_pass() -> None:
    decider, world = started()
    work_off(decider, world)
    quiet = lag(decider)
    for row in (2, 3):
        world.write("public.a", row)
    world.remove("public.b", 1)
    next_pass(decider, world)

    one = lag(decider)
    a_minute = one.as_of - quiet.as_of if one.as_of and quiet.as_of else timedelta()
    assert one.as_of is not None
    decider.now = one.as_of + 2 * a_minute
    behind = lag(decider)

    assert (quiet.lag.records, quiet.lag.bytes, quiet.lag.estimated_from_pass) == (0, 0, 1)
    assert [(each.table, each.lag_records) for each in behind.tables] == [
        ("public.a", 4),
        ("public.b", 2),
        ("public.c", 0),
    ]
    assert (behind.lag.records, behind.lag.estimated_from_pass) == (6, 2)
    assert behind.lag.bytes is not None
    assert behind.lag.bytes > 0
    # What the pass at hand has found so far is not mixed into it.
    decider.fire_timers(MIGRATION_ID)
    assert lag(decider).lag.records == 6


def test_before_the_copy_has_ended_and_after_the_end_there_is_no_lag() -> None:
    decider, world = started()
    assert lag(decider).lag.seconds is None
    work_off(decider, world)
    expected = lag(decider).estimated_catch_up
    assert expected is not None
    assert expected > decider.now > START
    decider.send(MIGRATION_ID, StopMigration())
    work_off(decider, world)
    ended = lag(decider)

    assert ended.status == "completed"
    assert (ended.lag.seconds, ended.trend, ended.estimated_catch_up) == (None, None, None)
    assert (ended.lag.records, ended.lag.bytes, ended.lag.estimated_from_pass) == (None,) * 3
    assert ended.as_of is not None
    assert ended.passes.stopping


def test_a_table_that_goes_back_is_brought_up_to_date_as_before() -> None:
    decider, world = started()
    work_off(decider, world)
    view: MigrationView | None = None
    for event in events_of(decider):
        view = fold_view(view, event)
    assert view is not None
    (table_id, table), *_ = [each for each in view.tables.items() if each[1].sync == BY_CHANGES]
    undone = TableUndone(
        at=decider.now,
        task_id="tsk_1",
        table_id=table_id,
        below=0,
        but=(),
        rows=0,
        bytes=0,
        rows_removed=table.rows,
        records_processed=0,
        bytes_processed=0,
    )
    after = fold_view(view, undone)
    assert after is not None
    assert (after.tables[table_id].chunks_copied, after.tables[table_id].sync) == (0, BY_CHANGES)
