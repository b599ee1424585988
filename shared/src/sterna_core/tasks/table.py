from msgspec import Struct

from sterna_core.migration.plan import CopyFormat, TablePlan


class ReceivingTable(Struct, frozen=True, kw_only=True):
    """A table of the target that is there already and takes rows of the source's table.

    `quiet` where its triggers and foreign keys are at rest while it does.
    """

    table_id: str
    schema: str
    name: str
    quiet: bool


class ColumnSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column as the copy needs it: the expression read and the column written.

    `overridden` says that a person wrote the expression: it is vetted before it is run.
    """

    source: str
    target: str
    expression: str
    target_type: str
    overridden: bool = False


class TableSpec(Struct, frozen=True, kw_only=True):
    """A table as an executor needs it; only columns that are copied are in it."""

    table_id: str
    source_schema: str
    source_table: str
    target_schema: str
    target_table: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    copy_format: CopyFormat
    estimated_rows: int
    received: bool = False
    quiet: bool = False

    @classmethod
    def of(cls, plan: TablePlan) -> "TableSpec":
        """Take from a plan what the copy needs."""
        return cls(
            table_id=plan.table_id,
            source_schema=plan.source_schema,
            source_table=plan.source_table,
            target_schema=plan.target_schema,
            target_table=plan.target_table,
            columns=tuple(
                ColumnSpec(
                    source=column.source_column,
                    target=column.target_column,
                    expression=column.carried_out,
                    target_type=column.target_type,
                    overridden=column.overridden,
                )
                for column in plan.columns
                if column.copied
            ),
            key=plan.key,
            copy_format=plan.copy_format,
            estimated_rows=plan.estimated_rows,
            received=plan.received,
            quiet=plan.quiet,
        )


class PlannedTable(Struct, frozen=True):
    """What a plan says of a source table: its columns with their types, and its key."""

    table_id: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    @classmethod
    def of(cls, plan: TablePlan) -> "PlannedTable":
        """Take from a plan what can be told apart."""
        columns = tuple((each.source_column, each.source_type) for each in plan.columns)
        return cls(plan.table_id, columns, plan.key)


class PageRange(Struct, frozen=True):
    """Heap pages from `first` up to, and without, `end`; `end` None is open-ended."""

    first: int
    end: int | None
