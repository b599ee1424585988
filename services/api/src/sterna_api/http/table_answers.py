"""What is answered about a migration, table by table."""

from msgspec import UNSET, Struct, UnsetType

from sterna_api.projections.migrations import KnownMigration
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
