"""When a migration may work: what somebody has set."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_core.clock import UtcDatetime

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OutsideWindow = Literal["pause", "continue", "fail"]
Condition = Literal["completed", "finished"]

WINDOWS_MAX = 50
OTHERS_MAX = 50
WARNING_SECONDS_MAX = 86_400
DURATION_SECONDS_MAX = 366 * 86_400
PAUSE_LEAD_SECONDS = 30
PAUSE_LEAD_SECONDS_MAX = 3_600


class Window(Struct, frozen=True, kw_only=True):
    """Hours of the day in which work is allowed.

    It is open while the clock on a wall of `timezone` shows a time from `start_time` on and
    before `end_time` (`HH:MM`), on a day that began on one of `days`; none means every day. An
    end that is not after the start is on the next day.
    """

    name: str
    days: tuple[Day, ...] = ()
    start_time: str
    end_time: str
    timezone: str


class Awaited(Struct, frozen=True, kw_only=True):
    """A migration that must have ended before another begins.

    `finished` is any end: completed, failed, cancelled or rolled back.
    """

    migration_id: str
    condition: Condition


class Recurrence(Struct, frozen=True, kw_only=True):
    """A migration that is made anew again and again.

    `max_duration_seconds` counts from a child's start; then it is cancelled, without a rollback.
    """

    cron: str
    timezone: str
    skip_if_running: bool = True
    max_duration_seconds: Annotated[int, Meta(ge=60, le=DURATION_SECONDS_MAX)] | None = None


class Schedule(Struct, frozen=True, kw_only=True):
    """All that was set about when a migration works.

    `window_ending_warning_seconds` is how long before a window's end it is announced.
    `pause_lead_seconds` is how long before a window's end a pause is asked for, so that tasks at
    work come to their end; what is at work at the end all the same is stopped. Nothing begins in
    what is left of a window then.
    """

    start_at: UtcDatetime | None = None
    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)] = ()
    outside_window: OutsideWindow = "pause"
    window_ending_warning_seconds: Annotated[int, Meta(ge=1, le=WARNING_SECONDS_MAX)] | None = None
    pause_lead_seconds: Annotated[int, Meta(ge=0, le=PAUSE_LEAD_SECONDS_MAX)] = PAUSE_LEAD_SECONDS
    wait_for: Annotated[tuple[Awaited, ...], Meta(max_length=OTHERS_MAX)] = ()
    exclude_concurrent: Annotated[tuple[str, ...], Meta(max_length=OTHERS_MAX)] = ()
    recurring: Recurrence | None = None

    @property
    def pause_lead(self) -> timedelta:
        """How long before a window's end a pause is asked for."""
        return timedelta(seconds=self.pause_lead_seconds)

    @property
    def others(self) -> frozenset[str]:
        """The migrations that this one must know about."""
        return frozenset(each.migration_id for each in self.wait_for) | frozenset(
            self.exclude_concurrent
        )
