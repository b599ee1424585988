import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.connection.view import ConnectionStatus, ConnectionView

_SQL = Statements("reading.sql")


class KnownConnection(Struct, frozen=True):
    """A connection with its id."""

    connection_id: str
    view: ConnectionView


class ConnectionFilter(Struct, frozen=True, kw_only=True):
    """Which connections are wanted; None is any, `name` a part of the name in any case."""

    type: str | None = None
    role: str | None = None
    status: ConnectionStatus | None = None
    tag: str | None = None
    name: str | None = None


class Connections:
    """The connections of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, connection_id: str) -> KnownConnection | None:
        """Give a connection, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["connection"], org_id, connection_id)
        return _known(row["connection_id"], row["document"]) if row else None

    async def page(
        self, org_id: str, wanted: ConnectionFilter, *, limit: int, offset: int
    ) -> Page[KnownConnection]:
        """Give some of the connections that match, newest first."""
        filters = (org_id, *msgspec.structs.astuple(wanted))
        rows = await self._database.fetch(_SQL["connections"], *filters, limit, offset)
        items = [_known(row["connection_id"], row["document"]) for row in rows]
        total = await self._database.count(_SQL["connections_count"], *filters)
        return Page(items, total, limit, offset)

    async def live_migrations(self, org_id: str, connection_id: str) -> tuple[str, ...]:
        """Give some of the migrations that were created with a connection and have not ended."""
        rows = await self._database.fetch(_SQL["connection_users"], org_id, connection_id)
        return tuple(row["migration_id"] for row in rows)


def _known(connection_id: str, document: str) -> KnownConnection:
    return KnownConnection(connection_id, msgspec.json.decode(document, type=ConnectionView))
