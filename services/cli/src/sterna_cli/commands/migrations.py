"""`sterna migrations …`: look at migrations and steer them."""

from datetime import UTC, datetime

from sterna_cli.client.answers import Acknowledgement, Migration
from sterna_cli.client.plan import Plan
from sterna_cli.commands.asking import shown, with_api
from sterna_cli.commands.migrate import conclude
from sterna_cli.console.pace import Pace
from sterna_cli.console.plan_view import show_plan
from sterna_cli.console.progress import standing
from sterna_cli.console.schedule_view import show_schedule
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.migrate.journey import Journey
from sterna_cli.reach import Reached


def list_migrations(
    *, status: str | None = None, limit: int = 20, output: Format = "table"
) -> ExitCode:
    """List migrations, the newest first.

    Parameters
    ----------
    status
        Only those in this status.
    limit
        At most so many (up to 100).
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.migrations.list(status=status, limit=limit)
        if terminal.is_json:
            terminal.document(found)
            return ExitCode.OK
        terminal.rows(
            ("id", "name", "status", "%", "created"),
            (
                (
                    each.id,
                    each.name,
                    each.status,
                    f"{each.progress_percent:.0f}",
                    _moment(each.created_at),
                )
                for each in found.data
            ),
            right=frozenset({3}),
        )
        if found.pagination.has_more:
            terminal.say(f"{len(found.data)} of {found.pagination.total}", "dim")
        return ExitCode.OK

    return with_api(output, answer)


def show(migration_id: str, /, *, plan: bool = False, output: Format = "table") -> ExitCode:
    """Show one migration: where it stands, its phases, and its proof once there is one.

    Parameters
    ----------
    migration_id
        mig_…
    plan
        Show its plan instead.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        migrations = reached.sterna.migrations
        if plan:
            made = await migrations.plan(migration_id)
            if terminal.is_json:
                terminal.document(made)
            else:
                show_plan(terminal, made)
            return ExitCode.OK
        migration = await migrations.get(migration_id)
        if terminal.is_json:
            terminal.document(migration)
            return ExitCode.OK
        terminal.say(f"{migration.id}  {migration.name}", "bold")
        terminal.say(f"  {migration.status}: {standing(migration, Pace())}")
        show_schedule(terminal, migration.schedule)
        await Journey(reached.sterna, terminal).report(migration)
        return ExitCode.OK

    return with_api(output, answer)


def start(migration_id: str, /, *, watch: bool = False, output: Format = "table") -> ExitCode:
    """Start a migration whose plan is approved.

    Parameters
    ----------
    migration_id
        mig_…
    watch
        Stay and show the progress; always so where this command had to start the stack.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.start(migration_id)
        return await _stay(terminal, reached, done, watch=watch)

    return with_api(output, answer)


def resume(migration_id: str, /, *, watch: bool = False, output: Format = "table") -> ExitCode:
    """Go on with a migration that is paused, or that failed and was put right.

    Parameters
    ----------
    migration_id
        mig_…
    watch
        Stay and show the progress; always so where this command had to start the stack.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.resume(migration_id)
        return await _stay(terminal, reached, done, watch=watch)

    return with_api(output, answer)


def approve(
    migration_id: str,
    mapping_id: str | None = None,
    /,
    *,
    comment: str = "",
    output: Format = "table",
) -> ExitCode:
    """Approve one mapping of a plan, or all that wait for it.

    Parameters
    ----------
    migration_id
        mig_…
    mapping_id
        The mapping; without it, all that wait.
    comment
        Why; kept with the decision.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        migrations = reached.sterna.migrations
        made: Plan = await migrations.plan(migration_id)
        wanted = [mapping_id] if mapping_id is not None else [each.id for each in made.waiting]
        for each in wanted:
            await migrations.decide_mapping(migration_id, each, approved=True, comment=comment)
        made = await migrations.plan(migration_id)
        return shown(
            terminal,
            made,
            f"{len(wanted)} mappings approved, {len(made.waiting)} wait; the plan is {made.status}",
        )

    return with_api(output, answer)


def pause(
    migration_id: str, /, *, immediate: bool = False, reason: str = "", output: Format = "table"
) -> ExitCode:
    """Pause a migration.

    Parameters
    ----------
    migration_id
        mig_…
    immediate
        Stop tasks at work at once instead of at their end; nothing is lost either way.
    reason
        Why; kept with the decision.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.pause(
            migration_id, reason=reason, immediate=immediate
        )
        return _acknowledged(terminal, done)

    return with_api(output, answer)


def cancel(
    migration_id: str,
    /,
    *,
    rollback: bool = False,
    force: bool = False,
    reason: str = "",
    output: Format = "table",
) -> ExitCode:
    """Give a migration up.

    Parameters
    ----------
    migration_id
        mig_…
    rollback
        Remove all that it created on the target, and check that the target is as it was found.
    force
        Do not wait for tasks at work.
    reason
        Why; kept with the decision.
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        done = await reached.sterna.migrations.cancel(
            migration_id, reason=reason, rollback=rollback, force=force
        )
        return await _stay(terminal, reached, done, watch=False)

    return with_api(output, answer)


async def _stay(
    terminal: Terminal, reached: Reached, done: Acknowledgement, *, watch: bool
) -> ExitCode:
    """Watch the migration where asked, or where leaving would stop the stack it runs on."""
    if not watch and reached.stack is None:
        return _acknowledged(terminal, done)
    journey = Journey(reached.sterna, terminal)
    migration: Migration = await journey.watch(done.id)
    if migration.status in {"cancelled", "rolled_back"}:
        return shown(terminal, migration, f"{migration.id} {migration.status.replace('_', ' ')}")
    return await conclude(terminal, journey, migration)


def _acknowledged(terminal: Terminal, done: Acknowledgement) -> ExitCode:
    text = f"{done.id} {done.status.replace('_', ' ')}"
    return shown(terminal, done, text + (f": {done.message}" if done.message else ""))


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""
