"""Runs that may work in certain hours only, by a clock that the tests set."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import schedule_commands as scmd
from sterna_core.migration import state as st
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.due import moments
from sterna_core.migration.fold_view import fold_view
from sterna_core.migration.narrate import LogEntry, narrate
from sterna_core.migration.review import Difference
from sterna_core.schedule.schedule import OutsideWindow, Schedule, Window
from support.migration.clockwork import Clockwork

M = "mig_0001"
NIGHT = Window(name="night", start_time="02:00", end_time="06:00", timezone="America/New_York")
"""07:00 to 11:00 UTC in winter."""
LEAD = Schedule().pause_lead


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-02-{text}").replace(tzinfo=UTC)


def scheduled(
    outside: OutsideWindow = "pause", start_at: datetime | None = None, **fields: object
) -> Clockwork:
    clock = Clockwork(at("01T12:00"))
    schedule = Schedule(windows=(NIGHT,), outside_window=outside, start_at=start_at, **fields)  # type: ignore[arg-type]
    clock.create(M, schedule)
    return clock


def at_work(outside: OutsideWindow = "pause", **fields: object) -> Clockwork:
    """A migration that began in a window and has work left."""
    clock = scheduled(outside, at("02T00:00"), **fields)
    clock.to(at("02T08:00"))
    clock.begin(M)
    return clock


def test_an_approved_migration_starts_by_itself_at_its_moment() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M, Schedule(start_at=at("02T03:00")))
    clock.to(at("02T03:00") - timedelta(seconds=1))
    assert clock.status(M) == "approved"
    clock.to(at("02T03:00"))
    assert clock.status(M) == "running"


def test_what_is_started_by_itself_is_compared_with_the_source_before() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M, Schedule(start_at=at("02T03:00")))
    clock.differences = (Difference(kind="table_dropped", table="public.a"),)
    clock.to(at("02T03:00"))
    assert clock.status(M) == "failed"
    assert any(b"plan_not_ready" in record.value for record in clock.decider.events)


def test_a_comparison_that_is_not_possible_is_tried_again_minutes_later() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M, Schedule(start_at=at("02T03:00")))
    clock.source_is_gone = True
    clock.to(at("02T03:04"))
    assert clock.status(M) == "approved"
    clock.source_is_gone = False
    clock.to(at("02T03:05"))
    assert clock.status(M) == "running"


def test_a_start_outside_the_window_waits_for_it() -> None:
    clock = scheduled(start_at=at("02T00:00"))
    clock.to(at("02T06:59"))
    assert clock.status(M) == "approved"
    clock.to(at("02T07:00"))
    assert clock.status(M) == "running"


def test_what_is_not_approved_in_time_says_so_and_starts_in_a_window_after_its_approval() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M, Schedule(windows=(NIGHT,), start_at=at("02T07:00")), mapping="pending")
    clock.to(at("02T12:00"))
    assert clock.decider.state(M).about.agenda.approval_missed
    assert clock.status(M) == "plan_ready"
    clock.send(M, cmd.ReviewMapping(mapping_id="map_a", approved=True))
    clock.settle()
    assert clock.status(M) == "approved"
    clock.to(at("03T07:00"))
    assert clock.status(M) == "running"


def test_a_run_pauses_before_its_window_ends_and_resumes_in_the_next_one() -> None:
    clock = at_work()
    clock.to(at("02T11:00") - LEAD)
    assert clock.status(M) == "pausing"
    clock.finish(M)
    assert clock.status(M) == "paused"
    clock.to(at("03T06:59"))
    assert clock.status(M) == "paused"
    clock.to(at("03T07:00"))
    assert clock.status(M) == "running"
    clock.finish(M)
    assert clock.status(M) == "completed"
    assert clock.worlds[M].target == clock.worlds[M].source


def test_what_is_at_work_still_when_the_window_ends_is_stopped() -> None:
    clock = at_work()
    clock.to(at("02T11:00"))
    assert isinstance(clock.decider.state(M), st.Pausing)
    withdrawn = [record for record in clock.decider.events if b"task.withdrawn" in record.value]
    assert len(withdrawn) == 1


@pytest.mark.parametrize("seconds", [0, 1, 600, 3_600])
def test_a_pause_is_asked_for_as_long_before_the_end_as_is_set_and_all_work_stops_at_the_end(
    seconds: int,
) -> None:
    clock = at_work(pause_lead_seconds=seconds)
    lead = timedelta(seconds=seconds)
    clock.to(at("02T11:00") - lead - timedelta(milliseconds=1))
    assert clock.status(M) == "running"
    clock.to(at("02T11:00") - lead)
    assert clock.status(M) == "pausing"
    clock.to(at("02T11:00"))
    _all_work_is_stopped_by(clock, at("02T11:00"))


def test_no_work_begins_in_what_the_lead_leaves_of_a_window() -> None:
    clock = scheduled(start_at=at("02T10:30"), pause_lead_seconds=1_800)
    clock.to(at("03T06:59"))
    assert clock.status(M) == "approved"
    clock.to(at("03T07:00"))
    assert clock.status(M) == "running"


def test_a_lead_that_is_as_long_as_a_window_is_refused() -> None:
    short = replace(NIGHT, name="short", start_time="02:00", end_time="02:10")
    whole = replace(NIGHT, name="whole", start_time="02:00", end_time="02:00")
    clock = Clockwork(at("01T12:00"))
    clock.create(M)
    for windows, seconds, code in (
        ((NIGHT, short), 600, "pause_lead_too_long"),
        ((NIGHT, short), 599, None),
        ((whole,), 3_600, None),
    ):
        wanted = Schedule(windows=windows, pause_lead_seconds=seconds)
        outcome = clock.decider.send(M, scmd.SetSchedule(schedule=wanted))
        assert outcome is not None
        assert (outcome.rejected.code if outcome.rejected else None) == code


def _all_work_is_stopped_by(clock: Clockwork, end: datetime) -> None:
    """Nothing is with executors then but what they were told to let go of, and the snapshot."""
    told = [each for each in clock.events(M) if isinstance(each, ev.TaskWithdrawn)]
    assert told
    assert all(each.at <= end for each in told)
    state = clock.decider.state(M)
    left = {
        task_id
        for task_id, each in state.run.jobs.items()
        if each.standing == "dispatched" and each.job.__struct_config__.tag != "snapshot"
    }
    assert left <= {each.task_id for each in told}


def test_a_run_that_may_go_on_outside_its_window_goes_on() -> None:
    clock = at_work("continue")
    clock.to(at("02T20:00"))
    assert clock.status(M) == "running"


def test_a_run_that_must_not_go_on_fails_when_its_window_ends() -> None:
    clock = at_work("fail")
    clock.to(at("02T11:00") - timedelta(milliseconds=1))
    assert clock.status(M) == "running"
    clock.to(at("02T11:00"))
    assert clock.status(M) == "failed"
    _all_work_is_stopped_by(clock, at("02T11:00"))
    assert clock.decider.state(M).code == "window_over"


def test_a_pause_by_a_person_is_not_undone_by_a_window() -> None:
    clock = at_work()
    clock.send(M, cmd.PauseMigration())
    clock.finish(M)
    clock.to(at("09T08:00"))
    assert clock.status(M) == "paused"


def test_a_pause_by_a_person_stays_where_the_window_had_paused_before() -> None:
    clock = at_work()
    clock.to(at("02T11:00") - LEAD)
    clock.finish(M)
    clock.send(M, cmd.PauseMigration())
    clock.to(at("09T08:00"))
    assert clock.status(M) == "paused"


def test_a_resume_by_a_person_outside_the_window_holds_until_the_next_window_ends() -> None:
    clock = at_work()
    clock.to(at("02T11:00") - LEAD)
    clock.finish(M)
    clock.to(at("02T15:00"))
    clock.send(M, cmd.ResumeMigration())
    clock.to(at("03T10:00"))
    assert clock.status(M) == "running"
    clock.to(at("03T11:00"))
    assert clock.status(M) == "paused"  # no task was at work


def test_the_end_of_a_window_is_announced_once() -> None:
    clock = at_work(window_ending_warning_seconds=1_800)
    clock.to(at("02T10:29"))
    assert clock.decider.state(M).about.agenda.warned_for is None
    clock.to(at("02T10:31"))
    assert clock.decider.state(M).about.agenda.warned_for == at("02T11:00")


def test_an_owner_that_was_away_for_a_whole_day_goes_on_in_the_window_it_finds() -> None:
    clock = at_work()
    clock.decider.now = at("03T08:00")
    clock.settle()
    assert clock.status(M) == "running"
    clock.to(at("03T11:00"))
    assert clock.status(M) == "pausing"


def test_a_schedule_that_is_removed_while_its_window_pauses_leaves_the_pause_to_people() -> None:
    clock = at_work()
    clock.to(at("02T11:00") - LEAD)
    clock.finish(M)
    clock.send(M, scmd.RemoveSchedule())
    clock.to(at("09T08:00"))
    assert clock.status(M) == "paused"
    clock.send(M, cmd.ResumeMigration())
    assert clock.status(M) == "running"


def test_a_window_that_is_put_off_while_paused_is_waited_for() -> None:
    clock = at_work()
    clock.to(at("02T11:00") - LEAD)
    clock.finish(M)
    later = Window(name="noon", start_time="12:00", end_time="14:00", timezone="UTC")
    clock.send(M, scmd.ChangeSchedule(windows=(later,)))
    clock.to(at("03T11:59"))
    assert clock.status(M) == "paused"
    clock.to(at("03T12:00"))
    assert clock.status(M) == "running"


@pytest.mark.parametrize("ended", [cmd.CancelMigration(), cmd.CancelMigration(force=True)])
def test_a_migration_that_was_given_up_takes_no_schedule(ended: cmd.CancelMigration) -> None:
    clock = scheduled()
    clock.send(M, ended)
    outcome = clock.decider.send(M, scmd.SetSchedule(schedule=Schedule()))
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "invalid_state"


def test_a_schedule_that_is_not_there_is_neither_changed_nor_removed() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M)
    for command in (scmd.ChangeSchedule(start_at=None), scmd.RemoveSchedule()):
        outcome = clock.decider.send(M, command)
        assert outcome is not None
        assert outcome.rejected is not None
        assert outcome.rejected.code == "schedule_not_found"


ACTS = ("start", "pause", "resume", "step", "finish", "hour", "half", "week", "attend", "away")


@given(
    some.lists(some.sampled_from(ACTS), max_size=25),
    some.sampled_from(["pause", "continue", "fail"]),
    some.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_timers_end_and_nothing_is_given_out_by_the_schedule_outside_hours(
    acts: list[str], outside: OutsideWindow, warned: bool
) -> None:
    warning = 3_600 if warned else None
    clock = scheduled(outside, at("02T00:00"), window_ending_warning_seconds=warning)
    for act in acts:
        match act:
            case "start":
                clock.send(M, cmd.StartMigration())
            case "pause":
                clock.send(M, cmd.PauseMigration())
            case "resume":
                clock.send(M, cmd.ResumeMigration())
            case "step":
                clock.step(M)
            case "finish":
                clock.finish(M)
            case "attend":
                clock.send(M, scmd.AttendSchedule())
            case "away":
                clock.decider.now += timedelta(hours=37)
            case _:
                hours = {"hour": 1.0, "half": 0.5, "week": 168.0}[act]
                clock.to(clock.now + timedelta(hours=hours))
        clock.settle()
        assert all(moment > clock.now for moment, _ in moments(clock.decider.state(M)))
    assert not clock.decider.dead_letters
    holds_together(clock)


def holds_together(clock: Clockwork) -> None:
    """What is shown follows from the events alone, and a snapshot keeps all there is."""
    state, view = clock.decider.state(M), None
    for event in clock.events(M):
        view = fold_view(view, event)
    assert view is not None
    shown = replace(view.about.agenda, standing=state.about.agenda.standing)
    assert shown == state.about.agenda
    again = msgspec.json.decode(msgspec.json.encode(state), type=st.State)
    assert again == state
    assert MIGRATIONS.timers(again) == MIGRATIONS.timers(state)


def test_the_log_tells_what_a_schedule_does() -> None:
    clock = Clockwork(at("01T12:00"))
    schedule = Schedule(
        windows=(NIGHT,), start_at=at("02T07:00"), window_ending_warning_seconds=1_800
    )
    clock.create(M, schedule, mapping="pending")
    clock.to(at("02T07:30"))
    clock.send(M, cmd.ReviewMapping(mapping_id="map_a", approved=True))
    clock.settle()
    clock.begin(M)
    clock.to(at("02T11:00"))
    told = [
        (entry.level, entry.code, entry.message)
        for event in clock.events(M)
        for entry in narrate(event)
        if isinstance(entry, LogEntry)
    ]
    late = (
        "The migration was to start at 2026-02-02T07:00:00+00:00, but its plan is not approved:"
        " it starts when it is"
    )
    soon = "The maintenance window ends at 2026-02-02T11:00:00+00:00"
    assert ("warning", "approval_timeout", late) in told
    assert ("warning", "window_ending", soon) in told
    assert ("info", None, soon + ": pausing") in told


def test_a_migration_from_before_there_were_schedules_reads_as_one_without() -> None:
    clock = Clockwork(at("01T12:00"))
    clock.create(M)
    created = clock.events(M)[0]
    old = msgspec.to_builtins(created)
    del old["about"]["agenda"]
    assert msgspec.convert(old, ev.AnyEvent) == created
