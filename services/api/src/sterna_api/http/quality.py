"""How well a migration goes, in figures of its errors and comparisons."""

from msgspec import Struct

from sterna_core.migration.view import MigrationView


class Quality(Struct, frozen=True, kw_only=True):
    """How well it goes; null where nothing was measured yet.

    `error_rate_percent` is of the rows that were tried, `recovery_success_rate_percent` of the
    errors that are over and not left out, and `validation_pass_rate_percent` of the tables that
    were compared.
    """

    error_rate_percent: float | None
    recovery_success_rate_percent: float | None
    validation_pass_rate_percent: float | None
    errors_recovered: int
    errors_escalated: int
    errors_waiting: int


class SkippedRows(Struct, frozen=True, kw_only=True):
    """Rows that somebody decided to leave out of the target: an exception, on record."""

    error_id: str
    table: str
    rows: int
    reason: str | None
    by: str | None


def quality_of(view: MigrationView) -> Quality:
    """Give the figures of a migration."""
    errors, tables = view.errors, view.tables.values()
    refused = errors.rows_refused
    tried = view.records_processed + refused
    arrived = errors.recovered + sum(line.standing == "resolved" for line in errors.lines.values())
    total = errors.recovered + errors.escalated
    compared = sum(table.compared for table in tables)
    equal = sum(table.equal for table in tables)
    return Quality(
        error_rate_percent=round(100 * refused / tried, 4) if tried else None,
        recovery_success_rate_percent=round(100 * arrived / total, 2) if total else None,
        validation_pass_rate_percent=round(100 * equal / compared, 2) if compared else None,
        errors_recovered=errors.recovered,
        errors_escalated=errors.escalated,
        errors_waiting=errors.waiting,
    )


def exceptions_of(view: MigrationView) -> tuple[SkippedRows, ...]:
    """Give what was left out, as decided."""
    return tuple(
        SkippedRows(
            error_id=error_id,
            table=line.table_id,
            rows=line.rows,
            reason=line.reason,
            by=line.by,
        )
        for error_id, line in view.errors.lines.items()
        if line.standing == "skipped"
    )
