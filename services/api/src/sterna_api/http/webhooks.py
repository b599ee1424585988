from datetime import timedelta

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.http.webhook_bodies import (
    CreatedWebhookBody,
    CreateWebhookBody,
    DeliveriesQuery,
    QueuedDeliveryBody,
    RotatedSecretBody,
    RotateSecretBody,
    TestWebhookBody,
    UpdateWebhookBody,
    show_webhook,
)
from sterna_api.projections.webhooks import WebhookLine, Webhooks
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.secret import make_secret, seal_context
from sterna_core import ids
from sterna_core.api_key.key import Pepper
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret
from sterna_core.webhook.commands import (
    CreateWebhook,
    DeleteWebhook,
    RetryDelivery,
    RotateSecret,
    SendTest,
    UpdateWebhook,
)
from sterna_core.webhook.decider import test_event_id
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
        writes: ReadYourWrites,
    ) -> None:
        self._writes = writes
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
            web.patch(one, self.update),
            web.delete(one, self.delete),
            web.get(f"{one}/deliveries", self.deliveries, allow_head=False),
            web.post(f"{one}/deliveries/{{delivery_id}}/retry", self.retry),
            web.post(f"{one}/test", self.test),
            web.post(f"{one}/rotate-secret", self.rotate_secret),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Send events to an address from now on; the secret is shown in this answer only."""
        body = await read_body(request, CreateWebhookBody)
        body.check(self._guard, allow_http=self._allow_http)
        ticket = self._desk.ticket(request, body)
        webhook_id = ticket.new_id(ids.WEBHOOK)
        org_id = ticket.caller.org_id
        secret = self._secret(body.secret, "webhook", ticket)
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

    async def update(self, request: web.Request) -> web.Response:
        """Change what is given, for what happens from now on."""
        body = await read_body(request, UpdateWebhookBody)
        body.check(self._guard, allow_http=self._allow_http)
        ticket = self._desk.ticket(request, body)
        webhook_id = _id_of(request)
        command = UpdateWebhook(
            url=body.url,
            events=tuple(body.events) if body.events is not None else None,
            description=body.description,
            active=None if body.status is None else body.status == "active",
        )
        outcome = await self._desk.hand_in(ticket, webhook_id, command)
        line = await self._known(ticket.caller.org_id, webhook_id)
        return answer(show_webhook(line), headers=position_of(outcome))

    async def rotate_secret(self, request: web.Request) -> web.Response:
        """Sign with another secret, and with the one before as well for the overlap."""
        body = await read_body(request, RotateSecretBody)
        body.check()
        ticket = self._desk.ticket(request, body)
        webhook_id, org_id = _id_of(request), ticket.caller.org_id
        secret = self._secret(body.secret, "webhook-rotation", ticket)
        command = RotateSecret(
            sealed_secret=self._keyring.seal(secret, context=seal_context(org_id, webhook_id)),
            previous_until=ticket.now + timedelta(seconds=body.overlap_seconds),
        )
        outcome = await self._desk.hand_in(ticket, webhook_id, command)
        line = await self._known(org_id, webhook_id)
        rotated = RotatedSecretBody(
            id=webhook_id,
            secret=secret.reveal(),
            previous_secret_valid_until=line.previous_until or command.previous_until,
        )
        return answer(rotated, headers=position_of(outcome))

    async def test(self, request: web.Request) -> web.Response:
        """Send a test event at once, whatever the webhook asks for."""
        body = await read_body(request, TestWebhookBody)
        body.check()
        ticket = self._desk.ticket(request, body)
        webhook_id = _id_of(request)
        command = SendTest(event_type=body.event_type)
        outcome = await self._desk.hand_in(ticket, webhook_id, command)
        # As the decision names it, which a repeat cannot look up.
        delivery_id = test_event_id(ticket.command_id)
        queued = QueuedDeliveryBody(webhook_id=webhook_id, delivery_id=delivery_id)
        return answer(queued, status=202, headers=position_of(outcome))

    async def retry(self, request: web.Request) -> web.Response:
        """Send an event once more at once, whatever became of it."""
        ticket = self._desk.ticket(request)
        webhook_id, org_id = _id_of(request), ticket.caller.org_id
        delivery_id = resource_id(request, name="delivery_id", prefix=ids.EVENT, noun="delivery")
        if not await self._webhooks.has_delivery(org_id, webhook_id, delivery_id):
            raise not_found("delivery")
        command = RetryDelivery(event_id=delivery_id)
        outcome = await self._desk.hand_in(ticket, webhook_id, command)
        queued = QueuedDeliveryBody(webhook_id=webhook_id, delivery_id=delivery_id)
        return answer(queued, status=202, headers=position_of(outcome))

    async def delete(self, request: web.Request) -> web.Response:
        """Send nothing more to an address."""
        webhook_id = _id_of(request)
        ticket = self._desk.ticket(request)
        outcome = await self._desk.hand_in(ticket, webhook_id, DeleteWebhook())
        return answer(DeletedBody(webhook_id, deleted=True), headers=position_of(outcome))

    async def deliveries(self, request: web.Request) -> web.Response:
        """List what was and will be sent to an address, newest first."""
        query = read_query(request, DeliveriesQuery)
        org_id, webhook_id = caller_of(request).org_id, _id_of(request)
        if await self._webhooks.find(org_id, webhook_id) is None:
            raise not_found("webhook")
        page = await self._webhooks.deliveries(
            org_id, webhook_id, query.status, limit=query.limit, offset=query.offset
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )

    async def _known(self, org_id: str, webhook_id: str) -> WebhookLine:
        """Give a webhook with everything that was done to it before now."""
        await self._writes.catch_up_with(org_id, webhook_id)
        line = await self._webhooks.find(org_id, webhook_id)
        if line is None:
            raise not_found("webhook")
        return line

    def _secret(self, own: str | None, purpose: str, ticket: Ticket) -> Secret:
        if own is not None:
            return Secret(own)
        # The same request again gets the same secret, though it is kept nowhere in clear.
        entropy = self._pepper.derive(purpose, ticket.caller.org_id, ticket.command_id)
        return make_secret(entropy)


def _id_of(request: web.Request) -> str:
    return resource_id(request, name="webhook_id", prefix=ids.WEBHOOK, noun="webhook")
