"""What stands in a calendar about migrations."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sterna_api.http.icalendar import CalendarEvent
from sterna_core import ids
from sterna_core.migration.view import MigrationView
from sterna_core.schedule.firings import firings_between
from sterna_core.schedule.open_hours import OpenHours
from sterna_core.schedule.schedule import Schedule

BEHIND = timedelta(days=7)
AHEAD = timedelta(days=31)
FIRINGS_MAX = 500
"""Of one migration: a calendar is not for what happens every minute."""
_OVER: frozenset[str] = frozenset(("completed", "cancelled", "rolled_back"))
_GIVEN_UP: frozenset[str] = frozenset(("cancelled", "rolled_back", "rolling_back"))


def calendar_events(view: MigrationView, now: datetime) -> Iterator[CalendarEvent]:
    """Give the start of a migration, its windows and its recurrences, around a moment."""
    schedule = view.about.agenda.schedule
    if schedule is None:
        return
    if schedule.start_at is not None and schedule.recurring is None:
        yield _event(
            view,
            kind="start",
            name="",
            begins=schedule.start_at,
            ends=None,
            summary=f"Migration starts: {view.about.name}",
        )
    if view.status not in _OVER:
        yield from _windows(view, schedule, now)
    if view.status not in _GIVEN_UP:
        yield from _recurrences(view, schedule, now)


def _windows(view: MigrationView, schedule: Schedule, now: datetime) -> Iterator[CalendarEvent]:
    for window in schedule.windows:
        for stretch in OpenHours([window]).stretches(now - BEHIND, now + AHEAD):
            yield _event(
                view,
                kind="window",
                name=window.name,
                begins=stretch.opens,
                ends=stretch.closes,
                summary=f"Maintenance window {window.name}: {view.about.name}",
            )


def _recurrences(view: MigrationView, schedule: Schedule, now: datetime) -> Iterator[CalendarEvent]:
    if schedule.recurring is None:
        return
    after = max(now, schedule.start_at or now)
    for moment in islice(firings_between(schedule.recurring, after, now + AHEAD), FIRINGS_MAX):
        yield _event(
            view,
            kind="recurrence",
            name="",
            begins=moment,
            ends=None,
            summary=f"Migration recurs: {view.about.name}",
        )


def _event(
    view: MigrationView,
    *,
    kind: str,
    name: str,
    begins: datetime,
    ends: datetime | None,
    summary: str,
) -> CalendarEvent:
    about = view.about
    # A start that is put off stays the same entry; the others are known by their moment.
    place = "" if kind == "start" else begins.isoformat()
    uid = ids.derived_id("", about.org_id, about.migration_id, kind, name, place)
    return CalendarEvent(
        uid=f"{uid}@sterna",
        revised_at=about.agenda.set_at or about.created_at,
        begins=begins,
        ends=ends,
        summary=summary,
        description=f"{about.migration_id} is {view.status.replace('_', ' ')}",
        cancelled=view.status in _GIVEN_UP,
    )
