from datetime import timedelta

import msgspec
from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.connections import find_connection
from sterna_api.http.entity_tag import etag_of, is_known
from sterna_api.http.metrics_answers import FRESH_SECONDS, show_metrics
from sterna_api.http.migration_answers import (
    CreatedBody,
    PlanLine,
    links_of,
    show_migration,
    source_of,
    target_of,
)
from sterna_api.http.migration_bodies import CreateMigrationBody, ListQuery, choices_of
from sterna_api.http.other_migrations import refuse_unknown_others
from sterna_api.http.paging import page_body
from sterna_api.http.plan_answers import show_plan
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.http.schedule_bodies import schedule_of
from sterna_api.http.validation_bodies import refuse_unsafe
from sterna_api.projections.connections import Connections
from sterna_api.projections.executor_resources import ExecutorResources
from sterna_api.projections.migrations import KnownMigration, MigrationFilter, Migrations
from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.connection.options import Role
from sterna_core.migration.about import Options, Party
from sterna_core.migration.commands import CreateMigration
from sterna_core.migration.plan import Selection
from sterna_core.notice.commands import NoticeChannel


class MigrationRoutes:
    """`/v1/migrations`: create, list and look at them."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: Migrations,
        parties: "PartyFinder",
        resources: ExecutorResources,
        writes: ReadYourWrites,
        clock: Clock,
        *,
        message_channels: frozenset[NoticeChannel],
    ) -> None:
        self._message_channels = message_channels
        self._desk = desk
        self._migrations = migrations
        self._parties = parties
        self._resources = resources
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.post("/v1/migrations", self.create),
            web.get("/v1/migrations", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.get(f"{one}/plan", self.plan, allow_head=False),
            web.get(f"{one}/metrics", self.metrics, allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Create a migration; it is planned at once."""
        body = await read_body(request, CreateMigrationBody)
        refuse_unsafe(body.options.validation)
        body.options.refuse_contradiction()
        ticket = self._desk.ticket(request, body)
        migration_id = ticket.new_id(ids.MIGRATION)
        org_id = ticket.caller.org_id
        source = await self._parties.find(org_id, body.source.connection_id, "source")
        target = await self._parties.find(org_id, body.target.connection_id, "target")
        selection = Selection(
            schemas=tuple(body.source.schemas),
            exclude_tables=tuple(body.source.exclude_tables),
            target_schema=body.target.schema,
            choices=choices_of(body.target.columns),
        )
        command = CreateMigration(
            name=body.name,
            description=body.description,
            source=source,
            target=target,
            selection=selection,
            options=msgspec.convert(msgspec.to_builtins(body.options), Options),
            schedule=(
                schedule_of(body.schedule, loc=("body", "schedule")) if body.schedule else None
            ),
            notifications=(
                body.notifications.checked(self._message_channels) if body.notifications else None
            ),
        )
        if command.schedule is not None:
            await refuse_unknown_others(
                self._migrations, self._writes, org_id, command.schedule, ("body", "schedule")
            )
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        created_at = ticket.now
        if outcome.repeated and await self._writes.reach(outcome.position):
            known = await self._migrations.find(org_id, migration_id)
            created_at = known.view.about.created_at if known else created_at
        created = CreatedBody(
            id=migration_id,
            name=body.name,
            status="pending",
            created_at=created_at,
            created_by=ticket.caller.key_id,
            source=source_of(source, selection.schemas, None),
            target=target_of(target, selection),
            plan=PlanLine("generating", None),
            links=links_of(migration_id),
        )
        return answer(created, status=201, headers=position_of(outcome))

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's migrations."""
        query = read_query(request, ListQuery)
        page = await self._migrations.page(
            caller_of(request).org_id,
            MigrationFilter(
                status=query.status,
                source_id=query.source_id,
                target_id=query.target_id,
                created_after=query.created_after,
                created_before=query.created_before,
            ),
            sort=query.field,
            order=query.direction,
            limit=query.limit,
            offset=query.offset,
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show one migration."""
        return answer(show_migration(await self._find(request), self._clock()))

    async def plan(self, request: web.Request) -> web.Response:
        """Show a migration's plan."""
        known = await self._find(request)
        if is_known(request, known.view.plan_digest):
            return web.Response(status=304, headers=etag_of(known.view.plan_digest))
        tables = await self._migrations.plan_tables(caller_of(request).org_id, known.migration_id)
        return answer(show_plan(known, tables), headers=etag_of(known.view.plan_digest))

    async def metrics(self, request: web.Request) -> web.Response:
        """Show a migration in figures, table by table."""
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        known = await self._migrations.find_figures(org_id, migration_id)
        if known is None:
            raise not_found("migration")
        now = self._clock()
        since = now - timedelta(seconds=FRESH_SECONDS)
        resources = await self._resources.since(org_id, migration_id, since)
        return answer(show_metrics(known, resources, now))

    async def _find(self, request: web.Request) -> KnownMigration:
        known = await self._migrations.find(caller_of(request).org_id, migration_id_of(request))
        if known is None:
            raise not_found("migration")
        return known


class PartyFinder:
    """Finds what a migration is to know of a connection."""

    def __init__(self, connections: Connections, writes: ReadYourWrites) -> None:
        self._connections = connections
        self._writes = writes

    async def find(self, org_id: str, connection_id: str, role: Role) -> Party:
        """Give a side of a migration; raises NotFound, and InvalidShape in another role."""
        known = await find_connection(self._connections, self._writes, org_id, connection_id)
        if known.view.role not in {role, "both"}:
            msg = f"This connection is not to be used as a {role}"
            loc = ("body", role, "connection_id")
            raise InvalidShape([Problem(loc, msg, "connection_role")])
        if known.view.endpoint.type != "postgresql":
            msg = f"A connection of the type {known.view.endpoint.type} is for namespaces only"
            loc = ("body", role, "connection_id")
            raise InvalidShape([Problem(loc, msg, "connection_type")])
        return Party(connection_name=known.view.name, endpoint=known.view.endpoint)


def migration_id_of(request: web.Request) -> str:
    """Give the migration that a path names; raises NotFound for what cannot be one."""
    return resource_id(request, name="migration_id", prefix=ids.MIGRATION, noun="migration")
