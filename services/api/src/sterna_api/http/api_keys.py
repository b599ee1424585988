from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.connection_bodies import Name
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.api_keys import ApiKeys
from sterna_core import ids
from sterna_core.api_key.commands import CreateApiKey, RevokeApiKey
from sterna_core.api_key.key import Pepper, make_key
from sterna_core.clock import UtcDatetime


class CreateApiKeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make."""

    name: Name
    expires_at: UtcDatetime | None = None


class CreatedApiKeyBody(Struct, frozen=True, kw_only=True):
    """A key that was just made; it is shown in this answer only."""

    id: str
    name: str
    key: str
    created_at: UtcDatetime
    expires_at: UtcDatetime | None


class ApiKeyRoutes:
    """`/v1/api-keys`."""

    def __init__(
        self, desk: CommandDesk, api_keys: ApiKeys, pepper: Pepper, writes: ReadYourWrites
    ) -> None:
        self._desk = desk
        self._api_keys = api_keys
        self._pepper = pepper
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/api-keys/{api_key_id}"
        return [
            web.post("/v1/api-keys", self.create),
            web.get("/v1/api-keys", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.delete(one, self.revoke),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Make a key for the caller's organisation; it works as soon as this is answered."""
        body = await read_body(request, CreateApiKeyBody)
        ticket = self._desk.ticket(request, body)
        api_key_id = ticket.new_id(ids.API_KEY)
        # The same request again gets the same key, though it is kept nowhere.
        key = make_key(self._pepper.derive("api-key", ticket.caller.org_id, ticket.command_id))
        command = CreateApiKey(
            name=body.name,
            digest=self._pepper.digest(key.reveal()),
            expires_at=body.expires_at,
        )
        outcome = await self._desk.hand_in(ticket, api_key_id, command)
        await self._writes.reach(outcome.position)
        created = CreatedApiKeyBody(
            id=api_key_id,
            name=body.name,
            key=key.reveal(),
            created_at=ticket.now,
            expires_at=body.expires_at,
        )
        return answer(created, status=201, headers=position_of(outcome))

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's keys, newest first."""
        query = read_query(request, PageQuery)
        page = await self._api_keys.page(
            caller_of(request).org_id, limit=query.limit, offset=query.offset
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show one key, without the key itself."""
        line = await self._api_keys.find(caller_of(request).org_id, _id_of(request))
        if line is None:
            raise not_found("api_key")
        return answer(line)

    async def revoke(self, request: web.Request) -> web.Response:
        """Accept a key no more from when this is answered."""
        api_key_id = _id_of(request)
        ticket = self._desk.ticket(request)
        outcome = await self._desk.hand_in(ticket, api_key_id, RevokeApiKey())
        await self._writes.reach(outcome.position)
        return answer(DeletedBody(api_key_id, deleted=True), headers=position_of(outcome))


def _id_of(request: web.Request) -> str:
    return resource_id(request, name="api_key_id", prefix=ids.API_KEY, noun="api_key")
