import asyncpg

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.api_key.events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
    ApiKeyUpdated,
)

_SQL = Statements("rows.sql")


async def project_api_key(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the row of an API key up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ApiKeyCreated() as event:
            await connection.execute(
                _SQL["insert_api_key"],
                event.digest,
                *key,
                event.name,
                event.at,
                event.by,
                event.expires_at,
                event.scopes,
                event.ip_whitelist,
                event.environment,
            )
        case ApiKeyUpdated() as event:
            await connection.execute(
                _SQL["update_api_key"],
                *key,
                event.name,
                event.scopes,
                event.expires_at,
                event.ip_whitelist,
            )
        case ApiKeyRotated() as event:
            await connection.execute(
                _SQL["rotate_api_key"], *key, event.digest, event.previous_until, event.at
            )
        case ApiKeyRevoked() as event:
            await connection.execute(_SQL["revoke_api_key"], *key, event.at)
