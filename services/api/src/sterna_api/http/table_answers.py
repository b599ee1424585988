"""What is answered about a migration, table by table."""

from msgspec import UNSET, Struct, UnsetType

from sterna_core.migration.view import TableView


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


def show_table(table: TableView) -> TableShown:
    """Show one table."""
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
