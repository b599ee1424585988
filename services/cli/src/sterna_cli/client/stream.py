"""What a migration's stream of logs carries."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class LogEntry(Struct, frozen=True, kw_only=True):
    """One line of a migration's log."""

    timestamp: UtcDatetime
    level: str
    message: str
    phase: str | None = None
    table: str | None = None
    resource: str | None = None
    records: int | None = None
    executor_id: str | None = None
    code: str | None = None


class ProgressEntry(Struct, frozen=True, kw_only=True):
    """How far a migration is, said while it runs; counts are totals so far."""

    phase: str | None = None
    percent: float = 0
    records_processed: int = 0
    records_total: int | None = None
    table: str | None = None
    status: str | None = None


class LogPage(Struct, frozen=True, kw_only=True):
    """Some lines of a log."""

    data: tuple[LogEntry, ...] = ()


StreamEntry = LogEntry | ProgressEntry
