"""`sterna migrations status|checkpoints|rollback|delete`: see how one goes, and end it for good."""

from typing import Literal

from sterna_cli.commands.asking import shown, with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached


def status(migration_id: str, /, *, output: Format = "table") -> ExitCode:
    """Show a migration in short.

    Parameters
    ----------
    migration_id
        mig_…
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.migrations.status(migration_id)
        progress, phase = found.progress, found.phase
        text = (
            f"{found.id} {found.status.replace('_', ' ')}: {progress.percent:.0f} %, "
            f"phase {phase.current} of {phase.total} ({phase.name.replace('_', ' ')}), "
            f"{progress.records_processed:,} of {progress.records_total:,} rows"
        )
        if found.timing.eta_completion is not None:
            text += f", done about {found.timing.eta_completion:%Y-%m-%d %H:%M} UTC"
        return shown(terminal, found, text)

    return with_api(output, answer)


def checkpoints(migration_id: str, /, *, limit: int = 20, output: Format = "table") -> ExitCode:
    """List the checkpoints of a migration, the newest first.

    Parameters
    ----------
    migration_id
        mig_…
    limit
        At most so many (up to 100).
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.migrations.checkpoints(migration_id, limit=limit)
        if terminal.is_json:
            terminal.document(found)
            return ExitCode.OK
        terminal.rows(
            ("id", "time", "type", "phase", "rows"),
            (
                (
                    each.id,
                    f"{each.timestamp:%Y-%m-%d %H:%M:%S}",
                    each.type,
                    each.phase,
                    f"{each.records_completed:,}",
                )
                for each in found.data
            ),
            right=frozenset({4}),
        )
        return ExitCode.OK

    return with_api(output, answer)


def rollback(
    migration_id: str,
    /,
    *,
    strategy: Literal["reverse_migration", "truncate"] = "reverse_migration",
    verify: bool = True,
    reason: str = "",
    output: Format = "table",
) -> ExitCode:
    """Undo a migration that is paused, failed or cancelled, or completed with its ledger kept.

    Parameters
    ----------
    migration_id
        mig_…
    strategy
        reverse_migration removes all that it made; truncate empties its tables.
    verify
        Look at the target afterwards.
    reason
        Why; kept with the decision.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.roll_back(
            migration_id, strategy=strategy, verify=verify, reason=reason
        )
        return shown(terminal, done, f"{done.id} {done.status.replace('_', ' ')}: {done.message}")

    return with_api(output, answer)


def delete(
    migration_id: str,
    /,
    *,
    keep_logs: bool = True,
    keep_metrics: bool = True,
    output: Format = "table",
) -> ExitCode:
    """Delete a migration that is not at work.

    Parameters
    ----------
    migration_id
        mig_…
    keep_logs
        Leave its log readable.
    keep_metrics
        Leave its figures readable.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.delete(
            migration_id, keep_logs=keep_logs, keep_metrics=keep_metrics
        )
        return shown(terminal, done, f"{done.id} deleted")

    return with_api(output, answer)
