"""Where the rows of a table go, and that all of them must arrive."""

from sterna_core.errors import Terminal
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.pipe import Inlet, Piped


def inlet_of(table: TableSpec) -> Inlet:
    """Say where the rows of a table go."""
    return Inlet(
        schema=table.target_schema,
        table=table.target_table,
        columns=tuple(column.target for column in table.columns),
        copy_format=table.copy_format,
    )


def expect_all_taken(table: TableSpec, piped: Piped) -> None:
    """Raise Terminal where the target took fewer rows than came: something there drops rows."""
    if piped.rows_sent != piped.rows_taken:
        raise Terminal(
            f"the target dropped rows of {table.table_id}: look for a trigger on its table",
            code="rows_dropped_by_target",
            details={
                "table": table.table_id,
                "sent": piped.rows_sent,
                "taken": piped.rows_taken,
            },
        )
