"""What the API answers about how far a target is behind its source."""

from msgspec import Struct, field

from sterna_core.clock import UtcDatetime


class Behind(Struct, frozen=True, kw_only=True):
    """How far behind a target is; `records` and `bytes` are estimates."""

    seconds: float | None = None
    records: int | None = None
    bytes: int | None = None


class Passes(Struct, frozen=True, kw_only=True):
    """The passes so far."""

    number: int = 0
    at_work: bool = False
    stopping: bool = False
    finished: int = 0
    duration_seconds: float | None = None
    rows_written: int = 0
    rows_removed: int = 0
    next_at: UtcDatetime | None = None


class TableLag(Struct, frozen=True, kw_only=True):
    """One table: what the last pass that looked at it did."""

    table: str
    strategy: str = ""
    lag_seconds: float | None = None
    lag_records: int | None = None
    rows_written: int = 0
    rows_removed: int = 0
    duration_seconds: float = 0.0
    high_water_mark: str | None = None


class LagReport(Struct, frozen=True, kw_only=True):
    """How far a target is behind its source."""

    migration_id: str
    status: str
    phase: str = ""
    lag: Behind = field(default_factory=Behind)
    as_of: UtcDatetime | None = None
    trend: str | None = None
    passes: Passes = field(default_factory=Passes)
    tables: tuple[TableLag, ...] = ()
