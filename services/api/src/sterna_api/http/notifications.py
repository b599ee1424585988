"""Whom a migration tells what, and what became of that."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, page_body
from sterna_api.http.query import read_query
from sterna_api.http.resource_id import not_found
from sterna_api.projections.migrations import Migrations
from sterna_api.projections.notices import Notices, NoticeStatus


class NoticesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notices to list."""

    status: NoticeStatus | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class NotificationRoutes:
    """`/v1/migrations/{id}/notifications`."""

    def __init__(self, migrations: Migrations, notices: Notices) -> None:
        self._migrations = migrations
        self._notices = notices

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        path = "/v1/migrations/{migration_id}/notifications"
        return [web.get(path, self.list, allow_head=False)]

    async def list(self, request: web.Request) -> web.Response:
        """List who was and will be told what of a migration, newest first."""
        query = read_query(request, NoticesQuery)
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        if await self._migrations.find(org_id, migration_id) is None:
            raise not_found("migration")
        page = await self._notices.page(
            org_id, migration_id, query.status, limit=query.limit, offset=query.offset
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )
