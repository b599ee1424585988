"""What has happened to a migration's schedule. Tags are on the wire for ever."""

from typing import Literal

from sterna_core.clock import UtcDatetime
from sterna_core.migration.event import Event
from sterna_core.migration.standing import Standing
from sterna_core.schedule.schedule import Schedule

HeldBy = Literal["window", "excluded"]


class ScheduleSet(Event, frozen=True, kw_only=True, tag="schedule.set.v1"):
    """Somebody has said when the migration works; None is whenever somebody says so."""

    schedule: Schedule | None
    by: str


class ScheduleAttended(Event, frozen=True, kw_only=True, tag="schedule.attended.v1"):
    """What was due by the schedule is done, or could not be: only what is due later is left."""


class ApprovalMissed(Event, frozen=True, kw_only=True, tag="approval.timed_out.v1"):
    """The migration should have started, but its plan is not approved."""

    start_at: UtcDatetime


class WindowEnding(Event, frozen=True, kw_only=True, tag="window.ending.v1"):
    """The hours in which work is allowed end soon."""

    closes_at: UtcDatetime


class ScheduleHeld(Event, frozen=True, kw_only=True, tag="schedule.held.v1"):
    """The schedule has asked for the pause, and may resume from `until` on."""

    until: UtcDatetime
    held_by: HeldBy


class WatcherAdded(Event, frozen=True, kw_only=True, tag="watcher.added.v1"):
    """Another migration wants to know how this one stands."""

    watcher_id: str


class WatchersTold(Event, frozen=True, kw_only=True, tag="watchers.told.v1"):
    """Whoever had asked by `asked_by` was told of the standing with this number."""

    number: int
    asked_by: UtcDatetime


class StandingLearned(Event, frozen=True, kw_only=True, tag="standing.learned.v1"):
    """Another migration has told how it stands."""

    migration_id: str
    standing: Standing
    mutual: bool


class WaitsLearned(Event, frozen=True, kw_only=True, tag="waits.learned.v1"):
    """It is known for whom this migration waits, and whether that is a circle."""

    answer: int
    waits_for: tuple[str, ...]
    circle: tuple[str, ...]


class RecurrenceFired(Event, frozen=True, kw_only=True, tag="recurrence.fired.v1"):
    """It was time again: another migration with the same configuration is made."""

    due_at: UtcDatetime
    child_id: str


class RecurrenceSkipped(Event, frozen=True, kw_only=True, tag="recurrence.skipped.v1"):
    """It was time again, but the migration that was made last is still at work."""

    due_at: UtcDatetime
    child_id: str


AnyScheduleEvent = (
    ScheduleSet
    | ScheduleAttended
    | ApprovalMissed
    | WindowEnding
    | ScheduleHeld
    | WatcherAdded
    | WatchersTold
    | StandingLearned
    | WaitsLearned
    | RecurrenceFired
    | RecurrenceSkipped
)
