"""What can be asked of a migration."""

from sterna_core.migration.about import Options, Party
from sterna_core.migration.checkpoint import CreateCheckpoint, RestoreCheckpoint
from sterna_core.migration.command import Command
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.notifications import Notifications
from sterna_core.migration.plan import Selection
from sterna_core.migration.reports import AnyReport, ClaimTask
from sterna_core.migration.review_commands import AnyReviewCommand
from sterna_core.migration.revision import EditMigration
from sterna_core.migration.schedule_commands import AnyScheduleCommand
from sterna_core.migration.sync_commands import AnySyncCommand
from sterna_core.migration.undo import RollBackMigration
from sterna_core.migration.validation_commands import SkipValidation
from sterna_core.schedule.schedule import Schedule
from sterna_core.tasks.telemetry import Phase


class CreateMigration(Command, frozen=True, kw_only=True, tag="migration.create.v1"):
    """Begin a migration: it is planned at once.

    `parent_id` and `deadline_seconds` are given where a recurrence makes it: who wants to know
    how it ends, and how long after its start it is cancelled.
    """

    name: str
    description: str
    source: Party
    target: Party
    selection: Selection
    options: Options
    schedule: Schedule | None = None
    parent_id: str | None = None
    deadline_seconds: int | None = None
    notifications: Notifications | None = None


class ReviewMapping(Command, frozen=True, kw_only=True, tag="migration.review_mapping.v1"):
    """Approve or reject one column's mapping."""

    mapping_id: str
    approved: bool
    comment: str | None = None


class StartMigration(Command, frozen=True, kw_only=True, tag="migration.start.v1"):
    """Carry out the approved plan; `skip_approval` approves what waits for a person."""

    skip_approval: bool = False
    plan_digests: tuple[str, ...] = ()
    start_from_phase: Phase | None = None


class PauseMigration(Command, frozen=True, kw_only=True, tag="migration.pause.v1"):
    """Stop at the next checkpoint; `immediate` stops the tasks at work too."""

    reason: str | None = None
    immediate: bool = False


class ResumeMigration(Command, frozen=True, kw_only=True, tag="migration.resume.v1"):
    """Go on after a pause, or after a failure whose cause was put right."""


class CancelMigration(Command, frozen=True, kw_only=True, tag="migration.cancel.v1"):
    """End the migration; `rollback` leaves the target as it was found.

    `force` gives up at once, without waiting for the target to be fenced.
    """

    reason: str | None = None
    rollback: bool = False
    force: bool = False


class RetryTask(Command, frozen=True, kw_only=True, tag="migration.retry_task.v1"):
    """A retry is due (sent by a timer)."""

    task_id: str
    attempt: int


class ReleaseSnapshot(Command, frozen=True, kw_only=True, tag="migration.release_snapshot.v1"):
    """The snapshot was held long enough while nothing ran (sent by a timer)."""


AnyCommand = (
    CreateMigration
    | EditMigration
    | DeleteMigration
    | CreateCheckpoint
    | RestoreCheckpoint
    | RollBackMigration
    | ResolveError
    | ReviewMapping
    | StartMigration
    | PauseMigration
    | ResumeMigration
    | CancelMigration
    | RetryTask
    | ReleaseSnapshot
    | AnyScheduleCommand
    | AnySyncCommand
    | AnyReviewCommand
    | ClaimTask
    | AnyReport
    | SkipValidation
)
