"""What is answered about how a migration goes, what it can go back to, and what was undone."""

from msgspec import UNSET, Struct, UnsetType

from sterna_api.http.eta import eta_of, rate_now
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.checkpoint import CheckpointKind
from sterna_core.migration.status import Status
from sterna_core.tasks.telemetry import Phase


class PhaseLine(Struct, frozen=True):
    """Which phase is at hand, of how many."""

    current: int
    total: int
    name: Phase


class ProgressLine(Struct, frozen=True):
    """How far a migration is; the rate is the last that was measured."""

    percent: int
    records_processed: int
    records_total: int
    throughput_per_hour: int


class TimingLine(Struct, frozen=True):
    """A migration in time."""

    started_at: UtcDatetime | None
    elapsed_hours: float
    eta_completion: UtcDatetime | None


class ErrorsLine(Struct, frozen=True):
    """What went wrong; `recovery_rate` is the part of it, 0 to 1, that came right by itself."""

    total: int
    recovered: int
    escalated: int
    recovery_rate: float | None


class StatusBody(Struct, frozen=True, kw_only=True):
    """A migration in short."""

    id: str
    status: Status
    phase: PhaseLine
    progress: ProgressLine
    timing: TimingLine
    errors: ErrorsLine


class CheckpointShown(Struct, frozen=True, kw_only=True):
    """A checkpoint that was just made."""

    id: str
    timestamp: UtcDatetime
    type: CheckpointKind
    phase: Phase
    reason: str | None
    records_completed: int
    size_bytes: int


class RestoredBody(Struct, frozen=True, kw_only=True):
    """A run stands where a checkpoint says, or is being taken back to there."""

    id: str
    status: str
    restored_to_checkpoint: str
    message: str


class RollbackBegun(Struct, frozen=True, kw_only=True):
    """A rollback was asked for."""

    id: str
    status: str
    rollback_status: str
    strategy: str
    scope: str
    message: str


class Verification(Struct, frozen=True, kw_only=True):
    """What was found after a rollback; `passed` is null where nobody has looked (yet)."""

    requested: bool
    passed: bool | None
    differences: tuple[str, ...]
    removed: dict[str, int]


class RollbackStatusBody(Struct, frozen=True, kw_only=True):
    """How the last rollback of a migration goes, or went."""

    id: str
    rollback_status: str
    strategy_used: str | None
    scope: str | None
    phase: Phase | None = None
    tables: tuple[str, ...] = ()
    verification: Verification | None
    started_at: UtcDatetime | None
    completed_at: UtcDatetime | None
    duration_seconds: float | None
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class DeletedBody(Struct, frozen=True):
    """A migration was deleted."""

    id: str
    deleted: bool
    logs_retained: bool
    metrics_retained: bool


def show_status(known: KnownMigration, now: UtcDatetime) -> StatusBody:
    """Show a migration in short, as of a moment."""
    view = known.view
    end = view.finished_at or now
    elapsed = (end - view.started_at).total_seconds() if view.started_at else 0.0
    recovered, escalated = view.errors_recovered, view.errors_escalated
    total = recovered + escalated
    return StatusBody(
        id=known.migration_id,
        status=view.status,
        phase=PhaseLine(view.order.index(view.phase) + 1, len(view.order), view.phase),
        progress=ProgressLine(
            known.percent,
            view.records_processed,
            view.records_total,
            int(rate_now(view, now) * 3600),
        ),
        timing=TimingLine(view.started_at, round(max(0.0, elapsed) / 3600, 4), eta_of(view, now)),
        errors=ErrorsLine(
            total, recovered, escalated, round(recovered / total, 4) if total else None
        ),
    )


def show_rollback(known: KnownMigration, now: UtcDatetime) -> RollbackStatusBody:
    """Show how the last rollback goes, as of a moment."""
    undone = known.view.undone
    if undone is None:
        return RollbackStatusBody(
            id=known.migration_id,
            rollback_status="not_requested",
            strategy_used=None,
            scope=None,
            verification=None,
            started_at=None,
            completed_at=None,
            duration_seconds=None,
        )
    over = undone.status == "completed"
    looked = undone.verify and (over or bool(undone.differences))
    end = undone.finished_at or now
    return RollbackStatusBody(
        id=known.migration_id,
        rollback_status=undone.status,
        strategy_used=undone.strategy,
        scope=undone.scope,
        phase=undone.phase,
        tables=undone.tables,
        verification=Verification(
            requested=undone.verify,
            passed=not undone.differences if looked else None,
            differences=undone.differences,
            removed=undone.removed,
        ),
        started_at=undone.started_at,
        completed_at=undone.finished_at,
        duration_seconds=round(max(0.0, (end - undone.started_at).total_seconds()), 3),
        code=undone.code or UNSET,
        message=undone.message or UNSET,
    )
