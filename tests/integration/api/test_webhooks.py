import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_api.webhooks import delivery
from sterna_api.webhooks.delivery import new_session
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.notifier import CLAIM_SECONDS, Notifier
from sterna_api.webhooks.outbox import Outbox
from sterna_api.webhooks.schedule import ATTEMPT_DELAYS_SECONDS
from sterna_api.webhooks.secret import make_secret
from sterna_core.secrets.secret import Secret


class Sink:
    """A receiver that answers as it is told and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"ok"
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.redirected = 0
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    async def elsewhere(self, _request: web.Request) -> web.Response:
        self.redirected += 1
        return web.Response()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    receiver = Sink()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    app.router.add_route("*", "/elsewhere", receiver.elsewhere)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    async with Service(await postgres_server.create_database()) as running:
        yield running


@pytest.fixture
async def session(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(service.guard) as made:
        yield made


def _notifier(service: Service, clock: Clock) -> Notifier:
    return Notifier(
        Outbox(service.database),
        service.client_of_journal,
        service.keyring,
        service.guard,
        clock,
        delays_seconds=ATTEMPT_DELAYS_SECONDS,
    )


async def _webhook(client: Client, url: str, *events: str) -> Any:
    made = await client.post("/v1/webhooks", {"url": url, "events": list(events)})
    assert made.status == 201, made.text
    shown = await client.get(f"/v1/webhooks/{made.json['id']}?min_position={made.position}")
    assert shown.status == 200
    return made.json


async def _deliveries(client: Client, webhook_id: str, wanted: int) -> list[Any]:
    path = f"/v1/webhooks/{webhook_id}/deliveries"
    return (await client.until(path, lambda body: len(body["data"]) == wanted))["data"]


async def _attempted(client: Client, webhook_id: str, attempts: int) -> Any:
    path = f"/v1/webhooks/{webhook_id}/deliveries"
    body = await client.until(path, lambda body: body["data"][0]["attempts"] == attempts)
    return body["data"][0]


async def test_every_event_arrives_signed_with_its_own_id(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client = service.client()
    hook = await _webhook(client, f"{sink.url}/hook", "migration.*", "approval.granted")
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    await _deliveries(client, hook["id"], 12)
    clock = Clock()
    await _notifier(service, clock).send_due(session)
    bodies = []
    for headers, body in sink.got:
        bodies.append(Webhook(hook["secret"]).verify(body, headers))
        assert bodies[-1]["id"] == headers["webhook-id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(hook["secret"]).verify(body + b" ", headers)
        assert len(body) < 20_000
    assert len({body["id"] for body in bodies}) == 12
    kinds = {body["type"] for body in bodies}
    assert {"migration.created", "migration.started", "migration.completed"} <= kinds
    assert "approval.granted" in kinds
    requests = []
    for body in bodies:
        assert set(body) == {"id", "type", "created_at", "data", "metadata"}
        requests.append(body["metadata"].pop("request_id"))
        assert body["metadata"] == {
            "organization_id": "org_default",
            "environment": "production",
        }
        assert body["data"]["migration_id"] == migration_id
        assert body["data"]["migration_name"] == "Shop"
    # What executors have done follows from the request that started it.
    by_kind = dict(zip((body["type"] for body in bodies), requests, strict=True))
    assert by_kind["migration.completed"] == by_kind["migration.started"]
    assert by_kind["migration.created"] != by_kind["migration.started"]
    done = await client.until(
        f"/v1/webhooks/{hook['id']}/deliveries",
        lambda page: all(each["status"] == "delivered" for each in page["data"]),
    )
    assert {each["attempts"] for each in done["data"]} == {1}
    clock.now += timedelta(days=2)
    assert await _notifier(service, clock).send_due(session) == 0


async def test_a_failed_delivery_is_tried_seven_times_at_the_stated_moments(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client, clock = service.client(), Clock()
    sink.status = 500
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    notifier = _notifier(service, clock)
    for number, delay in enumerate(ATTEMPT_DELAYS_SECONDS):
        if delay:
            clock.now += timedelta(seconds=delay - 1)
            assert await notifier.send_due(session) == 0
            clock.now += timedelta(seconds=2)
        assert await notifier.send_due(session) == 1
        shown = await _attempted(client, hook["id"], number + 1)
        assert shown["last_status"] == 500
    assert shown["status"] == "failed"
    assert shown["next_attempt_at"] is None
    clock.now += timedelta(days=30)
    assert await notifier.send_due(session) == 0
    ids = {headers["webhook-id"] for headers, _ in sink.got}
    assert len(ids) == 1
    assert len(sink.got) == 7
    assert len({headers["webhook-timestamp"] for headers, _ in sink.got}) == 7
    assert len({body for _, body in sink.got}) == 1


async def test_a_receiver_that_is_gone_is_sent_nothing_more(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client, clock = service.client(), Clock()
    sink.status = 410
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    await _notifier(service, clock).send_due(session)
    shown = await client.until(
        f"/v1/webhooks/{hook['id']}", lambda body: body["status"] == "disabled"
    )
    assert shown
    await client.migration()
    clock.now += timedelta(days=2)
    assert await _notifier(service, clock).send_due(session) == 0
    assert len(sink.got) == 1


async def test_a_redirect_is_a_failure_and_is_not_followed(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client = service.client()
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    for number, status in enumerate((301, 302, 307, 308)):
        sink.status, sink.headers = status, {"Location": f"{sink.url}/elsewhere"}
        await client.migration()
        await _deliveries(client, hook["id"], number + 1)
        await _notifier(service, Clock()).send_due(session)
    page = await client.until(
        f"/v1/webhooks/{hook['id']}/deliveries",
        lambda body: all(each["attempts"] == 1 for each in body["data"]),
    )
    assert {each["last_reason"] for each in page["data"]} == {"redirect"}
    assert sink.redirected == 0


async def test_a_delivery_that_nothing_was_recorded_of_is_sent_again_with_the_same_id(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client, clock = service.client(), Clock()
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    taken = await Outbox(service.database).claim(clock.now, for_seconds=CLAIM_SECONDS, limit=10)
    assert len(taken) == 1  # and then this sender dies
    assert await _notifier(service, clock).send_due(session) == 0
    clock.now += timedelta(seconds=CLAIM_SECONDS + 1)
    assert await _notifier(service, clock).send_due(session) == 1
    assert sink.got[0][0]["webhook-id"] == taken[0].event_id


async def test_two_senders_do_not_send_the_same_thing(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client = service.client()
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    for _ in range(10):
        await client.migration()
    await _deliveries(client, hook["id"], 10)
    clock = Clock()
    sent = await asyncio.gather(*(_notifier(service, clock).send_due(session) for _ in range(4)))
    assert sum(sent) == 10
    assert len({headers["webhook-id"] for headers, _ in sink.got}) == len(sink.got) == 10


async def test_an_answer_without_end_is_cut_off(session: aiohttp.ClientSession, sink: Sink):
    sink.body = b"x" * (3 * delivery.RESPONSE_BYTES_MAX)
    attempt = await delivery.send_event(
        session,
        url=f"{sink.url}/hook",
        event_id="evt_1",
        body="{}",
        secret=_secret(),
        now=datetime.now(UTC),
    )
    assert attempt.result == "delivered"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/hook",
        "http://localhost:{port}/hook",
        "http://[::ffff:127.0.0.1]:{port}/hook",
        "http://0.0.0.0:{port}/hook",
        "http://0x7f.1:{port}/hook",
        "http://[::1]:{port}/hook",
        "http://127.0.0.1.:{port}/hook",
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_not_public(sink: Sink, url: str):
    async with new_session(AddressGuard()) as session:
        attempt = await delivery.send_event(
            session,
            url=url.format(port=sink.url.rpartition(":")[2]),
            event_id="evt_1",
            body="{}",
            secret=_secret(),
            now=datetime.now(UTC),
        )
    assert attempt.result == "failed"
    assert attempt.status is None
    assert sink.got == []


async def test_a_webhook_is_told_what_happens_after_its_creation_only(service: Service):
    client = service.client()
    await client.in_status(await client.migration(), "approved")
    hook = await _webhook(client, "https://example.invalid/late", "*")
    assert await _deliveries(client, hook["id"], 0) == []
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    kinds = {each["type"] for each in await _deliveries(client, hook["id"], 2)}
    assert kinds == {"migration.created", "approval.granted"}


async def test_the_outbox_is_the_same_after_a_rebuild_and_sends_nothing_again(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client, clock = service.client(), Clock()
    hook = await _webhook(client, f"{sink.url}/hook", "*")
    failing = await _webhook(client, "http://127.0.0.1:1/hook", "migration.created")
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await _deliveries(client, hook["id"], 2)
    clock.now = datetime.now(UTC)
    await _notifier(service, clock).send_due(session)
    paths = [f"/v1/webhooks/{each}/deliveries" for each in (hook["id"], failing["id"])]
    for path in paths:
        await client.until(path, lambda body: all(each["attempts"] == 1 for each in body["data"]))
    before = [(await client.get(path)).json for path in paths]
    await service.rebuild()
    assert [(await client.get(path)).json for path in paths] == before
    assert await _notifier(service, clock).send_due(session) == 0
    assert len(sink.got) == 2


async def test_a_deleted_webhook_is_sent_nothing(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client = service.client()
    hook = await _webhook(client, f"{sink.url}/hook", "migration.created")
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    gone = await client.delete(f"/v1/webhooks/{hook['id']}")
    assert (await client.get(f"/v1/webhooks/{hook['id']}?min_position={gone.position}")).status == (
        404
    )
    assert await _notifier(service, Clock()).send_due(session) == 0
    assert sink.got == []


async def test_a_secret_of_ones_own_is_used_and_never_shown_again(
    service: Service, session: aiohttp.ClientSession, sink: Sink
):
    client = service.client()
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = await client.post(
        "/v1/webhooks",
        {"url": f"{sink.url}/hook", "events": ["migration.created"], "secret": own},
    )
    assert made.json["secret"] == own
    shown = await client.get(f"/v1/webhooks/{made.json['id']}?min_position={made.position}")
    assert own not in shown.text
    await client.migration()
    await _deliveries(client, made.json["id"], 1)
    await _notifier(service, Clock()).send_due(session)
    headers, body = sink.got[0]
    assert msgspec.json.decode(body) == Webhook(own).verify(body, headers)


def _secret() -> Secret:
    return make_secret(b"0123456789abcdef0123456789abcdef")
