import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.namespace_migration.config import MigrationType
from sterna_core.namespace_migration.progress import MigrationStatus
from sterna_core.namespace_migration.view import NamespaceMigrationView

_SQL = Statements("reading.sql")


class NamespaceMigrationFilter(Struct, frozen=True, kw_only=True):
    """Which migrations are wanted; None is any."""

    status: MigrationStatus | None = None
    migration_type: MigrationType | None = None
    source_namespace_id: str | None = None


class NamespaceMigrations:
    """The namespace migrations of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, migration_id: str) -> NamespaceMigrationView | None:
        """Give a migration, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["namespace_migration"], org_id, migration_id)
        return msgspec.json.decode(row["document"], type=NamespaceMigrationView) if row else None

    async def page(
        self, org_id: str, wanted: NamespaceMigrationFilter, *, limit: int, offset: int
    ) -> Page[NamespaceMigrationView]:
        """Give some of the migrations that match, the newest first."""
        filters = (org_id, *msgspec.structs.astuple(wanted))
        rows = await self._database.fetch(_SQL["namespace_migrations"], *filters, limit, offset)
        items = [msgspec.json.decode(row["document"], type=NamespaceMigrationView) for row in rows]
        total = await self._database.count(_SQL["namespace_migrations_count"], *filters)
        return Page(items, total, limit, offset)
