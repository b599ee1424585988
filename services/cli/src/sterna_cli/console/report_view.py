from sterna_cli.client.answers import Migration
from sterna_cli.client.measures import TableComparison, ValidationReport
from sterna_cli.console.quantities import count, duration
from sterna_cli.console.terminal import Terminal

_DIGEST_CHARACTERS = 12


def show_validation(terminal: Terminal, report: ValidationReport) -> None:
    """Print what the comparison of both sides found, table by table; nothing before there is one."""
    if not any(table.compared for table in report.tables):
        return
    terminal.heading("Validation by content")
    terminal.rows(
        ("table", "source rows", "target rows", "source digest", "target digest", ""),
        (
            (
                table.table,
                count(table.source_rows),
                count(table.target_rows),
                table.source_digest[:_DIGEST_CHARACTERS],
                table.target_digest[:_DIGEST_CHARACTERS],
                _finding(table),
            )
            for table in sorted(report.tables, key=lambda each: each.table)
        ),
        right=frozenset({1, 2}),
    )
    equal = sum(table.equal for table in report.tables)
    rows = sum(table.target_rows for table in report.tables)
    repaired = sum(table.repaired_rows for table in report.tables)
    terminal.say(
        f"  {equal} of {len(report.tables)} tables equal, {count(rows)} rows"
        + (f", {count(repaired)} rows copied again" if repaired else "")
    )


def _finding(table: TableComparison) -> str:
    if not table.compared:
        return "not compared yet"
    return "equal" if table.equal else "DIFFERENT"


def show_result(terminal: Terminal, migration: Migration) -> None:
    """Print how a migration ended, and what each phase took."""
    terminal.heading("Result")
    for phase in migration.progress.phases:
        if phase.duration_seconds is not None:
            terminal.say(f"  {phase.name.replace('_', ' '):<18} {duration(phase.duration_seconds)}")
    elapsed = _elapsed_seconds(migration)
    style = "bold green" if migration.status == "completed" else "bold red"
    terminal.say(
        f"  {migration.id} {migration.status.replace('_', ' ')}"
        + (f" in {duration(elapsed)}" if elapsed is not None else ""),
        style,
    )
    for each in migration.exceptions:
        decided = "left out" if each.resolution == "skip" else "with another value than the source"
        reason = f": {each.reason}" if each.reason else ""
        terminal.say(
            f"  exception: {count(each.rows)} rows of {each.table} {decided}"
            f" ({each.resolution}){reason}",
            "yellow",
        )
    if migration.error is not None:
        terminal.say(f"  {migration.error.code}: {migration.error.message}", "red")
    if migration.status == "failed":
        terminal.say(f"  once that is put right: sterna migrations resume {migration.id}")
        terminal.say(f"  to give up: sterna migrations cancel {migration.id} --rollback")


def _elapsed_seconds(migration: Migration) -> float | None:
    timing = migration.timing
    if timing.started_at is not None and timing.completed_at is not None:
        return (timing.completed_at - timing.started_at).total_seconds()
    return timing.elapsed_seconds
