"""Migrations that wait for others, keep clear of others, and come again and again."""

from datetime import UTC, datetime, timedelta

from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import schedule_commands as scmd
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.schedule.schedule import Awaited, Condition, Recurrence, Schedule
from support.migration.clockwork import Clockwork

A, B = "mig_000a", "mig_000b"
START = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def waiting(condition: Condition = "completed") -> Clockwork:
    """B waits for A."""
    clock = Clockwork(START)
    clock.create(A)
    clock.create(B, Schedule(wait_for=(Awaited(migration_id=A, condition=condition),)))
    clock.settle()
    return clock


def test_a_migration_starts_when_the_one_it_waits_for_has_completed() -> None:
    clock = waiting()
    clock.send(A, cmd.StartMigration())
    clock.settle()
    assert clock.status(B) == "approved"
    clock.finish(A)
    clock.settle()
    assert clock.status(A) == "completed"
    assert clock.status(B) == "running"


def test_a_migration_that_was_cancelled_is_finished_and_not_completed() -> None:
    for condition, status in (("completed", "approved"), ("finished", "running")):
        clock = waiting(condition)  # type: ignore[arg-type]
        clock.send(A, cmd.CancelMigration())
        clock.to(START + HOUR)
        assert clock.status(B) == status


def test_a_migration_that_was_deleted_is_finished() -> None:
    clock = waiting("finished")
    clock.send(A, DeleteMigration())
    clock.to(START + HOUR)
    assert clock.status(B) == "running"


def test_a_migration_that_had_completed_and_was_deleted_has_completed() -> None:
    clock = waiting()
    clock.send(A, cmd.StartMigration())
    clock.finish(A)
    clock.send(A, DeleteMigration())
    clock.settle()
    assert clock.status(B) == "running"


def test_a_migration_that_has_completed_before_it_is_asked_is_known_to_have() -> None:
    clock = Clockwork(START)
    clock.create(A)
    clock.send(A, cmd.StartMigration())
    clock.finish(A)
    clock.to(START + HOUR)
    clock.create(B, Schedule(wait_for=(Awaited(migration_id=A, condition="completed"),)))
    clock.settle()
    assert clock.status(B) == "running"


def test_those_who_were_told_are_not_told_again() -> None:
    clock = waiting()
    clock.to(START + MINUTE)
    assert not clock.decider.timers(A)
    assert clock.decider.state(A).about.agenda.watchers[B].told == 0


def test_a_telling_that_comes_again_or_late_changes_nothing() -> None:
    clock = waiting()
    clock.send(A, cmd.StartMigration())
    clock.settle()
    known = clock.decider.state(B).about.agenda.known[A]
    old = known.standing.__class__(kind="completed", number=0, at=START)
    clock.send(B, scmd.LearnStanding(migration_id=A, standing=old))
    assert clock.decider.state(B).about.agenda.known[A] == known
    assert clock.status(B) == "approved"


def test_what_was_never_asked_for_is_not_learned() -> None:
    clock = waiting()
    standing = clock.decider.state(A).about.agenda.standing
    clock.send(B, scmd.LearnStanding(migration_id="mig_000c", standing=standing))
    assert "mig_000c" not in clock.decider.state(B).about.agenda.known


def test_a_migration_waits_for_one_that_it_must_not_run_beside() -> None:
    clock = Clockwork(START)
    clock.create(A)
    clock.send(A, cmd.StartMigration())
    clock.create(B, Schedule(start_at=START + MINUTE, exclude_concurrent=(A,)))
    clock.to(START + HOUR)
    assert clock.status(B) == "approved"
    clock.finish(A)
    clock.settle()
    assert clock.status(B) == "running"


def test_a_migration_gives_way_to_one_that_it_must_not_run_beside_and_goes_on_after_it() -> None:
    clock = Clockwork(START)
    clock.create(A)
    clock.create(B, Schedule(start_at=START + MINUTE, exclude_concurrent=(A,)))
    clock.to(START + HOUR)
    assert clock.status(B) == "running"
    clock.begin(B)
    clock.send(A, cmd.StartMigration())
    clock.settle()
    assert clock.status(B) == "pausing"
    clock.finish(B)
    clock.to(START + 2 * HOUR)
    assert clock.status(B) == "paused"
    clock.finish(A)
    clock.settle()
    assert clock.status(B) == "running"


