"""What is answered about a migration in figures."""

from datetime import datetime

from msgspec import Struct

from sterna_api.http.eta import average_rate, rate_now
from sterna_api.http.migration_answers import size_text
from sterna_api.projections.executor_resources import KnownResources
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
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


class Quality(Struct, frozen=True):
    """How well it goes: errors per record, of them those recovered, and tables found equal."""

    error_rate_percent: float
    recovery_success_rate_percent: float | None
    validation_pass_rate_percent: float | None
    errors_recovered: int
    errors_escalated: int


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
        resources=ResourcesShown(
            resources.active_workers,
            _rounded(resources.cpu_percent),
            _rounded(resources.memory_percent),
            _rounded(resources.network_percent),
        ),
        quality=_quality(view),
        by_table=tuple(_table(table) for table in view.tables.values()),
    )


def _throughput(view: MigrationView, now: datetime) -> Throughput:
    average, current = average_rate(view, now), rate_now(view, now)
    per_record = view.bytes_processed / view.records_processed if view.records_processed else 0.0
    fresh = view.pace.is_fresh(now) and current > 0
    size = int(view.pace.bytes_per_second if fresh else current * per_record)
    return Throughput(
        current_records_per_second=int(current),
        average_records_per_second=int(average),
        peak_records_per_second=int(max(view.pace.peak_rows_per_second, average)),
        current_bytes_per_second=size_text(size),
        current_bytes_per_second_exact=size,
    )


def _quality(view: MigrationView) -> Quality:
    tables = view.tables.values()
    compared = sum(table.compared for table in tables)
    equal = sum(table.equal for table in tables)
    recovered, escalated = view.errors_recovered, view.errors_escalated
    errors, records = recovered + escalated, view.records_processed
    return Quality(
        error_rate_percent=round(min(100.0, 100 * errors / max(1, records)), 4),
        recovery_success_rate_percent=round(100 * recovered / errors, 2) if errors else None,
        validation_pass_rate_percent=round(100 * equal / compared, 2) if compared else None,
        errors_recovered=recovered,
        errors_escalated=escalated,
    )


def _table(table: TableView) -> TableMeasure:
    rate = 0.0
    if table.began_at is not None and table.copied_at is not None:
        seconds = (table.copied_at - table.began_at).total_seconds()
        rate = table.rows / seconds if seconds > 0 else 0.0
    return TableMeasure(
        table.table_id,
        table.estimated_rows,
        table.rows,
        int(rate),
        table.errors,
        table.bytes,
        table.chunks,
        table.chunks_copied,
    )


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
