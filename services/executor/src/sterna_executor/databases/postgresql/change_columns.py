"""By which column it is known when a row was last written, table by table."""

from collections.abc import Mapping, Sequence

from sterna_core.migration.incremental import IncrementalOptions, TableSync
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory_table import Column, Table
from sterna_executor.databases.postgresql.preflight_problem import Problem, refuse, shown
from sterna_executor.databases.postgresql.statements import statements

NAMES = frozenset(
    {
        "updated_at", "modified_at", "changed_at", "last_updated", "last_modified", "last_update",
        "last_updated_at", "last_modified_at", "updated_on", "modified_on", "date_updated",
        "date_modified", "updatedat", "modifiedat", "update_time", "updated", "modified",
    }
)  # fmt: skip
"""What such a column is called, in small letters."""

_MOMENTS = ("timestamp with time zone", "timestamp without time zone", "timestamp(")
Indexed = frozenset[tuple[int, str]]


async def choose_strategies(
    source: Connection, tables: Sequence[Table], options: IncrementalOptions
) -> dict[int, TableSync]:
    """Say how passes bring each table up to date; raises where a column that was named is none."""
    with translated("source"):
        rows = await source.fetch(
            statements("change_columns.sql")["indexed"], [table.oid for table in tables]
        )
    indexed = frozenset((row["table_oid"], row["name"]) for row in rows)
    refuse(_problems(tables, options.change_columns))
    return {table.oid: _strategy(table, indexed, options) for table in tables}


def _problems(tables: Sequence[Table], named: Mapping[str, str]) -> list[Problem]:
    """Say what of the columns that somebody named cannot be."""
    known = {table.id: table for table in tables}
    found = []
    for table_id, name in named.items():
        table = known.get(table_id)
        column = None if table is None else _column(table, name)
        if table is None:
            text = f"change_columns names {table_id}, which is not a table of this migration"
        elif column is None:
            text = f"change_columns names {table_id}.{name}, which is not a column"
        elif not _tells_moments(column):
            text = (
                f"{table_id}.{name} is of type {column.type}: a timestamp says when a row changed"
            )
        elif not table.key:
            text = f"{table_id} has no key by which a changed row could be found on the target"
        else:
            continue
        found.append(Problem("setting", text))
    return found


def _strategy(table: Table, indexed: Indexed, options: IncrementalOptions) -> TableSync:
    if not table.key:
        return TableSync(reason="it has no key by which a changed row could be found")
    if table.parent is not None:
        return TableSync(reason="it is a partition: a row may move to another one")
    named = options.change_columns.get(table.id)
    if named is not None:
        reason = f"{named} was named as its change column"
        if (table.oid, named) not in indexed:
            reason += "; without an index on it, every pass reads the whole table"
        return TableSync(strategy="changes", change_column=named, reason=reason)
    if not options.find_change_columns:
        return TableSync(reason="no change column was named")
    likely = [column for column in table.columns if column.name.lower() in NAMES]
    doubts = []
    for column in likely:
        doubt = _doubt(table, column, indexed)
        if doubt is None:
            reason = f"{column.name} says when a row was written, has an index and is never null"
            return TableSync(strategy="changes", change_column=column.name, reason=reason)
        doubts.append(doubt)
    return TableSync(reason=shown(doubts) or "no column says when a row was written")


def _doubt(table: Table, column: Column, indexed: Indexed) -> str | None:
    if not _tells_moments(column):
        return f"{column.name} is of type {column.type}"
    if column.nullable:
        return f"{column.name} may be null"
    if (table.oid, column.name) not in indexed:
        return f"{column.name} has no index"
    return None


def _column(table: Table, name: str) -> Column | None:
    return next((column for column in table.columns if column.name == name), None)


def _tells_moments(column: Column) -> bool:
    return column.generated is None and column.type.startswith(_MOMENTS)
