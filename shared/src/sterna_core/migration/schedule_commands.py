"""What can be asked of a migration's schedule: by people, by time, and by other migrations."""

from msgspec import UNSET, UnsetType

from sterna_core.clock import UtcDatetime
from sterna_core.migration.command import Command
from sterna_core.migration.standing import Standing
from sterna_core.schedule.schedule import Awaited, OutsideWindow, Recurrence, Schedule, Window


class SetSchedule(Command, frozen=True, kw_only=True, tag="migration.set_schedule.v1"):
    """Say when the migration works, in place of what was said before."""

    schedule: Schedule


class ChangeSchedule(Command, frozen=True, kw_only=True, tag="migration.change_schedule.v1"):
    """Change the parts of the schedule that are given."""

    start_at: UtcDatetime | UnsetType | None = UNSET
    windows: tuple[Window, ...] | UnsetType = UNSET
    outside_window: OutsideWindow | UnsetType = UNSET
    window_ending_warning_seconds: int | UnsetType | None = UNSET
    pause_lead_seconds: int | UnsetType = UNSET
    wait_for: tuple[Awaited, ...] | UnsetType = UNSET
    exclude_concurrent: tuple[str, ...] | UnsetType = UNSET
    recurring: Recurrence | UnsetType | None = UNSET


class RemoveSchedule(Command, frozen=True, kw_only=True, tag="migration.remove_schedule.v1"):
    """Forget the schedule."""


class AttendSchedule(Command, frozen=True, kw_only=True, tag="migration.attend_schedule.v1"):
    """Something is due by the schedule (sent by a timer)."""


class WatchMigration(Command, frozen=True, kw_only=True, tag="migration.watch.v1"):
    """Another migration wants to know how this one stands, now and whenever that changes."""

    watcher_id: str


class LearnStanding(Command, frozen=True, kw_only=True, tag="migration.learn_standing.v1"):
    """Another migration says how it stands."""

    migration_id: str
    standing: Standing
    mutual: bool = False


class ConfirmTold(Command, frozen=True, kw_only=True, tag="migration.confirm_told.v1"):
    """Whoever had asked by `asked_by` has been told (sent by a timer, after the telling)."""

    number: int
    asked_by: UtcDatetime


class LearnWaits(Command, frozen=True, kw_only=True, tag="migration.learn_waits.v1"):
    """It is known for whom this migration waits, and whether that is a circle.

    `circle` begins with this migration: each waits for the next, and the last for the first.
    """

    answer: int
    waits_for: tuple[str, ...]
    circle: tuple[str, ...] = ()


AnyScheduleCommand = (
    SetSchedule
    | ChangeSchedule
    | RemoveSchedule
    | AttendSchedule
    | WatchMigration
    | LearnStanding
    | ConfirmTold
    | LearnWaits
)
