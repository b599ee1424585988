from typing import Literal

import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.status import Status
from sterna_core.migration.view import MigrationView
from sterna_core.postgres.identifiers import quote

Sort = Literal["created_at", "started_at", "name"]
Order = Literal["asc", "desc"]

_SQL = Statements("reading.sql")


class KnownMigration(Struct, frozen=True):
    """A migration with its id and how far it is as a whole."""

    migration_id: str
    percent: int
    view: MigrationView


class MigrationLine(Struct, frozen=True):
    """A migration as lists show it."""

    id: str
    name: str
    status: Status
    progress_percent: int
    created_at: UtcDatetime
    started_at: UtcDatetime | None


class MigrationFilter(Struct, frozen=True, kw_only=True):
    """Which migrations are wanted; None is any."""

    status: Status | None = None
    source_id: str | None = None
    target_id: str | None = None
    created_after: UtcDatetime | None = None
    created_before: UtcDatetime | None = None


class Migrations:
    """The migrations of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, migration_id: str) -> KnownMigration | None:
        """Give a migration, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["migration"], org_id, migration_id)
        if row is None:
            return None
        view = msgspec.json.decode(row["document"], type=MigrationView)
        return KnownMigration(row["migration_id"], row["progress_percent"], view)

    async def find_figures(self, org_id: str, migration_id: str) -> KnownMigration | None:
        """Give a migration, or one that was deleted and whose figures were kept."""
        known = await self.find(org_id, migration_id)
        if known is not None:
            return known
        row = await self._database.fetchrow(_SQL["deleted_migration"], org_id, migration_id)
        if row is None:
            return None
        view = msgspec.json.decode(row["document"], type=MigrationView)
        return KnownMigration(row["migration_id"], row["progress_percent"], view)

    async def plan_tables(self, org_id: str, migration_id: str) -> tuple[TablePlan, ...]:
        """Give the tables of a migration's plan, in the plan's order."""
        rows = await self._database.fetch(_SQL["plan_tables"], org_id, migration_id)
        return tuple(msgspec.json.decode(row["document"], type=TablePlan) for row in rows)

    async def page(
        self,
        org_id: str,
        wanted: MigrationFilter,
        *,
        sort: Sort,
        order: Order,
        limit: int,
        offset: int,
    ) -> Page[MigrationLine]:
        """Give some of the migrations that match, in an order that is the same every time."""
        filters = (org_id, *msgspec.structs.astuple(wanted))
        statement = (
            f"{_SQL['migrations_matching']} order by {quote(sort)} {order} nulls last,"
            f" migration_id {order} limit $7 offset $8"
        )
        rows = await self._database.fetch(statement, *filters, limit, offset)
        total = await self._database.count(_SQL["migrations_count"], *filters)
        items = [MigrationLine(*row.values()) for row in rows]
        return Page(items, total, limit, offset)
