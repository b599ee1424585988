"""How well a migration goes, in figures of its errors and comparisons."""

from msgspec import Struct

from sterna_core.migration.error_events import Resolution
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


class ExemptRows(Struct, frozen=True, kw_only=True):
    """Rows that somebody decided to leave out, or to give another value: on record.

    `resolution` says which: `skip`, or `default` or `transform`.
    """

    error_id: str
    table: str
    resolution: Resolution
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


def exceptions_of(view: MigrationView) -> tuple[ExemptRows, ...]:
    """Give what was left out and what has another value, as decided."""
    found = []
    for error_id, line in view.errors.lines.items():
        counts: list[tuple[Resolution, int]] = []
        if line.standing == "skipped":
            counts.append(("skip", line.rows))
        if line.replaced and line.replaced_by is not None:
            counts.append((line.replaced_by, line.replaced))
        found += [
            ExemptRows(
                error_id=error_id,
                table=line.table_id,
                resolution=resolution,
                rows=rows,
                reason=line.reason,
                by=line.by,
            )
            for resolution, rows in counts
        ]
    return tuple(found)
