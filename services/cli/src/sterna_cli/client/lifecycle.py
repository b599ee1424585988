"""What the API answers about how a migration goes, its checkpoints and its rollback."""

from typing import Any

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class PhaseLine(Struct, frozen=True, kw_only=True):
    """Which phase is at hand, of how many."""

    current: int
    total: int
    name: str


class ProgressLine(Struct, frozen=True, kw_only=True):
    """How far a migration is."""

    percent: float
    records_processed: int
    records_total: int
    throughput_per_hour: int


class TimingLine(Struct, frozen=True, kw_only=True):
    """A migration in time."""

    started_at: UtcDatetime | None = None
    elapsed_hours: float = 0.0
    eta_completion: UtcDatetime | None = None


class StatusLine(Struct, frozen=True, kw_only=True):
    """A migration in short."""

    id: str
    status: str
    phase: PhaseLine
    progress: ProgressLine
    timing: TimingLine
    errors: dict[str, Any] = {}


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a run was at some moment."""

    id: str
    timestamp: UtcDatetime
    type: str
    phase: str
    reason: str | None = None
    records_completed: int = 0
    size_bytes: int = 0


class CheckpointList(Struct, frozen=True, kw_only=True):
    """Some checkpoints, the newest first."""

    data: tuple[Checkpoint, ...]


class Deleted(Struct, frozen=True, kw_only=True):
    """A migration was deleted."""

    id: str
    deleted: bool
    logs_retained: bool
    metrics_retained: bool
