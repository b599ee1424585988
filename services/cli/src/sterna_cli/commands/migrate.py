import os
import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from sterna_cli.client.answers import Migration
from sterna_cli.console.question import ask
from sterna_cli.console.terminal import Terminal
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.exit_code import ExitCode
from sterna_cli.migrate.journey import Journey
from sterna_cli.migrate.request import MigrationRequest
from sterna_cli.reach import Reached, reach
from sterna_cli.runner import run


def migrate(
    source_url: str,
    target_url: str,
    /,
    *,
    yes: Annotated[bool, Parameter(negative=())] = False,
    schemas: str | None = None,
    exclude_tables: str | None = None,
    target_schema: str | None = None,
    mode: Literal["full", "schema_only", "data_only", "incremental"] = "full",
    parallelism: int | None = None,
    batch_size: int | None = None,
    executors: int = 2,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> ExitCode:
    """Move a PostgreSQL database into another, and prove that everything arrived.

    The first Ctrl-C pauses the migration, so that it can be resumed; the second leaves at once.

    Parameters
    ----------
    source_url
        postgresql://user:password@host:5432/database. Everybody on this machine can read a
        command's arguments: leave the password out and set STERNA_SOURCE_PASSWORD.
    target_url
        Likewise, with STERNA_TARGET_PASSWORD.
    yes
        Approve the plan without being asked.
    schemas
        Which schemas of the source, separated by commas; without it, all that are not the
        system's.
    exclude_tables
        Globs over `table` or `schema.table` that are left out, separated by commas.
    target_schema
        Put every table into this schema; without it, each schema keeps its name.
    mode
        full: structure and rows. schema_only: tables, indexes, constraints and everything else
        but rows. data_only: rows, into tables that the target has, whose names and types may be
        others. incremental: as full, and then the target is kept up to date until
        `sterna migrations stop`.
    parallelism
        How many tasks may be at work at once.
    batch_size
        Rows of one chunk; without it, chunks are cut by bytes.
    executors
        How many executors the embedded stack has (where one is started).
    json
        Print one JSON document to standard output; everything else goes to standard error.

    """
    terminal = Terminal("json" if json else "table")

    async def work() -> ExitCode:
        request = MigrationRequest(
            source=DatabaseUrl.parse(source_url, "source", os.environ),
            target=DatabaseUrl.parse(target_url, "target", os.environ),
            schemas=_parts(schemas),
            exclude_tables=_parts(exclude_tables),
            target_schema=target_schema,
            mode=mode,
            parallelism=parallelism,
            batch_size=batch_size,
        )
        async with reach(terminal.say, executors=executors) as reached:
            return await _migrate(terminal, reached, request, yes=yes)

    return run(terminal, work)


async def _migrate(
    terminal: Terminal,
    reached: Reached,
    request: MigrationRequest,
    *,
    yes: bool,
) -> ExitCode:
    journey = Journey(reached.sterna, terminal)
    migration, plan = await journey.prepare(request)
    if not (yes or await _agreed(terminal)):
        terminal.say(f"Nothing was started; the plan is kept as {migration.id}")
        if terminal.is_json:
            terminal.document(migration)
        return ExitCode.CONFLICT
    await journey.approve(plan)
    migration = await journey.carry_out(migration.id)
    return await conclude(terminal, journey, migration)


async def conclude(terminal: Terminal, journey: Journey, migration: Migration) -> ExitCode:
    """Tell how a migration that rests or is over stands, and give the exit code for it."""
    if migration.status == "paused":
        terminal.say()
        terminal.say(f"Paused. To go on: sterna migrations resume {migration.id}", "bold")
        if terminal.is_json:
            terminal.document(migration)
        return ExitCode.INTERRUPTED
    outcome = await journey.report(migration)
    if terminal.is_json:
        terminal.document(outcome)
    return ExitCode.OK if migration.status == "completed" else ExitCode.FAILED


async def _agreed(terminal: Terminal) -> bool:
    terminal.say()
    if not sys.stdin.isatty():
        terminal.say("The plan needs approval and nobody can be asked here: add --yes")
        return False
    answer = await ask(terminal, "Approve this plan and start? [y/N] ")
    return answer.lower() in {"y", "yes"}


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
