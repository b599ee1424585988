"""Whether what rows are to get can be meant, before anything is decided."""

from collections.abc import Sequence

from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.projections.migration_errors import KnownError
from sterna_core.expression.vetting import ExpressionRefused, vet_expression
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.replacement import AnyReplacement, Transformed
from sterna_core.migration.replacing import column_of

_NO_COLUMN = "The error names no column: say which one is meant"
_UNKNOWN = "The target's table has no such column that rows are copied into"


def check_replacement(
    replacement: AnyReplacement, error: KnownError, tables: Sequence[TablePlan]
) -> None:
    """Raise InvalidShape for a column that is not there, or an expression that may not be run."""
    table = next((each for each in tables if each.table_id == error.table), None)
    if table is None:
        return
    where = ("body", "column")
    name = replacement.column or error.column
    if name is None:
        raise InvalidShape([Problem(where, _NO_COLUMN, "column_needed")])
    if column_of(table, name) is None:
        raise InvalidShape([Problem(where, _UNKNOWN, "column_unknown")])
    if not isinstance(replacement, Transformed):
        return
    try:
        vet_expression(
            replacement.expression,
            columns=[column.source_column for column in table.columns],
            table=table.source_table,
        )
    except ExpressionRefused as refused:
        problem = Problem(("body", "expression"), refused.message, refused.code)
        raise InvalidShape([problem]) from None
