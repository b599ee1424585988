from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace.view import NamespaceView

_SQL = Statements("namespaces.sql")


class KnownNamespace(Struct, frozen=True):
    """A namespace with its id."""

    namespace_id: str
    view: NamespaceView


class ResourceLine(Struct, frozen=True):
    """A resource as it was put last."""

    resource_id: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    definition: dict[str, Any]


class AliasLine(Struct, frozen=True):
    """Where an alias leads, and where it led before."""

    name: str
    namespace_id: str
    previous_namespace_id: str | None
    pointed_at: UtcDatetime
    pointed_by: str


class Namespaces:
    """The namespaces of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, named: str) -> KnownNamespace | None:
        """Give a namespace by its id, its name or an alias, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["namespace"], org_id, named)
        return _known(row) if row else None

    async def page(
        self, org_id: str, name: str | None, *, limit: int, offset: int
    ) -> Page[KnownNamespace]:
        """Give some namespaces, newest first; `name` is a part of the name."""
        rows = await self._database.fetch(_SQL["namespaces"], org_id, name, limit, offset)
        total = await self._database.count(_SQL["namespaces_count"], org_id, name)
        return Page([_known(row) for row in rows], total, limit, offset)

    async def resource_counts(self, org_id: str, namespace_id: str) -> dict[str, int]:
        """Count the resources of each kind that there are."""
        rows = await self._database.fetch(_SQL["resource_counts"], org_id, namespace_id)
        return {row["kind"]: row["count"] for row in rows}

    async def resource(
        self, org_id: str, namespace_id: str, kind: ResourceKind, resource_id: str
    ) -> ResourceLine | None:
        """Give a resource, if the namespace has it."""
        row = await self._database.fetchrow(
            _SQL["resource"], org_id, namespace_id, kind, resource_id
        )
        return _line(row) if row else None

    async def resource_page(
        self, org_id: str, namespace_id: str, kind: ResourceKind, *, limit: int, offset: int
    ) -> Page[ResourceLine]:
        """Give some resources of a kind, in the order of their ids."""
        key = (org_id, namespace_id, kind)
        rows = await self._database.fetch(_SQL["resources"], *key, limit, offset)
        total = await self._database.count(_SQL["resources_count"], *key)
        return Page([_line(row) for row in rows], total, limit, offset)

    async def resources(self, org_id: str, namespace_id: str) -> tuple[Resource, ...]:
        """Give every resource of a namespace."""
        rows = await self._database.fetch(_SQL["all_resources"], org_id, namespace_id)
        return tuple(
            Resource(row["resource_id"], row["kind"], msgspec.json.decode(row["definition"]))
            for row in rows
        )

    async def alias(self, org_id: str, name: str) -> AliasLine | None:
        """Give an alias, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["alias"], org_id, name)
        return AliasLine(*row.values()) if row else None

    async def alias_page(self, org_id: str, *, limit: int, offset: int) -> Page[AliasLine]:
        """Give some aliases, by name."""
        rows = await self._database.fetch(_SQL["aliases"], org_id, limit, offset)
        total = await self._database.count(_SQL["aliases_count"], org_id)
        return Page([AliasLine(*row.values()) for row in rows], total, limit, offset)

    async def aliases_of(self, org_id: str, namespace_id: str) -> tuple[str, ...]:
        """Give the aliases that lead to a namespace."""
        rows = await self._database.fetch(_SQL["aliases_of"], org_id, namespace_id)
        return tuple(row["name"] for row in rows)

    async def live_migrations(self, org_id: str, namespace_id: str) -> tuple[str, ...]:
        """Give some of the migrations from or to a namespace that are at work, or can be resumed."""
        rows = await self._database.fetch(_SQL["users_of"], org_id, namespace_id)
        return tuple(row["migration_id"] for row in rows)


def _known(row: asyncpg.Record) -> KnownNamespace:
    view = msgspec.json.decode(row["document"], type=NamespaceView)
    return KnownNamespace(row["namespace_id"], view)


def _line(row: asyncpg.Record) -> ResourceLine:
    definition = msgspec.json.decode(row["definition"])
    return ResourceLine(row["resource_id"], row["created_at"], row["updated_at"], definition)
