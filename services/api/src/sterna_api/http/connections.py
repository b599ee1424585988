from aiohttp import web
from msgspec.structs import replace

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.connection_bodies import (
    ConnectionsQuery,
    CreateConnectionBody,
    UpdateConnectionBody,
    show_connection,
)
from sterna_api.http.connection_catalog import CatalogQuery
from sterna_api.http.connection_changes import changes_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import page_body
from sterna_api.http.probe_desk import ProbeDesk
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import is_id, not_found, resource_id
from sterna_api.projections.connections import (
    ConnectionFilter,
    Connections,
    KnownConnection,
)
from sterna_core import ids
from sterna_core.connection.commands import (
    CreateConnection,
    DeleteConnection,
    UpdateConnection,
)
from sterna_core.connection.endpoint import Endpoint, ServerType
from sterna_core.connection.events import ConnectionCreated
from sterna_core.connection.options import ConnectionOptions
from sterna_core.connection.view import fold_connection
from sterna_core.errors import Rejected
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret


class ConnectionRoutes:
    """`/v1/connections`."""

    def __init__(
        self,
        desk: CommandDesk,
        connections: Connections,
        probes: ProbeDesk,
        keyring: Keyring,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._connections = connections
        self._probes = probes
        self._keyring = keyring
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/connections/{connection_id}"
        return [
            web.post("/v1/connections", self.create),
            web.get("/v1/connections", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.patch(one, self.update),
            web.delete(one, self.delete),
            web.post(f"{one}/test", self.test),
            web.get(f"{one}/schema", self.schema, allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Keep a connection; the password is sealed before it leaves this process."""
        body = await read_body(request, CreateConnectionBody)
        ticket = self._desk.ticket(request, body)
        connection_id = ticket.new_id(ids.CONNECTION)
        command = self._command(ticket, connection_id, body)
        outcome = await self._desk.hand_in(ticket, connection_id, command)
        for event in outcome.events:
            if isinstance(event, ConnectionCreated):
                view = fold_connection(None, event)
                assert view is not None
                self._probes.try_soon(view)
                known = KnownConnection(connection_id, view)
                return answer(show_connection(known), status=201, headers=position_of(outcome))
        known = await find_connection(
            self._connections, self._writes, ticket.caller.org_id, connection_id
        )
        return answer(show_connection(known), status=201, headers=position_of(outcome))

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's connections, newest first."""
        query = read_query(request, ConnectionsQuery)
        wanted = ConnectionFilter(
            type=query.type,
            role=query.role,
            status=query.status,
            tag=query.tag,
            name=query.name,
        )
        page = await self._connections.page(
            caller_of(request).org_id, wanted, limit=query.limit, offset=query.offset
        )
        shown = [show_connection(known) for known in page.items]
        return answer(page_body(shown, total=page.total, limit=page.limit, offset=page.offset))

    async def show(self, request: web.Request) -> web.Response:
        """Show one connection."""
        known = await self._connections.find(caller_of(request).org_id, _id_of(request))
        if known is None:
            raise not_found("connection")
        return answer(show_connection(known))

    async def update(self, request: web.Request) -> web.Response:
        """Change what is given; where that leads elsewhere, the connection is tried again.

        Migrations have what they were created with, so none is touched by it.
        """
        body = await read_body(request, UpdateConnectionBody)
        ticket = self._desk.ticket(request, body)
        connection_id, org_id = _id_of(request), ticket.caller.org_id
        if body.type is not None:
            await self._check_type(org_id, connection_id, body.type)
        changes = changes_of(body, self._keyring, context=f"{org_id}/{connection_id}")
        command = UpdateConnection(changes=changes)
        outcome = await self._desk.hand_in(ticket, connection_id, command)
        # Whoever is answered sees it, and creates migrations with it.
        await self._writes.catch_up_with(org_id, connection_id)
        known = await find_connection(self._connections, self._writes, org_id, connection_id)
        if outcome.events and changes.leads_elsewhere:
            self._probes.try_soon(known.view)
        return answer(show_connection(known), headers=position_of(outcome))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a connection that no live migration was created with."""
        connection_id = _id_of(request)
        ticket = self._desk.ticket(request)
        # What was acknowledged before this request is seen, wherever it happened.
        await self._writes.catch_up()
        users = await self._connections.live_migrations(ticket.caller.org_id, connection_id)
        if users:
            raise Rejected(
                "connection_in_use",
                "Migrations that have not ended were created with this connection.",
                {"migrations": list(users)},
            )
        outcome = await self._desk.hand_in(ticket, connection_id, DeleteConnection())
        body = DeletedBody(connection_id, deleted=True)
        return answer(body, headers=position_of(outcome))

    async def test(self, request: web.Request) -> web.Response:
        """Try a connection now; `status`, `reason` and `last_test` say what was found."""
        known = await find_connection(
            self._connections, self._writes, caller_of(request).org_id, _id_of(request)
        )
        result = await self._probes.try_now(known.view)
        tried = KnownConnection(known.connection_id, replace(known.view, probe=result))
        return answer(show_connection(tried))

    async def schema(self, request: web.Request) -> web.Response:
        """List the tables of the connection's database as they are now."""
        query = read_query(request, CatalogQuery)
        known = await find_connection(
            self._connections, self._writes, caller_of(request).org_id, _id_of(request)
        )
        return answer(await self._probes.catalog(known.view, query))

    async def _check_type(self, org_id: str, connection_id: str, wanted: ServerType) -> None:
        """Refuse another type: what was made with the connection could not be read by it."""
        known = await find_connection(self._connections, self._writes, org_id, connection_id)
        if known.view.endpoint.type != wanted:
            raise Rejected(
                "connection_type_fixed",
                "The type of a connection stays; make another connection.",
                {"type": known.view.endpoint.type},
            )

    def _command(
        self, ticket: Ticket, connection_id: str, body: CreateConnectionBody
    ) -> CreateConnection:
        config, options = body.config, body.options
        context = f"{ticket.caller.org_id}/{connection_id}"
        return CreateConnection(
            name=body.name,
            description=body.description,
            role=body.role,
            endpoint=Endpoint(
                connection_id=connection_id,
                org_id=ticket.caller.org_id,
                host=config.host,
                port=config.port,
                database=config.database,
                username=config.username,
                sealed_password=self._keyring.seal(Secret(config.password), context=context),
                ssl_mode=options.ssl_mode,
                type=body.type,
                connection_timeout_seconds=options.connection_timeout_seconds,
                max_connections=options.max_connections,
            ),
            schemas=tuple(config.schemas),
            options=ConnectionOptions(
                connection_timeout_seconds=options.connection_timeout_seconds,
                query_timeout_seconds=options.query_timeout_seconds,
                max_connections=options.max_connections,
            ),
            tags=tuple(body.tags),
        )


async def find_connection(
    connections: Connections, writes: ReadYourWrites, org_id: str, connection_id: str
) -> KnownConnection:
    """Find a connection that has been created before now, however far the projections are.

    Raises NotFound, BehindPosition.
    """
    known = await connections.find(org_id, connection_id)
    if known is None and is_id(ids.CONNECTION, connection_id):
        await writes.catch_up_with(org_id, connection_id)
        known = await connections.find(org_id, connection_id)
    if known is None:
        raise not_found("connection")
    return known


def _id_of(request: web.Request) -> str:
    return resource_id(request, name="connection_id", prefix=ids.CONNECTION, noun="connection")
