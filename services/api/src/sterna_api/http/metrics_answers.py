"""What is answered about a migration in figures."""

from datetime import datetime

from msgspec import Struct

from sterna_api.http.eta import average_rate, rate_now
from sterna_api.http.migration_answers import size_text
from sterna_api.http.quality import Quality, quality_of
from sterna_api.projections.executor_resources import KnownResources
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.pace import Pace
from sterna_core.migration.view import MigrationView, TableView

FRESH_SECONDS = 10.0
"""An executor that has said nothing for so long is not at work."""


class TableMeasure(Struct, frozen=True):
    """How far one table is, and how fast it got there."""

    table: str
    records_total: int
    records_processed: int
    throughput_records_per_second: int
    errors: int
    bytes_processed: int
    chunks_total: int
    chunks_copied: int


class Throughput(Struct, frozen=True):
    """How fast rows are copied, and bytes in words and in figures; 0 while none are."""

    current_records_per_second: int
    average_records_per_second: int
    peak_records_per_second: int
    current_bytes_per_second: str
    current_bytes_per_second_exact: int


class ResourcesShown(Struct, frozen=True):
    """What the executors at work use of their machines: the mean of each, of the network the most.

    Null while none is at work, and where a machine does not say.
    """

    active_workers: int
    cpu_utilization_percent: float | None
    memory_utilization_percent: float | None
    network_utilization_percent: float | None


class MetricsBody(Struct, frozen=True, kw_only=True):
    """A migration in figures, table by table."""

    migration_id: str
    snapshot_at: UtcDatetime
    throughput: Throughput
    resources: ResourcesShown
    quality: Quality
    by_table: tuple[TableMeasure, ...]


def show_metrics(known: KnownMigration, resources: KnownResources, now: datetime) -> MetricsBody:
    """Show a migration's figures as of a moment."""
    view = known.view
    return MetricsBody(
        migration_id=known.migration_id,
        snapshot_at=now,
        throughput=_throughput(view, now),
        resources=show_resources(resources),
        quality=quality_of(view),
        by_table=tuple(
            _table(table, view.errors.of_table(table.table_id)) for table in view.tables.values()
        ),
    )


def show_resources(resources: KnownResources) -> ResourcesShown:
    """Show what executors use."""
    return ResourcesShown(
        resources.active_workers,
        _rounded(resources.cpu_percent),
        _rounded(resources.memory_percent),
        _rounded(resources.network_percent),
    )


def show_throughput(
    pace: Pace, *, average: float, current: float, bytes_per_record: float, now: datetime
) -> Throughput:
    """Show rates; bytes as measured just now, or by what a record has had so far."""
    fresh = pace.is_fresh(now) and current > 0
    size = int(pace.bytes_per_second if fresh else current * bytes_per_record)
    return Throughput(
        current_records_per_second=int(current),
        average_records_per_second=int(average),
        peak_records_per_second=int(max(pace.peak_rows_per_second, average)),
        current_bytes_per_second=size_text(size),
        current_bytes_per_second_exact=size,
    )


def _throughput(view: MigrationView, now: datetime) -> Throughput:
    processed = view.records_processed
    return show_throughput(
        view.pace,
        average=average_rate(view, now),
        current=rate_now(view, now),
        bytes_per_record=view.bytes_processed / processed if processed else 0.0,
        now=now,
    )


def _table(table: TableView, refusals: int) -> TableMeasure:
    rate = 0.0
    if table.began_at is not None and table.copied_at is not None:
        seconds = (table.copied_at - table.began_at).total_seconds()
        rate = table.rows / seconds if seconds > 0 else 0.0
    return TableMeasure(
        table.table_id,
        table.estimated_rows,
        table.rows,
        int(rate),
        table.errors + refusals,
        table.bytes,
        table.chunks,
        table.chunks_copied,
    )


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
