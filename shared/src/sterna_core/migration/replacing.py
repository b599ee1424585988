"""Rows that get another value in place of one that is refused: what is asked for, and what became."""

from msgspec.structs import replace

from sterna_core.errors import Rejected
from sterna_core.migration import error_events as ee
from sterna_core.migration.data_error import DataError
from sterna_core.migration.draft import Draft
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.plan import ColumnMapping, TablePlan
from sterna_core.migration.replacement import AnyReplacement, Transformed, resolution_of
from sterna_core.migration.review_work import trial_work
from sterna_core.migration.run import Plan, Run
from sterna_core.tasks import work as wk


def wanted_replacement(
    plan: Plan, error: DataError, command: ResolveError
) -> AnyReplacement | None:
    """Give what rows get that are refused again; raises Rejected where it cannot be meant."""
    if command.resolution not in {"default", "transform"}:
        return None
    wanted = command.replacement
    if wanted is None or resolution_of(wanted) != command.resolution:
        raise Rejected(
            "replacement_missing",
            "Say what the rows get: a value or the column's default, or an expression.",
        )
    name = wanted.column or error.column
    if name is None:
        raise Rejected("column_needed", "The error names no column: name it with `column`.")
    if column_of(plan.tables[error.table_id], name) is None:
        raise Rejected(
            "column_unknown", "The target's table has no such column that rows are copied into."
        )
    return replace(wanted, column=name)


def column_of(table: TablePlan, name: str) -> ColumnMapping | None:
    """Give the column of a table that goes into a column of the target."""
    return next(
        (each for each in table.columns if each.copied and each.target_column == name), None
    )


def replacement_work(plan: Plan, error_id: str, error: DataError) -> wk.RowReplacement | None:
    """Give what executors do with the rows of an error that are refused again."""
    if error.replacement is None:
        return None
    table, trial = plan.tables[error.table_id], None
    if isinstance(error.replacement, Transformed):
        column = column_of(table, error.replacement.column)
        assert column is not None, "a column that is not there is refused"
        trial = trial_work(table, column, error.replacement.expression)
    return wk.RowReplacement(error_id=error_id, replacement=error.replacement, trial=trial)


def replacements_of(plan: Plan, run: Run, table_id: str) -> tuple[wk.RowReplacement, ...]:
    """Give what was decided for the rows of a table's errors."""
    works = (
        replacement_work(plan, error_id, error)
        for error_id, error in run.errors.items()
        if error.table_id == table_id
    )
    return tuple(work for work in works if work is not None)


def tell_replaced(
    draft: Draft, error_id: str, error: DataError, generation: int, rows: int
) -> None:
    """Tell how many rows of an error are replaced under a snapshot, where that is news."""
    if error.replacement is None or (rows, generation) == (error.replaced, error.generation):
        return
    if rows or error.replaced:
        draft.add(
            ee.ErrorReplaced(
                at=draft.at,
                error_id=error_id,
                table_id=error.table_id,
                generation=generation,
                resolution=resolution_of(error.replacement),
                rows=rows,
            )
        )
