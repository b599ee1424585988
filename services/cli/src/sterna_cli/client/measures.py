"""What the API answers about single tables: how far they are, and how they compared."""

from msgspec import Struct


class TableMeasure(Struct, frozen=True, kw_only=True):
    """How far one table is."""

    table: str
    records_total: int = 0
    records_processed: int = 0
    throughput_records_per_second: float = 0
    errors: int = 0


class MetricsReport(Struct, frozen=True, kw_only=True):
    """Figures of one migration, table by table."""

    migration_id: str
    by_table: tuple[TableMeasure, ...] = ()


class TableComparison(Struct, frozen=True, kw_only=True):
    """What the comparison of one table's two sides found, the last time it was made."""

    table: str
    compared: bool = False
    source_rows: int = 0
    target_rows: int = 0
    source_digest: str = ""
    target_digest: str = ""
    equal: bool = False
    repaired_rows: int = 0


class ValidationReport(Struct, frozen=True, kw_only=True):
    """What was compared, and whether it is equal."""

    migration_id: str
    status: str
    tables: tuple[TableComparison, ...] = ()
