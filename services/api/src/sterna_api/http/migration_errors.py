from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.error_bodies import ErrorAnswer, ErrorsQuery, ResolveBody, RetryBody
from sterna_api.http.error_replacement import check_replacement
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.paging import page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.migration_errors import ErrorFilter, ErrorStatus, MigrationErrors
from sterna_api.projections.migrations import Migrations
from sterna_core.ids import ERROR
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.replacement import AnyReplacement

_SAYS: dict[Resolution, tuple[ErrorStatus, str]] = {
    "retry": ("open", "The rows will be tried again"),
    "skip": ("resolved", "The rows are left out, on record"),
    "default": ("open", "The rows will be tried again; what is refused again gets another value"),
    "transform": ("open", "The rows will be tried again; what is refused again is transformed"),
    "escalate": ("escalated", "The error waits for somebody else"),
}


class MigrationErrorRoutes:
    """`/v1/migrations/{id}/errors`: what failed, what was refused, and what becomes of it."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: Migrations,
        errors: MigrationErrors,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._errors = errors
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        every = "/v1/migrations/{migration_id}/errors"
        one = f"{every}/{{error_id}}"
        return [
            web.get(every, self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.post(f"{one}/resolve", self.resolve),
            web.post(f"{one}/retry", self.retry),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List a migration's errors."""
        query = read_query(request, ErrorsQuery)
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        if await self._migrations.find(org_id, migration_id) is None:
            raise not_found("migration")
        page = await self._errors.page(
            org_id,
            migration_id,
            ErrorFilter(status=query.status, error_class=query.error_class, table=query.table),
            limit=query.limit,
            offset=query.offset,
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show one error."""
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        if await self._migrations.find(org_id, migration_id) is None:
            raise not_found("migration")
        known = await self._errors.find(org_id, migration_id, _error_id_of(request))
        if known is None:
            raise not_found("error")
        return answer(known)

    async def resolve(self, request: web.Request) -> web.Response:
        """Decide what becomes of the rows of an error."""
        body = await read_body(request, ResolveBody)
        replacement = body.replacement()
        if replacement is not None:
            await self._check(request, replacement)
        return await self._decide(request, body, body.resolution, body.reason, replacement)

    async def retry(self, request: web.Request) -> web.Response:
        """Try the rows of an error again."""
        body = await read_body(request, RetryBody)
        return await self._decide(request, body, "retry", body.reason)

    async def _check(self, request: web.Request, replacement: AnyReplacement) -> None:
        """Raise InvalidShape for a column that is not there, or an expression that may not run."""
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        await self._writes.catch_up_with(org_id, migration_id)
        error = await self._errors.find(org_id, migration_id, _error_id_of(request))
        if error is not None:
            tables = await self._migrations.plan_tables(org_id, migration_id)
            check_replacement(replacement, error, tables)

    async def _decide(
        self,
        request: web.Request,
        body: Struct,
        resolution: Resolution,
        reason: str | None,
        replacement: AnyReplacement | None = None,
    ) -> web.Response:
        migration_id, error_id = migration_id_of(request), _error_id_of(request)
        ticket = self._desk.ticket(request, body)
        command = ResolveError(
            error_id=error_id, resolution=resolution, reason=reason, replacement=replacement
        )
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        status, message = _SAYS[resolution]
        migration_status = "unknown"
        if await self._writes.reach(outcome.position):
            org_id = caller_of(request).org_id
            known = await self._migrations.find(org_id, migration_id)
            error = await self._errors.find(org_id, migration_id, error_id)
            migration_status = known.view.status if known else migration_status
            status = error.status if error else status
        decided = ErrorAnswer(
            id=error_id,
            migration_id=migration_id,
            status=status,
            resolution=resolution,
            migration_status=migration_status,
            message=message,
        )
        return answer(decided, headers=position_of(outcome))


def _error_id_of(request: web.Request) -> str:
    return resource_id(request, name="error_id", prefix=ERROR, noun="error")
