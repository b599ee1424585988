import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.connection.view import ConnectionView

_SQL = Statements("reading.sql")


class KnownConnection(Struct, frozen=True):
    """A connection with its id."""

    connection_id: str
    view: ConnectionView


class Connections:
    """The connections of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, connection_id: str) -> KnownConnection | None:
        """Give a connection, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["connection"], org_id, connection_id)
        return _known(row["connection_id"], row["document"]) if row else None

    async def page(self, org_id: str, *, limit: int, offset: int) -> Page[KnownConnection]:
        """Give some connections, newest first."""
        rows = await self._database.fetch(_SQL["connections"], org_id, limit, offset)
        items = [_known(row["connection_id"], row["document"]) for row in rows]
        total = await self._database.count(_SQL["connections_count"], org_id)
        return Page(items, total, limit, offset)


def _known(connection_id: str, document: str) -> KnownConnection:
    return KnownConnection(connection_id, msgspec.json.decode(document, type=ConnectionView))
