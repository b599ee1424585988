"""What is answered to somebody who asks a migration to do something."""

from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration.check_view import CheckView
from sterna_core.migration.job import PlanJob
from sterna_core.migration.plan import Trial
from sterna_core.migration.rollback_view import RollbackStatus
from sterna_core.tasks.telemetry import Phase


class Happened(Struct, frozen=True):
    """What a command has led to, as far as an answer tells it.

    `status` None means that nothing had to change: the migration's own status is the answer.
    """

    status: str | None
    phase: Phase | None
    at: UtcDatetime | None
    rollback_status: RollbackStatus | Literal["not_requested"] = "not_requested"
    checkpoint_id: str | None = None


class StartedBody(Struct, frozen=True):
    """A migration was started."""

    id: str
    status: str
    phase: Phase | None
    started_at: UtcDatetime | None
    message: str
    dry_run: CheckView | UnsetType = UNSET


class PausedBody(Struct, frozen=True):
    """A migration will pause, or has."""

    id: str
    status: str
    message: str
    checkpoint_eta: UtcDatetime | None


class ResumedBody(Struct, frozen=True):
    """A migration goes on."""

    id: str
    status: str
    resumed_at: UtcDatetime | None
    resumed_from_checkpoint: str | None


class CancelledBody(Struct, frozen=True):
    """A migration is being cancelled, or has been."""

    id: str
    status: str
    rollback_status: str
    message: str


class ReviewedBody(Struct, frozen=True):
    """A mapping was reviewed."""

    migration_id: str
    mapping_id: str
    status: str
    plan_status: str | UnsetType = UNSET
    transformation: str | UnsetType = UNSET
    trial: Trial | UnsetType | None = UNSET


def happened(events: Iterable[Struct]) -> Happened:
    """Say what a command has led to."""
    status: str | None = None
    phase: Phase | None = None
    at: UtcDatetime | None = None
    rollback_status: RollbackStatus | Literal["not_requested"] = "not_requested"
    checkpoint_id: str | None = None
    for event in events:
        match event:
            case ev.MigrationStarted():
                status, at = "running", event.at
            case ev.MigrationResumed():
                status, at, checkpoint_id = "running", event.at, event.checkpoint_id
            case ev.TaskDispatched(job=PlanJob()):
                status = "pending"
            case ev.PhaseStarted():
                phase = event.phase
            case ev.PauseRequested():
                status, at = "pausing", event.at
            case ev.MigrationPaused():
                status, at = "paused", event.at
            case ev.CancelRequested():
                status, at = "cancelling", event.at
                rollback_status = "initiated" if event.rollback else "not_requested"
            case ev.MigrationCancelled():
                status, at = "cancelled", event.at
            case ev.MappingReviewed():
                status, at = "plan_ready", event.at
            case ev.PlanApproved():
                status = "approved"
            case _:
                continue
    return Happened(status, phase, at, rollback_status, checkpoint_id)
