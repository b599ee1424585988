"""What is answered about a migration that keeps its target up to date."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.incremental import Strategy, TableSync
from sterna_core.migration.status import Status
from sterna_core.migration.sync_view import SyncedTable, SyncView
from sterna_core.migration.view import MigrationView
from sterna_core.tasks.telemetry import Phase

Trend = Literal["increasing", "stable", "decreasing"]
STEADY_SHARE = 0.1
"""A lag that changed by no more than this share of itself is stable."""


class StoppedBody(Struct, frozen=True):
    """A migration will end after a last pass, or has."""

    id: str
    status: str
    message: str


class Lag(Struct, frozen=True):
    """How far behind. The time is measured; nobody has read yet what is to come.

    `records` and `bytes` are estimates: what has changed since `as_of` if as much changes in a
    second as in what the pass `estimated_from_pass` brought. Null before the first pass has ended.
    """

    seconds: float | None
    records: int | None
    bytes: int | None
    estimated_from_pass: int | None


class PassLine(Struct, frozen=True, kw_only=True):
    """The passes: the last one that ended, the one at work, and when the next one begins."""

    number: int
    at_work: bool
    began_at: UtcDatetime | None
    stopping: bool
    finished: int
    finished_at: UtcDatetime | None
    duration_seconds: float | None
    rows_written: int
    rows_removed: int
    next_at: UtcDatetime | None


class TableLag(Struct, frozen=True, kw_only=True):
    """One table: what the last pass that looked at it did. A changed row is removed and written.

    `lag_records` and `lag_bytes` are estimates, as in `lag`. `as_of` is that pass's snapshot. Where a pass goes by a change column, it sees neither what was
    deleted nor what came too late: of these the table is as of `compared_as_of`.
    """

    table: str
    strategy: Strategy
    change_column: str | None
    lag_seconds: float | None
    lag_records: int | None
    lag_bytes: int | None
    as_of: UtcDatetime | None
    compared_as_of: UtcDatetime | None
    rows_written: int
    rows_removed: int
    duration_seconds: float
    high_water_mark: str | None


class LagBody(Struct, frozen=True, kw_only=True):
    """How far a target is behind its source.

    It holds what the source held at `as_of`. `cdc_position` is of a kind of replication that there
    is not, and null.
    """

    migration_id: str
    status: Status
    phase: Phase
    lag: Lag
    as_of: UtcDatetime | None
    trend: Trend | None
    estimated_catch_up: UtcDatetime | None
    cdc_position: None
    passes: PassLine
    tables: tuple[TableLag, ...]


_AT_WORK: Final[frozenset[Status]] = frozenset(("running", "pausing", "validating"))
"""In any other status a pass that has begun waits for somebody to resume the migration."""


def show_lag(known: KnownMigration, now: datetime) -> LagBody:
    """Show how far behind a target is, as of a moment."""
    view = known.view
    sync = view.sync or SyncView()
    follows = view.finished_at is None
    tables = tuple(
        _table(view, table_id, sync, now, follows=follows) for table_id in sorted(view.tables)
    )
    return LagBody(
        migration_id=known.migration_id,
        status=view.status,
        phase=view.phase,
        lag=_lag(sync, tables, _behind(sync.as_of, now) if follows else None),
        as_of=sync.as_of,
        trend=_trend(sync) if follows else None,
        estimated_catch_up=_caught_up(view, sync, now),
        cdc_position=None,
        passes=_passes(view, sync),
        tables=tables,
    )


def _behind(as_of: datetime | None, now: datetime) -> float | None:
    return None if as_of is None else round(max(0.0, (now - as_of).total_seconds()), 3)


def _lag(sync: SyncView, tables: tuple[TableLag, ...], seconds: float | None) -> Lag:
    records = [each.lag_records for each in tables if each.lag_records is not None]
    if not records:
        return Lag(seconds, None, None, None)
    sizes = [each.lag_bytes for each in tables if each.lag_bytes is not None]
    size = sum(sizes) if len(sizes) == len(records) else None
    return Lag(seconds, sum(records), size, sync.finished)


def _row_bytes(view: MigrationView, table_id: str) -> float | None:
    """Give what a row of a table took when it was copied; of all tables where it was empty."""
    table = view.tables[table_id]
    if table.rows:
        return table.bytes / table.rows
    rows = sum(each.rows for each in view.tables.values())
    return sum(each.bytes for each in view.tables.values()) / rows if rows else None


def _estimated(
    view: MigrationView, table_id: str, sync: SyncView, seconds: float | None
) -> tuple[int | None, int | None]:
    """Give the rows and bytes that a table is behind if it goes on as in the last pass."""
    table = sync.tables.get(table_id)
    if table is None or sync.covered_seconds is None or seconds is None:
        return None, None
    records = round(table.rows_changed / sync.covered_seconds * seconds)
    each = 0.0 if not records else _row_bytes(view, table_id)
    return records, None if each is None else round(records * each)


def _trend(sync: SyncView) -> Trend | None:
    """Compare how far behind the target was when the last two passes ended."""
    now, before = sync.behind_seconds, sync.behind_before
    if now is None or before is None:
        return None
    if abs(now - before) <= STEADY_SHARE * before:
        return "stable"
    return "increasing" if now > before else "decreasing"


def _caught_up(view: MigrationView, sync: SyncView, now: datetime) -> datetime | None:
    """Say when the pass at hand, or the next one, ends if it takes as long as the last one."""
    began_at = sync.began_at if sync.at_work else sync.next_at
    if view.status != "running" or sync.seconds is None or began_at is None:
        return None
    return max(now, datetime.fromtimestamp(began_at.timestamp() + sync.seconds, began_at.tzinfo))


def _passes(view: MigrationView, sync: SyncView) -> PassLine:
    return PassLine(
        number=sync.number,
        at_work=sync.at_work and view.status in _AT_WORK,
        began_at=sync.began_at,
        stopping=sync.stopping,
        finished=sync.finished,
        finished_at=sync.finished_at,
        duration_seconds=sync.seconds,
        rows_written=sync.rows_written,
        rows_removed=sync.rows_removed,
        next_at=sync.next_at,
    )


def _table(
    view: MigrationView, table_id: str, sync: SyncView, now: datetime, *, follows: bool
) -> TableLag:
    table = sync.tables.get(table_id, SyncedTable())
    how = view.tables[table_id].sync or TableSync()
    as_of = table.as_of or sync.as_of
    seconds = _behind(as_of, now) if follows else None
    records, size = _estimated(view, table_id, sync, seconds)
    return TableLag(
        table=table_id,
        strategy=how.strategy,
        change_column=how.change_column,
        lag_seconds=seconds,
        lag_records=records,
        lag_bytes=size,
        as_of=as_of,
        compared_as_of=table.compared_as_of or as_of,
        rows_written=table.rows_written,
        rows_removed=table.rows_removed,
        duration_seconds=table.seconds,
        high_water_mark=table.high_water,
    )
