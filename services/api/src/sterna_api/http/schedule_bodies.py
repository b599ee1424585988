"""What is sent about schedules."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_api.http.connection_bodies import Name
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.resource_id import is_id
from sterna_core import ids
from sterna_core.clock import UtcDatetime
from sterna_core.schedule.duration import parse_duration
from sterna_core.schedule.firings import is_cron
from sterna_core.schedule.open_hours import minutes_of
from sterna_core.schedule.schedule import (
    DAYS,
    DURATION_SECONDS_MAX,
    OTHERS_MAX,
    PAUSE_LEAD_SECONDS,
    PAUSE_LEAD_SECONDS_MAX,
    WARNING_SECONDS_MAX,
    WINDOWS_MAX,
    Awaited,
    Condition,
    OutsideWindow,
    Recurrence,
    Schedule,
    Window,
)
from sterna_core.schedule.zone import is_zone

WINDOW_MINUTES_MIN = 5
DURATION_SECONDS_MIN = 60
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
MAINTENANCE = "maintenance"
"""The name of the one window that is given at creation."""

TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
Zone = Annotated[str, Meta(min_length=1, max_length=100)]
DurationText = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?$",
        min_length=2,
        max_length=40,
    ),
]
OtherId = Annotated[str, Meta(min_length=1, max_length=100)]
DayName = Literal[
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
]


class MaintenanceWindowBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours of every day in which work is allowed."""

    start: TimeOfDay
    end: TimeOfDay
    timezone: Zone


class WindowBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the days named (of all, where none is) in which work is allowed."""

    name: Name
    days: Annotated[list[DayName], Meta(max_length=7)] = []
    start_time: TimeOfDay
    end_time: TimeOfDay
    timezone: Zone


class AwaitedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A migration to wait for."""

    migration_id: OtherId
    condition: Condition = "completed"


class RecurrenceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the migration is made anew."""

    cron: Annotated[str, Meta(min_length=1, max_length=200)]
    timezone: Zone = "UTC"
    skip_if_running: bool = True
    max_duration: DurationText | None = None


class ScheduleBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a migration works."""

    start_at: UtcDatetime | None = None
    maintenance_window: MaintenanceWindowBody | None = None
    windows: Annotated[list[WindowBody], Meta(max_length=WINDOWS_MAX)] = []
    outside_window: OutsideWindow = "pause"
    window_ending_warning: DurationText | None = None
    pause_lead: DurationText = f"{PAUSE_LEAD_SECONDS}s"
    wait_for: Annotated[list[AwaitedBody], Meta(max_length=OTHERS_MAX)] = []
    exclude_concurrent: Annotated[list[OtherId], Meta(max_length=OTHERS_MAX)] = []
    recurring: RecurrenceBody | None = None


class ScheduleChangeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about a schedule."""

    start_at: UtcDatetime | UnsetType | None = UNSET
    windows: Annotated[list[WindowBody], Meta(max_length=WINDOWS_MAX)] | UnsetType = UNSET
    outside_window: OutsideWindow | UnsetType = UNSET
    window_ending_warning: DurationText | UnsetType | None = UNSET
    pause_lead: DurationText | UnsetType = UNSET
    wait_for: Annotated[list[AwaitedBody], Meta(max_length=OTHERS_MAX)] | UnsetType = UNSET
    exclude_concurrent: Annotated[list[OtherId], Meta(max_length=OTHERS_MAX)] | UnsetType = UNSET
    recurring: RecurrenceBody | UnsetType | None = UNSET


def schedule_of(body: ScheduleBody, *, loc: Location) -> Schedule:
    """Read a schedule; raises InvalidShape with every problem there is."""
    reading = _Reading(loc)
    fields = reading.fields(body)
    if body.maintenance_window is not None:
        fields["windows"] += (reading.maintenance(body.maintenance_window),)
    reading.refuse()
    return Schedule(**fields)


def changes_of(body: ScheduleChangeBody, *, loc: Location) -> dict[str, Any]:
    """Read changes to a schedule, by its own fields; raises InvalidShape."""
    reading = _Reading(loc)
    changes = reading.fields(body)
    reading.refuse()
    return changes


class _Reading:
    """Reads the parts of a body, and keeps what is wrong with them."""

    def __init__(self, loc: Location) -> None:
        self._loc = loc
        self._problems: list[Problem] = []

    def fields(self, body: ScheduleBody | ScheduleChangeBody) -> dict[str, Any]:
        """Give the fields of a Schedule that a body gives."""
        given = {
            "start_at": self._moment(body.start_at),
            "windows": self._windows(body.windows),
            "outside_window": body.outside_window,
            "window_ending_warning_seconds": self._duration(
                body.window_ending_warning, "window_ending_warning", 1, WARNING_SECONDS_MAX
            ),
            "pause_lead_seconds": self._duration(
                body.pause_lead, "pause_lead", 0, PAUSE_LEAD_SECONDS_MAX
            ),
            "wait_for": self._awaited(body.wait_for),
            "exclude_concurrent": self._others(body.exclude_concurrent),
            "recurring": self._recurrence(body.recurring),
        }
        return {name: value for name, value in given.items() if value is not UNSET}

    def refuse(self) -> None:
        """Raise InvalidShape where something is wrong."""
        if self._problems:
            raise InvalidShape(self._problems)

    def maintenance(self, body: MaintenanceWindowBody) -> Window:
        """Give the one window of every day."""
        window = Window(
            name=MAINTENANCE, start_time=body.start, end_time=body.end, timezone=body.timezone
        )
        self._check_window(window, ("maintenance_window",), "end")
        return window

    def _check_window(self, window: Window, where: Location, end: str) -> None:
        self._check_zone(window.timezone, (*where, "timezone"))
        length = (minutes_of(window.end_time) - minutes_of(window.start_time)) % 1_440
        if 0 < length < WINDOW_MINUTES_MIN:
            msg = f"A window is at least {WINDOW_MINUTES_MIN} minutes long"
            self._add((*where, end), msg, "window_too_short")

    def _windows(self, bodies: Iterable[WindowBody] | UnsetType) -> tuple[Window, ...] | UnsetType:
        if isinstance(bodies, UnsetType):
            return UNSET
        windows = []
        for index, body in enumerate(bodies):
            window = Window(
                name=body.name,
                days=tuple(day for day in DAYS if any(day == each[:3] for each in body.days)),
                start_time=body.start_time,
                end_time=body.end_time,
                timezone=body.timezone,
            )
            self._check_window(window, ("windows", index), "end_time")
            windows.append(window)
        return tuple(windows)

    def _moment(self, moment: datetime | UnsetType | None) -> datetime | UnsetType | None:
        if isinstance(moment, datetime) and not EARLIEST <= moment < LATEST:
            self._add(("start_at",), "The year is from 2000 to 2099", "moment_out_of_range")
        return moment

    def _duration(
        self, text: str | UnsetType | None, field: str, least: int, most: int
    ) -> int | UnsetType | None:
        if text is None or isinstance(text, UnsetType):
            return text
        seconds = parse_duration(text)
        if seconds is None:
            self._add((*field.split("."),), "Write it like 1h30m", "duration_invalid")
        elif not least <= seconds <= most:
            msg = f"It is from {least} to {most} seconds"
            self._add((*field.split("."),), msg, "duration_out_of_range")
        return seconds

    def _awaited(
        self, bodies: Iterable[AwaitedBody] | UnsetType
    ) -> tuple[Awaited, ...] | UnsetType:
        if isinstance(bodies, UnsetType):
            return UNSET
        found = []
        for index, body in enumerate(bodies):
            self._check_id(body.migration_id, ("wait_for", index, "migration_id"))
            found.append(Awaited(migration_id=body.migration_id, condition=body.condition))
        return tuple(dict.fromkeys(found))

    def _others(self, given: Iterable[str] | UnsetType) -> tuple[str, ...] | UnsetType:
        if isinstance(given, UnsetType):
            return UNSET
        others = tuple(given)
        for index, other in enumerate(others):
            self._check_id(other, ("exclude_concurrent", index))
        return tuple(dict.fromkeys(others))

    def _recurrence(self, body: RecurrenceBody | UnsetType | None) -> Recurrence | UnsetType | None:
        if body is None or isinstance(body, UnsetType):
            return body
        self._check_zone(body.timezone, ("recurring", "timezone"))
        if not is_cron(body.cron):
            msg = "Five fields of a cron expression are needed, and a time that comes"
            self._add(("recurring", "cron"), msg, "cron_invalid")
        seconds = self._duration(
            body.max_duration, "recurring.max_duration", DURATION_SECONDS_MIN, DURATION_SECONDS_MAX
        )
        return Recurrence(
            cron=body.cron,
            timezone=body.timezone,
            skip_if_running=body.skip_if_running,
            max_duration_seconds=seconds if isinstance(seconds, int) else None,
        )

    def _check_zone(self, name: str, where: Location) -> None:
        if not is_zone(name):
            self._add(where, "There is no such time zone", "timezone_unknown")

    def _check_id(self, text: str, where: Location) -> None:
        if not is_id(ids.MIGRATION, text):
            self._add(where, "There is no such migration", "migration_unknown")

    def _add(self, where: Location, msg: str, kind: str) -> None:
        self._problems.append(Problem((*self._loc, *where), msg, kind))
