from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, page_body
from sterna_api.http.query import read_query
from sterna_api.projections.audit_log import AuditLog
from sterna_core.clock import UtcDatetime

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class AuditQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of the audit log to give: `actor` is a key's id, `action` a whole name."""

    actor: Word | None = None
    action: Word | None = None
    since: UtcDatetime | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class AuditLogRoutes:
    """`/v1/audit-logs`."""

    def __init__(self, audit_log: AuditLog) -> None:
        self._audit_log = audit_log

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/audit-logs", self.list, allow_head=False)]

    async def list(self, request: web.Request) -> web.Response:
        """List who did what in the organisation, newest first."""
        query = read_query(request, AuditQuery)
        page = await self._audit_log.page(
            caller_of(request).org_id,
            actor=query.actor,
            action=query.action,
            since=query.since,
            limit=query.limit,
            offset=query.offset,
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )
