from typing import Annotated

from cyclopts import Parameter

from sterna_cli.client.stream import LogEntry
from sterna_cli.commands.asking import with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached

_STYLES = {"warning": "yellow", "error": "red", "debug": "dim"}


def logs(
    migration_id: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative=())] = False,
    level: str | None = None,
    phase: str | None = None,
    limit: int = 100,
    output: Format = "table",
) -> ExitCode:
    """Show a migration's log; with -f until the migration is over.

    Parameters
    ----------
    migration_id
        mig_…
    follow
        Stay, and show new lines as they come. A broken connection is resumed where it broke.
    level
        Only lines of this level: debug, info, warning or error.
    phase
        Only lines of this phase.
    limit
        At most so many lines (without --follow).
    output
        table or json (one document a line).

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        params = {
            name: text for name, text in (("level", level), ("phase", phase)) if text is not None
        }
        migrations = reached.sterna.migrations
        if not follow:
            page = await migrations.logs(migration_id, params | {"limit": str(limit)})
            for entry in page.data:
                _print(terminal, entry)
            return ExitCode.OK
        async with migrations.follow(migration_id, params) as stream:
            while (following := await stream.next_entry()) is not None:
                if isinstance(following, LogEntry):
                    _print(terminal, following)
        return ExitCode.OK

    return with_api(output, answer)


def _print(terminal: Terminal, entry: LogEntry) -> None:
    if terminal.is_json:
        terminal.line(entry)
        return
    moment = entry.timestamp.strftime("%H:%M:%S")
    where = " ".join(part for part in (entry.phase, entry.table) if part)
    terminal.say(
        f"{moment} {entry.level:<7} {entry.message}" + (f"  [{where}]" if where else ""),
        _STYLES.get(entry.level, ""),
    )
