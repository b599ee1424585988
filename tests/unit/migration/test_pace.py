"""Rates and expectations come from what was measured, and only from that."""

from datetime import timedelta

import pytest

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.job import BuildJob, ChunkJob
from sterna_core.migration.pace import STALE_SECONDS, Pace, fold_pace
from sterna_core.migration.review_commands import CheckPlan
from support.migration.executors import outstanding
from support.migration.journey import approved, events_of
from support.migration.scenario import MIGRATION_ID, START, create


def given(pace: Pace, task: str, second: float, *, build: bool = False) -> Pace:
    job = BuildJob(object_id=task) if build else ChunkJob(table_id="public.a", chunk=0)
    event = ev.TaskDispatched(
        at=START + timedelta(seconds=second),
        task_id=task,
        attempt=1,
        job=job,
        slot=0,
        snapshot_id="s",
        generation=1,
    )
    return fold_pace(pace, event)


def copied(pace: Pace, task: str, second: float, rows: int = 1000) -> Pace:
    event = ev.ChunkCopied(
        at=START + timedelta(seconds=second),
        task_id=task,
        table_id="public.a",
        chunk=0,
        chunks=9,
        rows=rows,
        bytes=rows * 10,
        seconds=1.0,
        generation=1,
        executor_id="exec_1",
        records_processed=rows,
        bytes_processed=rows * 10,
        percent=1.0,
    )
    return fold_pace(pace, event)


def begun() -> Pace:
    return fold_pace(Pace(), ev.PhaseStarted(at=START, phase="data_transfer"))


def test_nothing_is_expected_before_a_task_of_the_kind_was_measured() -> None:
    pace = given(begun(), "one", 0)
    assert pace.checkpoint_at(START) is None

    pace = given(copied(pace, "one", 4), "two", 4)
    assert pace.checkpoint_at(START + timedelta(seconds=5)) == START + timedelta(seconds=8)

    pace = given(pace, "index", 6, build=True)
    assert pace.checkpoint_at(START + timedelta(seconds=7)) is None


def test_what_should_have_ended_is_expected_now_and_not_before() -> None:
    pace = given(copied(given(begun(), "one", 0), "one", 4), "two", 4)
    late = START + timedelta(seconds=60)

    assert pace.checkpoint_at(late) == late


def test_nothing_at_work_is_no_expectation() -> None:
    assert copied(given(begun(), "one", 0), "one", 4).checkpoint_at(START) is None


def test_the_rate_is_of_the_last_span_and_the_peak_is_kept() -> None:
    pace = begun()
    for number in range(10):
        pace = copied(given(pace, f"fast{number}", number), f"fast{number}", number + 1)
    assert pace.rows_per_second == pytest.approx(1000.0)
    assert pace.bytes_per_second == pytest.approx(10_000.0)

    pace = copied(given(pace, "slow", 10), "slow", 20)
    assert pace.rows_per_second == pytest.approx(100.0)
    assert pace.peak_rows_per_second == pytest.approx(1000.0)
    assert pace.is_fresh(START + timedelta(seconds=20))
    assert not pace.is_fresh(START + timedelta(seconds=21 + STALE_SECONDS))


def test_a_pause_is_no_slowness() -> None:
    pace = copied(given(begun(), "one", 0), "one", 6, rows=6000)
    pace = fold_pace(pace, ev.MigrationPaused(at=START + timedelta(seconds=7)))
    assert pace.at_work == {}
    later = START + timedelta(hours=1)
    pace = fold_pace(pace, ev.MigrationResumed(at=later, by="key"))
    pace = copied(given(pace, "two", 3600), "two", 3606, rows=6000)

    assert pace.rows_per_second == pytest.approx(1000.0)


def test_whatever_has_ended_is_not_waited_for_until_the_migration_is_over() -> None:
    decider = LocalDecider([MIGRATIONS])
    world = approved(decider, create(parallelism=2))
    decider.send(MIGRATION_ID, CheckPlan(rehearsal=True))
    started, expected = False, set()
    for _ in range(200):
        tasks = outstanding(decider, MIGRATION_ID)
        if not tasks and started:
            break
        if not tasks:
            decider.send(MIGRATION_ID, cmd.StartMigration())
            started = True
            continue
        decider.now += timedelta(seconds=1)
        for said in world.carry_out(tasks[0]):
            decider.send(MIGRATION_ID, said, actor="executor:1", expect_outcome=False)
        pace = Pace()
        for event in events_of(decider):
            pace = fold_pace(pace, event)
        left = {each.task_id for each in outstanding(decider, MIGRATION_ID)}
        assert set(pace.at_work) <= left
        if pace.checkpoint_at(decider.now) is not None:
            expected |= {each.kind for each in pace.at_work.values()}

    assert len(expected) > 2, "what is at work next is expected by what it took before"
