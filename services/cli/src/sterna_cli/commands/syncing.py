"""`sterna migrations lag|stop`: see how far a target is behind its source, and end that."""

from typing import Annotated

from cyclopts import Parameter

from sterna_cli.commands.asking import shown, with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached


def lag(migration_id: str, /, *, output: Format = "table") -> ExitCode:
    """Show how far the target of an incremental migration is behind its source.

    Parameters
    ----------
    migration_id
        mig_…
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.migrations.lag(migration_id)
        if terminal.is_json:
            terminal.document(found)
            return ExitCode.OK
        terminal.rows(
            ("table", "strategy", "behind", "written", "removed", "took"),
            (
                (
                    each.table,
                    each.strategy,
                    _seconds(each.lag_seconds),
                    f"{each.rows_written:,}",
                    f"{each.rows_removed:,}",
                    _seconds(each.duration_seconds),
                )
                for each in found.tables
            ),
            right=frozenset({2, 3, 4, 5}),
        )
        passes = found.passes
        terminal.say(
            f"{found.migration_id} {found.status}: {_seconds(found.lag.seconds)}"
            f"{_about(found.lag.records)} behind after {passes.finished} passes"
            + (", stopping" if passes.stopping else "")
        )
        return ExitCode.OK

    return with_api(output, answer)


def stop(
    migration_id: str,
    /,
    *,
    immediate: Annotated[bool, Parameter(negative=())] = False,
    output: Format = "table",
) -> ExitCode:
    """Bring the target of an incremental migration up to date once more, and finish it.

    What is written to the source after this is not moved: stop writing to it first.

    Parameters
    ----------
    migration_id
        mig_…
    immediate
        Give up the pass at hand for the last one.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.stop(migration_id, immediate=immediate)
        return shown(terminal, done, f"{done.id} {done.status}: {done.message}")

    return with_api(output, answer)


def _about(records: int | None) -> str:
    return "" if records is None else f", about {records:,} rows,"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"
