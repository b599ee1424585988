"""What the API answers. Fields that a newer API adds are ignored."""

from typing import Any

from msgspec import Struct, field

from sterna_cli.client.schedule import Schedule
from sterna_core.clock import UtcDatetime

FINAL_STATUSES = frozenset({"completed", "failed", "cancelled", "rolled_back"})
"""A migration in one of these does nothing more by itself."""


class Connection(Struct, frozen=True, kw_only=True):
    """A database that the API knows; credentials are in no answer."""

    id: str
    name: str = ""
    type: str = "postgresql"
    role: str = ""
    status: str = ""
    reason: str | None = None
    created_at: UtcDatetime | None = None


class PhaseProgress(Struct, frozen=True, kw_only=True):
    """How far one phase is."""

    name: str
    status: str
    duration_seconds: float | None = None
    progress_percent: float | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """How far a migration is."""

    overall_percent: float = 0
    current_phase: str | None = None
    phases: tuple[PhaseProgress, ...] = ()


class Metrics(Struct, frozen=True, kw_only=True):
    """What a migration has moved so far; `bytes_transferred` is for people to read."""

    records_processed: int = 0
    records_total: int = 0
    bytes_transferred: str = ""
    throughput_records_per_second: float = 0
    errors_recovered: int = 0
    errors_escalated: int = 0


class Timing(Struct, frozen=True, kw_only=True):
    """When things happened; UTC."""

    created_at: UtcDatetime | None = None
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None
    estimated_completion: UtcDatetime | None = None
    elapsed_seconds: float | None = None


class MigrationError(Struct, frozen=True, kw_only=True):
    """Why a migration failed."""

    code: str = ""
    message: str = ""
    details: dict[str, Any] | None = None


class ExemptRows(Struct, frozen=True, kw_only=True):
    """Rows that were left out (`skip`), or have another value (`default`, `transform`)."""

    error_id: str
    table: str
    resolution: str = "skip"
    rows: int = 0
    reason: str | None = None


class Migration(Struct, frozen=True, kw_only=True):
    """One migration as it stands."""

    id: str
    name: str = ""
    status: str
    phase: str | None = None
    progress: Progress = field(default_factory=Progress)
    metrics: Metrics = field(default_factory=Metrics)
    timing: Timing = field(default_factory=Timing)
    error: MigrationError | None = None
    exceptions: tuple[ExemptRows, ...] = ()
    schedule: Schedule | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in FINAL_STATUSES


class MigrationSummary(Struct, frozen=True, kw_only=True):
    """One line of a list of migrations."""

    id: str
    name: str = ""
    status: str
    progress_percent: float = 0
    created_at: UtcDatetime | None = None


class Pagination(Struct, frozen=True, kw_only=True):
    """Which part of a list an answer holds."""

    total: int = 0
    limit: int = 0
    offset: int = 0
    has_more: bool = False


class MigrationList(Struct, frozen=True, kw_only=True):
    """Some of the migrations."""

    data: tuple[MigrationSummary, ...]
    pagination: Pagination = field(default_factory=Pagination)


class ConnectionList(Struct, frozen=True, kw_only=True):
    """Some of the connections."""

    data: tuple[Connection, ...]
    pagination: Pagination = field(default_factory=Pagination)


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """What a command led to."""

    id: str
    status: str
    phase: str | None = None
    message: str = ""
    rollback_status: str | None = None
