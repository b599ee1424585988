from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.sync_answers import StoppedBody, show_lag
from sterna_api.http.sync_bodies import StopBody, StopQuery
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_core.clock import Clock
from sterna_core.errors import Rejected
from sterna_core.migration.sync_commands import StopMigration


class _Stop(Struct, frozen=True):
    immediate: bool


class SyncRoutes:
    """`/v1/migrations/{id}/lag` and `/stop`: see how far a target is behind, and end that."""

    def __init__(
        self, desk: CommandDesk, migrations: Migrations, writes: ReadYourWrites, clock: Clock
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.get(f"{one}/lag", self.lag, allow_head=False),
            web.post(f"{one}/stop", self.stop),
        ]

    async def lag(self, request: web.Request) -> web.Response:
        """Show how far a target is behind its source."""
        known = await self._find(request)
        mode = known.view.about.options.mode
        if mode != "incremental":
            raise Rejected(
                "invalid_state",
                "Only a migration of the mode incremental follows its source.",
                {"mode": mode, "status": known.view.status},
            )
        return answer(show_lag(known, self._clock()))

    async def stop(self, request: web.Request) -> web.Response:
        """Bring the target up to date for the last time, and finish."""
        body, query = await read_body(request, StopBody), read_query(request, StopQuery)
        wanted = _Stop(body.immediate or query.immediate)
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, wanted)
        outcome = await self._desk.hand_in(
            ticket, migration_id, StopMigration(immediate=wanted.immediate)
        )
        await self._writes.reach(outcome.position)
        status = (await self._find(request)).view.status
        over = status == "completed"
        stopped = StoppedBody(
            id=migration_id,
            status=status,
            message="Migration is complete" if over else "Migration will finish after a last pass",
        )
        return answer(stopped, headers=position_of(outcome))

    async def _find(self, request: web.Request) -> KnownMigration:
        known = await self._migrations.find(caller_of(request).org_id, migration_id_of(request))
        if known is None:
            raise not_found("migration")
        return known
