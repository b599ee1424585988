"""What is answered about schedules."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.migration.agenda import Agenda
from sterna_core.migration.due import begins_by_itself
from sterna_core.migration.status import Status
from sterna_core.migration.view import MigrationView
from sterna_core.schedule.duration import duration_text
from sterna_core.schedule.firings import next_firing
from sterna_core.schedule.open_hours import OpenHours
from sterna_core.schedule.schedule import Condition, Day, OutsideWindow, Schedule

_BEFORE_START: frozenset[str] = frozenset(("pending", "planning", "plan_ready", "approved"))


class WindowShown(Struct, frozen=True, kw_only=True):
    """Hours in which work is allowed; no `days` means every day."""

    name: str
    days: tuple[Day, ...]
    start_time: str
    end_time: str
    timezone: str


class AwaitedShown(Struct, frozen=True, kw_only=True):
    """A migration that is waited for, and whether it has ended as wished."""

    migration_id: str
    condition: Condition
    met: bool


class RecurrenceShown(Struct, frozen=True, kw_only=True):
    """When the migration is made anew, next and for the last time so far."""

    cron: str
    timezone: str
    skip_if_running: bool
    max_duration: str | None
    next_at: UtcDatetime | None
    last_at: UtcDatetime | None
    last_migration_id: str | None


class ScheduleShown(Struct, frozen=True, kw_only=True):
    """When a migration works.

    `next_start_at` is None where it does not start by itself, has, or waits for others.
    What is in `exclude_concurrent` is told, not locked: both may be at work for as long as the word
    between them takes, and `pause_lead` more.
    `circle` is empty, or says through whom the migration waits for itself: each for the next.
    `window_opens_at` and `window_closes_at` are of the hours that are open now, or next.
    """

    migration_id: str
    start_at: UtcDatetime | None
    windows: tuple[WindowShown, ...]
    outside_window: OutsideWindow
    window_ending_warning: str | None
    pause_lead: str
    wait_for: tuple[AwaitedShown, ...]
    exclude_concurrent: tuple[str, ...]
    recurring: RecurrenceShown | None
    next_start_at: UtcDatetime | None
    in_window: bool
    window_opens_at: UtcDatetime | None
    window_closes_at: UtcDatetime | None
    waits_for_others: bool
    circle: tuple[str, ...]
    paused_by_schedule: bool
    made_by: str | None


def show_schedule(
    migration_id: str, schedule: Schedule, agenda: Agenda, status: Status | None, now: UtcDatetime
) -> ScheduleShown:
    """Show a schedule as of a moment; `status` None is that of a migration not shown yet."""
    hours = OpenHours(schedule.windows)
    stretch = hours.stretch(now)
    blocked = agenda.is_blocked()
    starts_at = None
    if begins_by_itself(schedule) and not blocked and (status is None or status in _BEFORE_START):
        starts_at = hours.opening(max(now, schedule.start_at or now), least=schedule.pause_lead)
    warning = schedule.window_ending_warning_seconds
    return ScheduleShown(
        migration_id=migration_id,
        start_at=schedule.start_at,
        windows=tuple(
            WindowShown(
                name=each.name,
                days=each.days,
                start_time=each.start_time,
                end_time=each.end_time,
                timezone=each.timezone,
            )
            for each in schedule.windows
        ),
        outside_window=schedule.outside_window,
        window_ending_warning=None if warning is None else duration_text(warning),
        pause_lead=duration_text(schedule.pause_lead_seconds),
        wait_for=tuple(
            AwaitedShown(
                migration_id=each.migration_id, condition=each.condition, met=agenda.is_met(each)
            )
            for each in schedule.wait_for
        ),
        exclude_concurrent=schedule.exclude_concurrent,
        recurring=_recurrence(schedule, agenda, now),
        next_start_at=starts_at,
        in_window=hours.is_open(now),
        window_opens_at=stretch.opens if stretch else None,
        window_closes_at=hours.closing(now),
        waits_for_others=blocked,
        circle=agenda.circle,
        paused_by_schedule=agenda.held_until is not None,
        made_by=agenda.parent_id,
    )


def schedule_line(migration_id: str, view: MigrationView, now: UtcDatetime) -> ScheduleShown | None:
    """Show the schedule of a migration that may have none."""
    agenda = view.about.agenda
    if agenda.schedule is None:
        return None
    return show_schedule(migration_id, agenda.schedule, agenda, view.status, now)


def _recurrence(schedule: Schedule, agenda: Agenda, now: UtcDatetime) -> RecurrenceShown | None:
    recurring = schedule.recurring
    if recurring is None:
        return None
    longest = recurring.max_duration_seconds
    return RecurrenceShown(
        cron=recurring.cron,
        timezone=recurring.timezone,
        skip_if_running=recurring.skip_if_running,
        max_duration=None if longest is None else duration_text(longest),
        next_at=next_firing(recurring, max(now, schedule.start_at or now)),
        last_at=agenda.fired_at,
        last_migration_id=agenda.child_id,
    )
