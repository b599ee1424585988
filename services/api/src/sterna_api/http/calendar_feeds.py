from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.api_key_bodies import Networks, check_expiry, check_networks
from sterna_api.http.authentication import FEED_PARAMETER, FEED_PATH
from sterna_api.http.body import read_body
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.connection_bodies import Name
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_core import ids
from sterna_core.api_key.commands import CreateApiKey
from sterna_core.api_key.key import Pepper, make_feed_token
from sterna_core.api_key.scope import FEED, allows
from sterna_core.clock import UtcDatetime
from sterna_core.secrets.secret import Secret


class CreateFeedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of the calendar to make."""

    name: Name
    expires_at: UtcDatetime | None = None
    ip_whitelist: Networks = []


class CreatedFeedBody(Struct, frozen=True, kw_only=True):
    """An address of the calendar; it is shown in this answer only, and revoked by its `id`."""

    id: str
    name: str
    url: str
    created_at: UtcDatetime
    expires_at: UtcDatetime | None


class CalendarFeedRoutes:
    """`/v1/calendar/feeds`: addresses of the calendar, for programs that send no headers."""

    def __init__(
        self, desk: CommandDesk, pepper: Pepper, writes: ReadYourWrites, *, public_url: str | None
    ) -> None:
        self._desk = desk
        self._pepper = pepper
        self._writes = writes
        self._public_url = public_url

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.post("/v1/calendar/feeds", self.create)]

    async def create(self, request: web.Request) -> web.Response:
        """Make an address of the organisation's calendar; it works as soon as this is answered."""
        body = await read_body(request, CreateFeedBody)
        networks = check_networks(body.ip_whitelist)
        check_expiry(body.expires_at)
        ticket = self._desk.ticket(request, body)
        token = feed_token(self._pepper, ticket)
        command = CreateApiKey(
            name=body.name,
            digest=self._pepper.digest(token.reveal()),
            expires_at=body.expires_at,
            scopes=(FEED,),
            ip_whitelist=networks or (),
            holder_scopes=holder_scopes(ticket.caller.scopes),
        )
        feed_id = ticket.new_id(ids.API_KEY)
        outcome = await self._desk.hand_in(ticket, feed_id, command)
        await self._writes.reach(outcome.position)
        base = self._public_url or f"{request.scheme}://{request.host}"
        created = CreatedFeedBody(
            id=feed_id,
            name=body.name,
            url=f"{base.rstrip('/')}{FEED_PATH}?{FEED_PARAMETER}={token.reveal()}",
            created_at=ticket.now,
            expires_at=body.expires_at,
        )
        return answer(created, status=201, headers=position_of(outcome))


def feed_token(pepper: Pepper, ticket: Ticket) -> Secret:
    """Make the word of an address: the same request again gets the same, though it is not kept."""
    return make_feed_token(pepper.derive("calendar-feed", ticket.caller.org_id, ticket.command_id))


def holder_scopes(held: tuple[str, ...]) -> tuple[str, ...]:
    """Give what a key may give: whoever may read migrations may have their calendar read."""
    return (*held, FEED) if allows(held, "migrations:read") else held
