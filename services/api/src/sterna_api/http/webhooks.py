from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.query import read_query
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.http.webhook_bodies import CreatedWebhookBody, CreateWebhookBody, show_webhook
from sterna_api.projections.webhooks import Webhooks
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.secret import make_secret, seal_context
from sterna_core import ids
from sterna_core.api_key.key import Pepper
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret
from sterna_core.webhook.commands import CreateWebhook, DeleteWebhook
from sterna_core.webhook.events import WebhookCreated


class WebhookRoutes:
    """`/v1/webhooks`."""

    def __init__(
        self,
        desk: CommandDesk,
        webhooks: Webhooks,
        keyring: Keyring,
        pepper: Pepper,
        guard: AddressGuard,
        *,
        allow_http: bool,
    ) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._keyring = keyring
        self._pepper = pepper
        self._guard = guard
        self._allow_http = allow_http

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/webhooks/{webhook_id}"
        return [
            web.post("/v1/webhooks", self.create),
            web.get("/v1/webhooks", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.delete(one, self.delete),
            web.get(f"{one}/deliveries", self.deliveries, allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Send events to an address from now on; the secret is shown in this answer only."""
        body = await read_body(request, CreateWebhookBody)
        body.check(self._guard, allow_http=self._allow_http)
        ticket = self._desk.ticket(request, body)
        webhook_id = ticket.new_id(ids.WEBHOOK)
        org_id = ticket.caller.org_id
        secret = (
            Secret(body.secret)
            if body.secret is not None
            # The same request again gets the same secret, though it is kept nowhere in clear.
            else make_secret(self._pepper.derive("webhook", org_id, ticket.command_id))
        )
        sealed = self._keyring.seal(secret, context=seal_context(org_id, webhook_id))
        command = CreateWebhook(
            url=body.url,
            events=tuple(body.events),
            description=body.description,
            sealed_secret=sealed,
        )
        outcome = await self._desk.hand_in(ticket, webhook_id, command)
        times = [event.at for event in outcome.events if isinstance(event, WebhookCreated)]
        created = CreatedWebhookBody(
            id=webhook_id,
            url=body.url,
            events=tuple(body.events),
            description=body.description,
            status="active",
            created_at=times[0] if times else ticket.now,
            secret=secret.reveal(),
        )
        return answer(created, status=201, headers=position_of(outcome))

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's webhooks, newest first."""
        query = read_query(request, PageQuery)
        page = await self._webhooks.page(
            caller_of(request).org_id, limit=query.limit, offset=query.offset
        )
        shown = [show_webhook(line) for line in page.items]
        return answer(page_body(shown, total=page.total, limit=page.limit, offset=page.offset))

    async def show(self, request: web.Request) -> web.Response:
        """Show one webhook."""
        line = await self._webhooks.find(caller_of(request).org_id, _id_of(request))
        if line is None:
            raise not_found("webhook")
        return answer(show_webhook(line))

    async def delete(self, request: web.Request) -> web.Response:
        """Send nothing more to an address."""
        webhook_id = _id_of(request)
        ticket = self._desk.ticket(request)
        outcome = await self._desk.hand_in(ticket, webhook_id, DeleteWebhook())
        return answer(DeletedBody(webhook_id, deleted=True), headers=position_of(outcome))

    async def deliveries(self, request: web.Request) -> web.Response:
        """List what was and will be sent to an address, newest first."""
        query = read_query(request, PageQuery)
        org_id, webhook_id = caller_of(request).org_id, _id_of(request)
        if await self._webhooks.find(org_id, webhook_id) is None:
            raise not_found("webhook")
        page = await self._webhooks.deliveries(
            org_id, webhook_id, limit=query.limit, offset=query.offset
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )


def _id_of(request: web.Request) -> str:
    return resource_id(request, name="webhook_id", prefix=ids.WEBHOOK, noun="webhook")
