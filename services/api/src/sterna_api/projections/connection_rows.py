import asyncpg
import msgspec

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.connection.events import (
    ConnectionCreated,
    ConnectionDeleted,
    ConnectionProbed,
    ConnectionUpdated,
)
from sterna_core.connection.view import ConnectionView, fold_connection

_SQL = Statements("rows.sql")


async def project_connection(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the row of a connection up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ConnectionCreated() as event:
            document = _encode(fold_connection(None, event))
            await connection.execute(
                _SQL["insert_connection"], *key, event.name, event.at, document
            )
        case (ConnectionProbed() | ConnectionUpdated()) as event:
            text = await connection.fetchval(_SQL["read_connection_document"], *key)
            known = msgspec.json.decode(text, type=ConnectionView) if text else None
            view = fold_connection(known, event)
            if view is not None:
                await connection.execute(_SQL["update_connection"], *key, view.name, _encode(view))
        case ConnectionDeleted():
            await connection.execute(_SQL["delete_connection"], *key)


def _encode(view: ConnectionView | None) -> str:
    return msgspec.json.encode(view).decode()
