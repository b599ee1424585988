import asyncpg

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.api_key.events import ApiKeyCreated, ApiKeyRevoked

_SQL = Statements("rows.sql")


async def project_api_key(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the row of an API key up to date."""
    match occurrence.event:
        case ApiKeyCreated() as event:
            await connection.execute(
                _SQL["insert_api_key"],
                event.digest,
                occurrence.org_id,
                occurrence.aggregate_id,
                event.name,
                event.at,
                event.by,
                event.expires_at,
            )
        case ApiKeyRevoked() as event:
            await connection.execute(
                _SQL["revoke_api_key"], occurrence.org_id, occurrence.aggregate_id, event.at
            )
