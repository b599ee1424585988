"""The SELECT that reads a table of the source, with its transformations."""

import re

from sterna_core.errors import InvalidRequest
from sterna_core.expression.vetting import vet_expression
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.table import ColumnSpec, TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated

_PADDED = re.compile(r"character\((\d+)\)")
_WIDE = 16
_TRIMS_SINCE = 14


def read_rows(table: TableSpec, condition: str) -> str:
    """Read the columns that are copied, as the target is to have them, of the rows that match."""
    columns = ", ".join(value_of(column) for column in table.columns)
    return f"select {columns} from only {source_table(table)} where {condition}"


def send_rows(
    source: Connection, table: TableSpec, condition: str, *, addressed: bool = False
) -> str:
    """Read the same rows in the form in which they travel: wide char(n) without its padding.

    With `addressed` their address comes first.

    The target fills it up again. Blanks that say nothing would else be sent, and the target would
    count every one of them: a quarter of its work where a char(84) is empty.
    """
    # As bytes: what trims text goes through it character by character, which costs more than it
    # saves. No encoding has the byte of a blank inside of another character.
    trims = table.copy_format == "binary" and source.get_server_version().major >= _TRIMS_SINCE
    values = [
        _trimmed(value_of(column)) if trims and _is_padded(column) else value_of(column)
        for column in table.columns
    ]
    columns = ", ".join(["ctid", *values] if addressed else values)
    return f"select {columns} from only {source_table(table)} where {condition}"


def _trimmed(value: str) -> str:
    """Give the bytes of a char(n) without its padding.

    What is empty, as wide columns often are, is told by a comparison: that finds the end of the
    text in a third of the time. By the collation "C", since others may take more for equal.
    """
    return (
        f"case when {value} collate pg_catalog.\"C\" operator(pg_catalog.=) ''::pg_catalog.bpchar"
        f" then ''::pg_catalog.bytea"
        f" else pg_catalog.rtrim(pg_catalog.bpcharsend({value}), ' '::pg_catalog.bytea) end"
    )


def _is_padded(column: ColumnSpec) -> bool:
    length = _PADDED.fullmatch(column.target_type)
    return length is not None and is_plain(column) and int(length[1]) >= _WIDE


def value_of(column: ColumnSpec) -> str:
    """Give the expression of a column over the source's row."""
    if is_plain(column):
        return column.expression
    # The line break ends a comment that the expression may end with.
    return f"({column.expression}\n)"


def is_plain(column: ColumnSpec) -> bool:
    """Tell whether a column is copied as it is."""
    return column.expression == quote(column.source)


def is_transformed(table: TableSpec) -> bool:
    """Tell whether any column has an expression of its own."""
    return not all(is_plain(column) for column in table.columns)


def source_table(table: TableSpec) -> str:
    """Name the table on the source."""
    return qualified(table.source_schema, table.source_table)


def target_table(table: TableSpec) -> str:
    """Name the table on the target."""
    return qualified(table.target_schema, table.target_table)


async def vet(source: Connection, table: TableSpec) -> None:
    """Make sure that the expressions of a table are expressions, before they go into a COPY.

    COPY takes several statements in one text, so what an expression holds could end it and begin
    another. Preparing the same SELECT cannot: one statement, or an error. Raises InvalidRequest.
    """
    if not is_transformed(table):
        return
    for column in table.columns:
        if column.overridden:
            vet_expression(column.expression, table=table.source_table)
    with translated("source"):
        prepared = await source.prepare(read_rows(table, "true"))
    if len(prepared.get_attributes()) != len(table.columns):
        raise InvalidRequest(
            f"a transformation of {table.table_id} is not one expression",
            details={"table": table.table_id},
        )
