"""What a schedule wants next, and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sterna_core.migration import state as st
from sterna_core.migration.agenda import Agenda
from sterna_core.schedule.firings import next_firing
from sterna_core.schedule.open_hours import OpenHours
from sterna_core.schedule.schedule import Schedule

CHECK_AGAIN = timedelta(minutes=5)
"""A plan that could not be compared with the source is compared again so much later."""
CHECK_GOOD_FOR = timedelta(minutes=10)
"""A start goes by a comparison that is not older than this."""

_INSTANT = timedelta(microseconds=1)


def moments(state: st.State) -> Iterator[tuple[datetime, str]]:
    """Give when the schedule is to be attended to, and for what: a word that is unique to it."""
    if isinstance(state, st.Absent):
        return
    agenda = state.about.agenda
    if isinstance(state, st.ActiveState) and agenda.deadline_seconds is not None:
        yield deadline(state, agenda.deadline_seconds), "deadline"
    schedule = agenda.schedule
    if schedule is None:
        return
    fires_at = firing(state, schedule)
    if fires_at is not None:
        yield fires_at, "fire"
    hours = OpenHours(schedule.windows)
    match state:
        case st.Planning() | st.PlanFailed() | st.PlanReady():
            if begins_by_itself(schedule) and schedule.start_at and not agenda.approval_missed:
                yield schedule.start_at, "approval"
        case st.Approved():
            yield from _until_started(state, schedule)
        case st.Running():
            yield from _while_running(state, schedule, hours)
        case st.Pausing() if agenda.held_until is not None:
            if base(state) < agenda.held_until:
                yield agenda.held_until, "stop"
        case st.Paused() if agenda.held_until is not None and not agenda.is_excluded():
            opens = hours.opening(max(base(state), agenda.held_until), least=schedule.pause_lead)
            if opens is not None:
                yield opens, "resume"
        case _:
            return


def base(state: st.State) -> datetime:
    """Give the moment up to which the schedule has been attended to."""
    assert not isinstance(state, st.Absent)
    agenda = state.about.agenda
    attended = agenda.attended_at or agenda.set_at or state.about.created_at
    if isinstance(state, st.Running):
        return max(attended, state.run.resumed_at or state.run.started_at)
    return attended


def begins_by_itself(schedule: Schedule) -> bool:
    """Tell whether a migration starts without a person; one that recurs is a pattern only."""
    return schedule.recurring is None and (schedule.start_at is not None or bool(schedule.wait_for))


def start_moment(state: st.Approved, schedule: Schedule) -> datetime | None:
    """Give when an approved migration starts; None where a person or others have a say first."""
    if not begins_by_itself(schedule) or state.about.agenda.is_blocked():
        return None
    earliest = max(base(state), schedule.start_at or base(state))
    return OpenHours(schedule.windows).opening(earliest, least=schedule.pause_lead)


def is_checked(agenda: Agenda, at: datetime) -> bool:
    """Tell whether the plan was found to be true of the source not long before."""
    asked = agenda.check_asked_at
    return agenda.checked and asked is not None and at - asked <= CHECK_GOOD_FOR


def _until_started(state: st.Approved, schedule: Schedule) -> Iterator[tuple[datetime, str]]:
    opens, asked = start_moment(state, schedule), state.about.agenda.check_asked_at
    if opens is None:
        return
    if asked is None:
        yield opens, "check"
    elif is_checked(state.about.agenda, opens):
        yield max(opens, asked), "start"
    else:
        yield max(opens, asked + CHECK_AGAIN), "check"


def firing(state: st.State, schedule: Schedule) -> datetime | None:
    """Give when a migration recurs next; one that was cancelled does not any more."""
    if schedule.recurring is None or isinstance(
        state, st.Absent | st.Cancelled | st.RolledBack | st.Cancelling | st.RollingBack
    ):
        return None
    agenda = state.about.agenda
    after = agenda.fired_at or agenda.set_at or state.about.created_at
    if schedule.start_at is not None:
        after = max(after, schedule.start_at - _INSTANT)
    return next_firing(schedule.recurring, after)


def deadline(state: st.ActiveState, seconds: int) -> datetime:
    """Give when a run has lasted for so long."""
    return state.run.started_at + timedelta(seconds=seconds)


def _while_running(
    state: st.Running, schedule: Schedule, hours: OpenHours
) -> Iterator[tuple[datetime, str]]:
    agenda = state.about.agenda
    ahead = agenda.gives_way_to(state.about.migration_id)
    if ahead is not None:
        yield ahead.standing.at or base(state), "give-way"
    closes = hours.closing(base(state))
    if closes is None:
        return
    warning = schedule.window_ending_warning_seconds
    if warning is not None and agenda.warned_for != closes:
        yield closes - timedelta(seconds=warning), "warn"
    if schedule.outside_window == "pause":
        yield closes - schedule.pause_lead, "close"
    elif schedule.outside_window == "fail":
        yield closes, "close"
