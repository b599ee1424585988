from typing import get_args

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.validation_answers import SkippedBody, show_one_kind, show_validation
from sterna_api.http.validation_bodies import SkipValidationBody
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_core.migration.validation_commands import SkipValidation
from sterna_core.migration.validation_options import Kind

_KINDS = frozenset(get_args(Kind)) - {"content"}


class ValidationRoutes:
    """`/v1/migrations/{id}/validation`: what was proven, and leaving some of it out."""

    def __init__(self, desk: CommandDesk, migrations: Migrations, writes: ReadYourWrites) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.get(f"{one}/validation", self.show, allow_head=False),
            web.get(f"{one}/validation/{{kind}}", self.kind, allow_head=False),
            web.post(f"{one}/skip-validation", self.skip),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show whether everything arrived, kind by kind and table by table."""
        return answer(show_validation(await self._find(request)))

    async def kind(self, request: web.Request) -> web.Response:
        """Show what one kind found."""
        kind = request.match_info["kind"]
        if kind not in _KINDS:
            raise not_found("validation")
        return answer(show_one_kind(await self._find(request), kind))  # type: ignore[arg-type]

    async def skip(self, request: web.Request) -> web.Response:
        """Leave kinds out; then nothing is certified."""
        body = await read_body(request, SkipValidationBody)
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, body)
        command = SkipValidation(reason=body.reason, kinds=body.kinds)
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        await self._writes.reach(outcome.position)
        known = await self._migrations.find(ticket.caller.org_id, migration_id)
        skipped = SkippedBody(
            id=migration_id,
            status=known.view.status if known else "pending",
            skipped=known.view.validation.skipped if known else body.kinds,
            message="Skipped: no certificate will be issued for this migration",
        )
        return answer(skipped, headers=position_of(outcome))

    async def _find(self, request: web.Request) -> KnownMigration:
        known = await self._migrations.find(caller_of(request).org_id, migration_id_of(request))
        if known is None:
            raise not_found("migration")
        return known