def test_work_beside_one_that_it_must_not_run_beside_is_stopped_after_the_lead() -> None:
    clock = Clockwork(START)
    clock.create(A)
    lead = timedelta(seconds=90)
    clock.create(B, Schedule(start_at=START, exclude_concurrent=(A,), pause_lead_seconds=90))
    clock.settle()
    clock.begin(B)
    begun = clock.now
    clock.send(A, cmd.StartMigration())
    clock.to(begun + lead - timedelta(milliseconds=1))
    told = [each for each in clock.events(B) if isinstance(each, ev.TaskWithdrawn)]
    assert clock.status(B) == "pausing"
    assert not told
    clock.to(begun + lead)
    told = [each for each in clock.events(B) if isinstance(each, ev.TaskWithdrawn)]
    assert [each.at for each in told] == [begun + lead]


def test_of_two_that_exclude_each_other_and_start_at_once_one_goes_on_and_then_the_other() -> None:
    clock = Clockwork(START)
    clock.create(A, Schedule(start_at=START + HOUR, exclude_concurrent=(B,)))
    clock.create(B, Schedule(start_at=START + HOUR, exclude_concurrent=(A,)))
    clock.to(START + 2 * HOUR)
    assert (clock.status(A), clock.status(B)) == ("running", "pausing")
    clock.finish(B)
    clock.finish(A)
    clock.settle()
    assert (clock.status(A), clock.status(B)) == ("completed", "running")
    clock.finish(B)
    clock.settle()
    assert clock.status(B) == "completed"


def test_a_migration_cannot_wait_for_itself() -> None:
    clock = waiting()
    outcome = clock.decider.send(A, scmd.SetSchedule(schedule=Schedule(exclude_concurrent=(A,))))
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "waits_for_itself"


def recurring(**fields: object) -> Clockwork:
    """A is made anew at every full hour."""
    clock = Clockwork(START + MINUTE)
    recurrence = Recurrence(cron="0 * * * *", timezone="UTC", **fields)  # type: ignore[arg-type]
    clock.create(A, Schedule(recurring=recurrence))
    return clock


def children(clock: Clockwork) -> list[str]:
    return [each for each in clock.known() if each != A]


def test_a_recurrence_makes_a_migration_that_starts_by_itself_and_the_pattern_does_not() -> None:
    clock = recurring()
    clock.to(START + HOUR)
    (child,) = children(clock)
    clock.step(child)
    clock.settle()
    assert clock.status(child) == "running"
    assert clock.status(A) == "approved"
    about = clock.decider.state(child).about
    assert about.agenda.parent_id == A
    assert about.options == clock.decider.state(A).about.options


def test_a_recurrence_is_left_out_while_the_last_one_is_at_work_and_comes_again_after_it() -> None:
    clock = recurring()
    clock.to(START + HOUR)
    (child,) = children(clock)
    clock.step(child)
    clock.to(START + 2 * HOUR)
    assert children(clock) == [child]
    clock.finish(child)
    assert clock.status(child) == "completed"
    clock.to(START + 3 * HOUR)
    assert len(children(clock)) == 2


def test_a_recurrence_comes_again_when_the_last_one_was_deleted_unapproved() -> None:
    clock = recurring()
    clock.to(START + HOUR)
    (child,) = children(clock)
    clock.plan(child, "pending")
    clock.send(child, DeleteMigration())
    clock.to(START + 2 * HOUR)
    assert len(children(clock)) == 2


def test_a_recurrence_that_may_overlap_does() -> None:
    clock = recurring(skip_if_running=False)
    clock.to(START + 3 * HOUR)
    assert len(children(clock)) == 3


def test_recurrences_that_were_missed_are_made_up_for_once() -> None:
    clock = recurring(skip_if_running=False)
    clock.decider.now = START + 10 * HOUR + MINUTE
    clock.settle()
    assert len(children(clock)) == 1


def test_a_migration_that_has_lasted_too_long_is_cancelled_without_a_rollback() -> None:
    clock = recurring(max_duration_seconds=600)
    clock.to(START + HOUR)
    (child,) = children(clock)
    clock.step(child)
    clock.settle()
    clock.begin(child, steps=2)
    clock.to(START + HOUR + 11 * MINUTE)
    assert clock.status(child) == "rolling_back"
    clock.step(child)
    assert clock.status(child) == "cancelled"


def test_a_pattern_that_was_cancelled_recurs_no_more() -> None:
    clock = recurring()
    clock.send(A, cmd.CancelMigration())
    clock.to(START + 5 * HOUR)
    assert children(clock) == []
