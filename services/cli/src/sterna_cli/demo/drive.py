import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sterna_cli.console.quantities import count, duration
from sterna_cli.console.terminal import Terminal
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.demo.accident import Accident
from sterna_cli.demo.proof import differences, take_inventory
from sterna_cli.demo.proof_view import show_proof
from sterna_cli.demo.shop import create_shop
from sterna_cli.exit_code import ExitCode
from sterna_cli.migrate.journey import Journey
from sterna_cli.migrate.request import MigrationRequest
from sterna_cli.reach import Reached, started
from sterna_cli.temporary_home import temporary_home

_EXECUTORS = 2
_BATCH_ROWS = 20_000
_LOOK_SECONDS = 0.1
_SOURCE = "old_shop"
_TARGET = "new_shop"


async def demonstrate(terminal: Terminal, *, keep: bool = False) -> ExitCode:
    """Migrate a shop with an executor killed half-way, and compare source and target.

    Leaves nothing behind, unless the data and logs are to be kept. Gives OK only if everything arrived although the executor was killed.
    """
    began = time.monotonic()
    async with temporary_home("demo", keep=keep) as home, _stack(terminal, home) as reached:
        code = await _demonstrate(terminal, reached)
    terminal.say(
        f"Everything but the packages, from an empty folder to here: {duration(time.monotonic() - began)}"
    )
    return code


@asynccontextmanager
async def _stack(terminal: Terminal, home: Path) -> AsyncGenerator[Reached, None]:
    began = time.monotonic()
    async with started(home, terminal.say, executors=_EXECUTORS) as reached:
        terminal.say(
            f"  PostgreSQL, Kafka, the API and {_EXECUTORS} executors run "
            f"after {duration(time.monotonic() - began)}"
        )
        yield reached


async def _demonstrate(terminal: Terminal, reached: Reached) -> ExitCode:
    assert reached.stack is not None
    postgres = reached.stack.embedded.postgres
    source = await postgres.create_database(_SOURCE)
    target = await postgres.create_database(_TARGET)
    terminal.heading("A shop to move")
    began = time.monotonic()
    await create_shop(source)
    before = await take_inventory(source)
    rows = sum(table.rows for table in before.tables.values())
    terminal.say(
        f"  {count(rows)} rows in {len(before.tables)} tables made "
        f"in {duration(time.monotonic() - began)}"
    )
    terminal.heading("sterna migrate --yes")
    accident = Accident(reached.stack.executors)
    journey = Journey(reached.sterna, terminal)
    migration, plan = await journey.prepare(
        MigrationRequest(
            source=DatabaseUrl.parse(source, "source", {}),
            target=DatabaseUrl.parse(target, "target", {}),
            batch_size=_BATCH_ROWS,
        )
    )
    await journey.approve(plan)
    migration = await journey.carry_out(migration.id, accident.look, _LOOK_SECONDS)
    await journey.report(migration)
    if migration.status == "paused":
        return ExitCode.INTERRUPTED
    if migration.status != "completed":
        return ExitCode.FAILED
    after = await take_inventory(target)
    # The source is read again: nobody has written to it, or the comparison would mean nothing.
    before = await take_inventory(source)
    show_proof(terminal, before, after)
    return _verdict(terminal, differences(before, after), accident)


def _verdict(terminal: Terminal, found: list[str], accident: Accident) -> ExitCode:
    terminal.say()
    if found:
        terminal.say(f"The target is NOT the source: {', '.join(found)}", "bold red")
        return ExitCode.FAILED
    if not accident.happened:
        terminal.say(
            "The target is the source, but the migration was over before an executor was killed",
            "bold yellow",
        )
        return ExitCode.FAILED
    terminal.say(
        "The target is the source, row for row, although an executor was killed half-way.",
        "bold green",
    )
    return ExitCode.OK
