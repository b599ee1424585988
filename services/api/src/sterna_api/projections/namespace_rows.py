import asyncpg
import msgspec

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.namespace import events as ev
from sterna_core.namespace.view import NamespaceView
from sterna_core.namespace_name.events import AliasPointed, AliasReleased

_SQL = Statements("namespace_rows.sql")


async def project_namespace(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the rows of a namespace and its resources up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ev.NamespaceCreated() as event:
            document = msgspec.json.encode(NamespaceView.of(event)).decode()
            await connection.execute(_SQL["insert_namespace"], *key, event.name, event.at, document)
        case ev.ResourcePut(resource=resource) as event:
            definition = msgspec.json.encode(resource.definition).decode()
            await connection.execute(
                _SQL["upsert_resource"],
                *key,
                resource.kind,
                resource.resource_id,
                event.at,
                definition,
            )
        case ev.ResourceRemoved() as event:
            await connection.execute(_SQL["delete_resource"], *key, event.resource_id)
        case ev.NamespaceDeleted():
            await connection.execute(_SQL["delete_namespace"], *key)
            await connection.execute(_SQL["delete_resources"], *key)


async def project_namespace_name(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the row of an alias up to date; the names of namespaces stand with them."""
    match occurrence.event:
        case AliasPointed() as event:
            await connection.execute(
                _SQL["upsert_alias"],
                occurrence.org_id,
                event.name,
                event.namespace_id,
                event.previous,
                event.at,
                event.by,
            )
        case AliasReleased() as event:
            await connection.execute(_SQL["delete_alias"], occurrence.org_id, event.name)
