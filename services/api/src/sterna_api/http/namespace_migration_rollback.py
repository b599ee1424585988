from typing import Literal

from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.namespace_catalog import NamespaceCatalog
from sterna_api.http.namespace_migration_bodies import RollbackMigrationRequest
from sterna_api.http.namespace_starts import NamespaceStarts
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.namespace_migrations import NamespaceMigrations
from sterna_core import ids
from sterna_core.errors import InvalidRequest
from sterna_core.namespace_migration.commands import RollBackNamespaceMigration
from sterna_core.namespace_migration.progress import MigrationStatus
from sterna_core.namespace_migration.view import NamespaceMigrationView

_NOUN = "namespace_migration"
_GIVEN_UP = frozenset(("failed", "cancelled"))


class RollbackMigrationResponse(Struct, frozen=True, kw_only=True):
    """It is being rolled back, or was; the status is that of the migration before."""

    migration_id: str
    status: MigrationStatus
    phase: Literal["rolling_back", "rolled_back", "rollback_failed"]
    message: str


class NamespaceRollbackRoutes:
    """`/v1/namespaces/migrations/{id}/rollback`."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: NamespaceMigrations,
        catalog: NamespaceCatalog,
        starts: NamespaceStarts,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._catalog = catalog
        self._starts = starts
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        path = "/v1/namespaces/migrations/{namespace_migration_id}/rollback"
        return [web.post(path, self.roll_back)]

    async def roll_back(self, request: web.Request) -> web.Response:
        """Lead aliases back to the source, and remove a target that is of no use."""
        body = await read_body(request, RollbackMigrationRequest)
        ticket = self._desk.ticket(request, body)
        migration_id = resource_id(
            request, name="namespace_migration_id", prefix=ids.NAMESPACE_MIGRATION, noun=_NOUN
        )
        org_id = ticket.caller.org_id
        await self._writes.catch_up_with(org_id, migration_id)
        view = await self._view(org_id, migration_id)
        if (body.drop_target or view.status in _GIVEN_UP) and view.phase != "rolling_back":
            await self._refuse_in_use(org_id, view)
        command = RollBackNamespaceMigration(reason=body.reason, drop_target=body.drop_target)
        outcome = await self._starts.hand_in(ticket, migration_id, command)
        await self._writes.reach(outcome.position)
        view = await self._view(org_id, migration_id)
        done = view.phase == "rolled_back"
        failed = view.phase == "rollback_failed"
        rolled = RollbackMigrationResponse(
            migration_id=migration_id,
            status=view.status,
            phase="rolled_back" if done else "rollback_failed" if failed else "rolling_back",
            message="Migration rolled back" if done else "Aliases are led back to the source",
        )
        return answer(rolled, headers=position_of(outcome))

    async def _refuse_in_use(self, org_id: str, view: NamespaceMigrationView) -> None:
        """Refuse to remove a target that others have come to use; raises InvalidRequest."""
        target = view.target.namespace_id
        users = await self._catalog.live_migrations(org_id, target)
        others = sorted(set(users) - {view.migration_id})
        if others:
            raise InvalidRequest(
                "Migrations from or to the target are at work, or have failed and can be resumed;"
                " cancel or delete them first.",
                code="namespace_in_use",
                details={"migrations": others},
            )
        aliases = set(await self._catalog.aliases_of(org_id, target)) - set(view.source.aliases)
        if aliases:
            raise InvalidRequest(
                "Aliases lead to the target that the migration has not switched.",
                code="alias_held",
                details={"aliases": sorted(aliases)},
            )

    async def _view(self, org_id: str, migration_id: str) -> NamespaceMigrationView:
        view = await self._migrations.find(org_id, migration_id)
        if view is None:
            raise not_found(_NOUN)
        return view
