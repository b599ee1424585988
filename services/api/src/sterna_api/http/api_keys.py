from datetime import datetime

from aiohttp import web
from msgspec import UNSET

from sterna_api.http.answer import answer
from sterna_api.http.api_key_bodies import (
    CreateApiKeyBody,
    CreatedApiKeyBody,
    RotateApiKeyBody,
    RotatedApiKeyBody,
    UpdateApiKeyBody,
    check_expiry,
    check_networks,
)
from sterna_api.http.body import read_body
from sterna_api.http.calendar_feeds import feed_token, holder_scopes
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.api_keys import ApiKeyLine, ApiKeys
from sterna_core import ids
from sterna_core.api_key.commands import (
    CreateApiKey,
    Environment,
    RevokeApiKey,
    RotateApiKey,
    UpdateApiKey,
)
from sterna_core.api_key.events import ApiKeyRotated
from sterna_core.api_key.key import Pepper, make_key
from sterna_core.api_key.scope import FEED
from sterna_core.secrets.secret import Secret


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
            web.patch(one, self.update),
            web.delete(one, self.revoke),
            web.post(f"{one}/rotate", self.rotate),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Make a key for the caller's organisation; it works as soon as this is answered."""
        body = await read_body(request, CreateApiKeyBody)
        networks = check_networks(body.ip_whitelist)
        check_expiry(body.expires_at)
        ticket = self._desk.ticket(request, body)
        api_key_id = ticket.new_id(ids.API_KEY)
        key = self._key(ticket, body.environment)
        held = ticket.caller.scopes
        command = CreateApiKey(
            name=body.name,
            digest=self._pepper.digest(key.reveal()),
            expires_at=body.expires_at,
            scopes=held if body.scopes is None else tuple(dict.fromkeys(body.scopes)),
            ip_whitelist=networks or (),
            environment=body.environment,
            holder_scopes=held,
        )
        outcome = await self._desk.hand_in(ticket, api_key_id, command)
        await self._writes.reach(outcome.position)
        created = CreatedApiKeyBody(
            id=api_key_id,
            name=body.name,
            key=key.reveal(),
            scopes=command.scopes,
            ip_whitelist=command.ip_whitelist,
            environment=body.environment,
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
        return answer(await self._find(request))

    async def update(self, request: web.Request) -> web.Response:
        """Change what a key may do, from where, or until when."""
        body = await read_body(request, UpdateApiKeyBody)
        networks = check_networks(body.ip_whitelist)
        check_expiry(body.expires_at)
        api_key_id = _id_of(request)
        ticket = self._desk.ticket(request, body)
        command = UpdateApiKey(
            name=body.name,
            scopes=UNSET if body.scopes is UNSET else tuple(dict.fromkeys(body.scopes)),
            expires_at=body.expires_at,
            ip_whitelist=networks,
            holder_scopes=holder_scopes(ticket.caller.scopes),
        )
        outcome = await self._desk.hand_in(ticket, api_key_id, command)
        await self._writes.reach(outcome.position)
        return answer(await self._find(request), headers=position_of(outcome))

    async def rotate(self, request: web.Request) -> web.Response:
        """Give a key another secret; the one before it is accepted for a while."""
        body = await read_body(request, RotateApiKeyBody)
        api_key_id = _id_of(request)
        ticket = self._desk.ticket(request, body)
        # A key that was made for tests stays one; what it is for never changes.
        known = await self._find(request)
        is_feed = known.scopes == [FEED]
        key = feed_token(self._pepper, ticket) if is_feed else self._key(ticket, known.environment)
        command = RotateApiKey(
            digest=self._pepper.digest(key.reveal()),
            overlap_seconds=body.overlap_seconds,
            holder_scopes=holder_scopes(ticket.caller.scopes),
        )
        outcome = await self._desk.hand_in(ticket, api_key_id, command)
        await self._writes.reach(outcome.position)
        until = [
            event.previous_until for event in outcome.events if isinstance(event, ApiKeyRotated)
        ]
        rotated = RotatedApiKeyBody(
            id=api_key_id,
            key=key.reveal(),
            previous_valid_until=until[0] if until else await self._overlap_end(request, ticket),
        )
        return answer(rotated, headers=position_of(outcome))

    async def revoke(self, request: web.Request) -> web.Response:
        """Accept a key no more from when this is answered."""
        api_key_id = _id_of(request)
        ticket = self._desk.ticket(request)
        outcome = await self._desk.hand_in(ticket, api_key_id, RevokeApiKey())
        await self._writes.reach(outcome.position)
        return answer(DeletedBody(api_key_id, deleted=True), headers=position_of(outcome))

    def _key(self, ticket: Ticket, environment: Environment) -> Secret:
        """Make the key of a request: the same again gets the same, though it is kept nowhere."""
        entropy = self._pepper.derive("api-key", ticket.caller.org_id, ticket.command_id)
        return make_key(entropy, environment=environment)

    async def _find(self, request: web.Request) -> ApiKeyLine:
        """Find the key that a path names; raises NotFound."""
        org_id, api_key_id = caller_of(request).org_id, _id_of(request)
        line = await self._api_keys.find(org_id, api_key_id)
        if line is None:
            raise not_found("api_key")
        return line

    async def _overlap_end(self, request: web.Request, ticket: Ticket) -> datetime:
        line = await self._find(request)
        return line.previous_valid_until or ticket.now


def _id_of(request: web.Request) -> str:
    return resource_id(request, name="api_key_id", prefix=ids.API_KEY, noun="api_key")
