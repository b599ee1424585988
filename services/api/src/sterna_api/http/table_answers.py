"""What is answered about a migration, table by table."""

from msgspec import UNSET, Struct, UnsetType

from sterna_api.http.eta import average_rate
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.view import MigrationView, TableView


class TableShown(Struct, frozen=True, kw_only=True):
    """What the last comparison of a table said; the digests are over both sides' contents."""

    table: str
    target: str
    compared: bool
    equal: bool
    copied_rows: int
    repaired_rows: int
    source_rows: int | UnsetType = UNSET
    target_rows: int | UnsetType = UNSET
    source_digest: str | UnsetType = UNSET
    target_digest: str | UnsetType = UNSET


class ValidationBody(Struct, frozen=True, kw_only=True):
    """Whether everything arrived, table by table."""

    migration_id: str
    status: str
    tables_compared: int
    tables_equal: int
    tables_total: int
    rows_compared: int
    objects_built: int
    receipts: int | None
    tables: tuple[TableShown, ...]


def show_validation(known: KnownMigration) -> ValidationBody:
    """Show what the comparisons said."""
    view, tables = known.view, known.view.tables.values()
    equal = sum(table.equal for table in tables)
    return ValidationBody(
        migration_id=known.migration_id,
        status=_verdict(view, equal),
        tables_compared=sum(table.compared for table in tables),
        tables_equal=equal,
        tables_total=len(tables),
        rows_compared=sum(table.target_rows or 0 for table in tables if table.compared),
        objects_built=view.objects_built,
        receipts=view.receipts,
        tables=tuple(_table(table) for table in tables),
    )


def _verdict(view: MigrationView, equal: int) -> str:
    phase = view.phases["validation"]
    if phase.status == "completed" and equal == len(view.tables):
        return "passed"
    return "running" if phase.status == "running" else phase.status


def _table(table: TableView) -> TableShown:
    return TableShown(
        table=table.table_id,
        target=table.target,
        compared=table.compared,
        equal=table.equal,
        copied_rows=table.rows,
        repaired_rows=table.rows_repaired,
        source_rows=UNSET if table.source_rows is None else table.source_rows,
        target_rows=UNSET if table.target_rows is None else table.target_rows,
        source_digest=UNSET if table.source_digest is None else table.source_digest,
        target_digest=UNSET if table.target_digest is None else table.target_digest,
    )


class TableMeasure(Struct, frozen=True):
    """How far one table is."""

    table: str
    records_total: int
    records_processed: int
    bytes_processed: int
    chunks_total: int
    chunks_copied: int


class Throughput(Struct, frozen=True):
    """How fast rows are copied."""

    average_records_per_second: int


class Quality(Struct, frozen=True):
    """How well it goes: tables found equal, of those that were compared."""

    errors_recovered: int
    errors_escalated: int
    validation_pass_rate_percent: float | None


class MetricsBody(Struct, frozen=True, kw_only=True):
    """A migration in figures, table by table."""

    migration_id: str
    snapshot_at: UtcDatetime
    throughput: Throughput
    quality: Quality
    by_table: tuple[TableMeasure, ...]


def show_metrics(known: KnownMigration, now: UtcDatetime) -> MetricsBody:
    """Show a migration's figures as of a moment."""
    view, tables = known.view, known.view.tables.values()
    compared = sum(table.compared for table in tables)
    equal = sum(table.equal for table in tables)
    return MetricsBody(
        migration_id=known.migration_id,
        snapshot_at=now,
        throughput=Throughput(int(average_rate(view, now))),
        quality=Quality(
            view.errors_recovered,
            view.errors_escalated,
            round(100 * equal / compared, 2) if compared else None,
        ),
        by_table=tuple(
            TableMeasure(
                table.table_id,
                table.estimated_rows,
                table.rows,
                table.bytes,
                table.chunks,
                table.chunks_copied,
            )
            for table in tables
        ),
    )
