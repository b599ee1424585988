import asyncio

from msgspec import Struct

from sterna_cli.client.answers import Connection, Migration
from sterna_cli.client.failure import ApiFailure
from sterna_cli.client.measures import ValidationReport
from sterna_cli.client.plan import Plan
from sterna_cli.client.sterna import Sterna
from sterna_cli.console.plan_view import show_plan
from sterna_cli.console.progress import progress_view
from sterna_cli.console.report_view import show_result, show_validation
from sterna_cli.console.terminal import Terminal
from sterna_cli.database_url import DatabaseUrl, Side
from sterna_cli.migrate.interrupts import Interrupts
from sterna_cli.migrate.request import MigrationRequest
from sterna_cli.migrate.watch import LOOK_SECONDS, OnLook, Watch
from sterna_core.errors import Terminal as TerminalError

_LOOK_SECONDS = 0.2
_PLANNING = frozenset({"pending", "planning"})


class Outcome(Struct, frozen=True, kw_only=True):
    """How a migration ended, and what the comparison found."""

    migration: Migration
    validation: ValidationReport | None


class Journey:
    """The steps of one migration, each shown to a person as it happens."""

    def __init__(self, sterna: Sterna, terminal: Terminal) -> None:
        self._sterna = sterna
        self._terminal = terminal

    async def prepare(self, request: MigrationRequest) -> tuple[Migration, Plan]:
        """Make both connections and the migration, and wait for its plan.

        Raises SternaError where a database cannot be reached or no plan can be made.
        """
        source = await self._connect(request.source, "source")
        target = await self._connect(request.target, "target")
        migration = await self._sterna.migrations.create(request.body(source.id, target.id))
        self._terminal.say(f"  migration  {migration.id}")
        migration = await self._planned(migration)
        plan = await self._sterna.migrations.plan(migration.id)
        show_plan(self._terminal, plan)
        return migration, plan

    async def approve(self, plan: Plan) -> None:
        """Approve every mapping that waits for a person."""
        for mapping in plan.waiting:
            await self._sterna.migrations.decide_mapping(
                plan.migration_id, mapping.id, approved=True, comment="approved at the terminal"
            )

    async def carry_out(
        self,
        migration_id: str,
        on_look: OnLook | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> Migration:
        """Start a migration whose plan is approved, and watch it."""
        await self._sterna.migrations.start(migration_id)
        return await self.watch(migration_id, on_look, look_seconds)

    async def watch(
        self,
        migration_id: str,
        on_look: OnLook | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> Migration:
        """Show the progress until the migration rests or is over; Ctrl-C pauses it."""
        self._terminal.heading("Progress")
        with Interrupts() as interrupts, progress_view(self._terminal.remarks) as view:
            watch = Watch(
                self._sterna.migrations,
                view,
                interrupts,
                on_look=on_look,
                look_seconds=look_seconds,
            )
            return await watch.until_rest(migration_id)

    async def report(self, migration: Migration) -> Outcome:
        """Show the proof and the result."""
        validation = await self._validation(migration.id)
        if validation is not None:
            show_validation(self._terminal, validation)
        show_result(self._terminal, migration)
        return Outcome(migration=migration, validation=validation)

    async def _connect(self, url: DatabaseUrl, side: Side) -> Connection:
        connection = await self._sterna.connections.create(url.connection(str(url), side))
        connection = await self._sterna.connections.tested(connection.id)
        if connection.status == "failed":
            raise TerminalError(
                f"the {side} {url} cannot be used: {connection.reason or 'its test failed'}",
                code=f"{side}_unreachable",
            )
        self._terminal.say(f"  {side:<10} {url}")
        return connection

    async def _planned(self, migration: Migration) -> Migration:
        while migration.status in _PLANNING:
            await asyncio.sleep(_LOOK_SECONDS)
            migration = await self._sterna.migrations.get(migration.id)
        if migration.is_over:
            error = migration.error
            raise TerminalError(
                error.message if error else f"planning ended as {migration.status}",
                code=error.code if error else "plan_failed",
                details=error.details if error else None,
            )
        return migration

    async def _validation(self, migration_id: str) -> ValidationReport | None:
        try:
            return await self._sterna.migrations.validation(migration_id)
        except ApiFailure as failure:
            if failure.status != 404:
                raise
            return None
