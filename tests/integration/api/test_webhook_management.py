"""Webhooks as their owners change them: what is sent when, and in what order it is read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.receiver import Receiver, receiving
from tests.support.api.service import Service

from sterna_api.webhooks.delivery import new_session
from sterna_api.webhooks.disabling import Disabling
from sterna_api.webhooks.notifier import Notifier
from sterna_api.webhooks.outbox import Outbox
from sterna_api.webhooks.schedule import ATTEMPT_DELAYS_SECONDS


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    async with Service(await postgres_server.create_database()) as running:
        yield running


@pytest.fixture
async def session(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(service.guard) as made:
        yield made


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def _notifier(service: Service, clock: Clock | None = None, **options: Any) -> Notifier:
    return Notifier(
        Outbox(service.database),
        service.client_of_journal,
        service.keyring,
        service.guard,
        clock or Clock(),
        delays_seconds=ATTEMPT_DELAYS_SECONDS,
        **options,
    )


async def _webhook(client: Client, url: str, *events: str) -> Any:
    made = await client.post("/v1/webhooks", {"url": url, "events": list(events)})
    assert made.status == 201, made.text
    return made.json


async def _patch(client: Client, webhook_id: str, **fields: Any) -> Any:
    reply = await client.send("PATCH", f"/v1/webhooks/{webhook_id}", fields)
    assert reply.status == 200, reply.text
    return reply.json


async def _deliveries(client: Client, webhook_id: str, wanted: int, query: str = "") -> list[Any]:
    path = f"/v1/webhooks/{webhook_id}/deliveries?limit=100{query}"
    return (await client.until(path, lambda body: len(body["data"]) == wanted))["data"]


async def test_a_change_holds_for_what_happens_from_then_on(service: Service):
    client = service.client()
    hook = await _webhook(client, "https://example.com/a", "migration.created")
    await client.in_status(await client.migration(), "approved")
    changed = await _patch(
        client,
        hook["id"],
        url="https://example.com/b",
        events=["approval.*"],
        description="approvals",
    )
    assert (changed["url"], changed["events"]) == ("https://example.com/b", ["approval.*"])
    assert changed["description"] == "approvals"
    assert changed["updated_at"] is not None
    assert "secret" not in changed
    await client.in_status(await client.migration(), "approved")
    shown = await _deliveries(client, hook["id"], 2)
    assert [each["type"] for each in shown] == ["approval.granted", "migration.created"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "http://10.0.0.1/x"}, "url_address"),
        ({"url": "ftp://example.com"}, "url_scheme"),
        ({"events": ["migration.unheard"]}, "event_type_unknown"),
        ({"events": []}, "too_short"),
        ({"status": "asleep"}, "literal_error"),
        ({"secret": "whsec_x"}, "extra_forbidden"),
    ],
)
async def test_a_change_that_could_never_be_sent_is_refused(
    service: Service, fields: Any, problem: str
):
    client = service.client()
    hook = await _webhook(client, "https://example.com/a", "*")
    reply = await client.send("PATCH", f"/v1/webhooks/{hook['id']}", fields)
    assert reply.status == 422
    assert reply.json["detail"][0]["type"] == problem


async def test_a_webhook_that_is_switched_off_and_on_misses_only_what_happened_between(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client = service.client()
    hook = await _webhook(client, f"{receiver.url}/hook", "migration.created")
    first = await client.migration(name="before")
    await _deliveries(client, hook["id"], 1)
    off = await _patch(client, hook["id"], status="disabled")
    assert (off["status"], off["disabled_reason"]) == ("disabled", "asked")
    await client.in_status(await client.migration(name="between"), "approved")
    test = await client.post(f"/v1/webhooks/{hook['id']}/test", {"event_type": "migration.failed"})
    assert (test.status, test.json["error"]["code"]) == (409, "invalid_state")
    on = await _patch(client, hook["id"], status="active")
    assert (on["status"], on["disabled_reason"], on["disabled_at"]) == ("active", None, None)
    await client.in_status(await client.migration(name="after"), "approved")
    shown = await _deliveries(client, hook["id"], 2)
    assert [each["status"] for each in shown] == ["pending", "discarded"]
    assert await _notifier(service).send_due(session) == 1
    assert [body["data"]["migration_name"] for body in receiver.bodies] == ["after"]
    assert first


async def test_the_outbox_is_the_same_after_a_rebuild_whatever_was_changed(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client = service.client()
    hooks = [
        await _webhook(client, f"{receiver.url}/hook", *events)
        for events in (("*",), ("migration.*",), ("approval.granted", "error.*"), ("webhook.*",))
    ]
    one, two, three, watching = (hook["id"] for hook in hooks)
    for turn in range(3):
        migration_id = await client.migration(name=f"turn {turn}")
        await client.in_status(migration_id, "approved")
        if turn == 1:
            await _notifier(service).send_due(session)
        await _patch(client, one, events=["migration.created"] if turn == 0 else ["*"])
        await _patch(client, two, status="disabled" if turn % 2 == 0 else "active")
        await client.post(f"/v1/migrations/{migration_id}/cancel", {"rollback": False})
        await client.in_status(migration_id, "cancelled")
    test = await client.post(f"/v1/webhooks/{three}/test", {})
    old = (await _deliveries(client, three, 4))[-1]["id"]
    retried = await client.post(f"/v1/webhooks/{three}/deliveries/{old}/retry")
    assert (test.status, retried.status) == (202, 202)
    told = await _deliveries(client, watching, 2)
    assert {each["type"] for each in told} == {"webhook.disabled"}
    paths = [f"/v1/webhooks/{each}/deliveries?limit=100" for each in (one, two, three, watching)]
    paths += [f"/v1/webhooks/{each}" for each in (one, two, three)]
    await client.get(f"/v1/webhooks?min_position={retried.position}")
    before = [(await client.get(path)).json for path in paths]
    assert "discarded" in {each["status"] for each in before[1]["data"]}
    await service.rebuild()
    assert [(await client.get(path)).json for path in paths] == before


async def test_a_test_event_is_sent_to_this_webhook_only_and_says_that_it_is_one(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client = service.client()
    hook = await _webhook(client, f"{receiver.url}/hook", "approval.granted")
    other = await _webhook(client, f"{receiver.url}/hook", "*")
    path = f"/v1/webhooks/{hook['id']}/test"
    queued = await client.post(path, {"event_type": "migration.failed"}, key="try")
    assert queued.status == 202
    again = await client.post(path, {"event_type": "migration.failed"}, key="try")
    assert again.json == queued.json
    await _deliveries(client, hook["id"], 1)
    late = await _webhook(client, f"{receiver.url}/hook", "*")
    await _patch(client, late["id"], events=["migration.*"])
    assert await _notifier(service).send_due(session) == 1
    (body,) = receiver.bodies
    assert body["id"] == queued.json["delivery_id"]
    assert body["type"] == "migration.failed"
    assert body["data"]["test"] is True
    assert await _deliveries(client, other["id"], 0) == []
    assert await _deliveries(client, late["id"], 0) == []
    unknown = await client.post(path, {"event_type": "migration.*"})
    assert unknown.json["detail"][0]["type"] == "event_type_unknown"


async def test_a_delivery_that_failed_is_sent_once_more_when_somebody_wants_it(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client, clock = service.client(), Clock()
    receiver.status = 500
    hook = await _webhook(client, f"{receiver.url}/hook", "migration.created")
    await client.migration()
    (queued,) = await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    notifier = _notifier(service, clock)
    for delay in ATTEMPT_DELAYS_SECONDS:
        clock.now += timedelta(seconds=delay + 1)
        assert await notifier.send_due(session) == 1
        await service.caught_up()
    (failed,) = await _deliveries(client, hook["id"], 1, "&status=failed")
    assert await _deliveries(client, hook["id"], 0, "&status=pending") == []
    assert failed["id"] == queued["id"]
    receiver.status = 200
    path = f"/v1/webhooks/{hook['id']}/deliveries/{failed['id']}/retry"
    retried = await client.post(path, key="again")
    assert (retried.status, retried.json["delivery_id"]) == (202, failed["id"])
    await _deliveries(client, hook["id"], 1, "&status=pending")
    assert await notifier.send_due(session) == 1
    (delivered,) = await _deliveries(client, hook["id"], 1, "&status=delivered")
    assert delivered["attempts"] == len(ATTEMPT_DELAYS_SECONDS) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    for wrong in ("evt_" + "0" * 32, "nonsense"):
        unknown = await client.post(f"/v1/webhooks/{hook['id']}/deliveries/{wrong}/retry")
        assert (unknown.status, unknown.json["error"]["code"]) == (404, "delivery_not_found")


async def test_a_new_secret_signs_beside_the_one_before_it_for_the_overlap(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client, clock = service.client(), Clock()
    hook = await _webhook(client, f"{receiver.url}/hook", "migration.created")
    path = f"/v1/webhooks/{hook['id']}/rotate-secret"
    rotated = await client.post(path, {"overlap_seconds": 3600}, key="rotate")
    assert rotated.status == 200
    again = await client.post(path, {"overlap_seconds": 3600}, key="rotate")
    assert again.json == rotated.json
    new, old = rotated.json["secret"], hook["secret"]
    assert new != old
    shown = await client.get(f"/v1/webhooks/{hook['id']}")
    assert shown.json["previous_secret_valid_until"] == rotated.json["previous_secret_valid_until"]
    assert new not in shown.text
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    assert await _notifier(service, clock).send_due(session) == 1
    headers, body = receiver.got[-1]
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (new, old):
        Webhook(secret).verify(body, headers)
    clock.now = datetime.now(UTC) + timedelta(seconds=3601)
    await client.migration()
    await _deliveries(client, hook["id"], 2)
    assert await _notifier(service, clock).send_due(session) == 1
    headers, body = receiver.got[-1]
    assert len(headers["webhook-signature"].split()) == 1
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    replaced = await client.post(path, {"secret": own, "overlap_seconds": 0})
    assert replaced.json["secret"] == own
    await client.migration()
    await _deliveries(client, hook["id"], 3)
    assert await _notifier(service).send_due(session) == 1
    headers, body = receiver.got[-1]
    Webhook(own).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body, headers)
    wrong = await client.post(path, {"secret": "short"})
    assert wrong.json["detail"][0]["type"] == "secret_invalid"


async def test_a_webhook_that_only_fails_is_disabled_others_are_told_and_it_can_come_back(
    service: Service, session: aiohttp.ClientSession, receiver: Receiver
):
    client, clock = service.client(), Clock()
    receiver.status = 503
    hook = await _webhook(client, f"{receiver.url}/hook", "migration.created")
    watching = await _webhook(client, "https://example.invalid/w", "webhook.disabled")
    notifier = _notifier(service, clock, disabling=Disabling(failures=3, seconds=3600))
    await client.migration()
    await _deliveries(client, hook["id"], 1)
    clock.now = datetime.now(UTC)
    for delay in (0, 60, 300):
        clock.now += timedelta(seconds=delay + 1)
        assert await notifier.send_due(session) == 1
        await service.caught_up()
    assert (await client.get(f"/v1/webhooks/{hook['id']}")).json["status"] == "active"
    clock.now += timedelta(seconds=3600)
    assert await notifier.send_due(session) == 1
    one = f"/v1/webhooks/{hook['id']}"
    shown = await client.until(one, lambda body: body["status"] == "disabled")
    assert shown["disabled_reason"] == "failing"
    (told,) = await _deliveries(client, watching["id"], 1)
    assert told["type"] == "webhook.disabled"
    (left,) = await _deliveries(client, hook["id"], 1)
    assert left["status"] == "discarded"
    assert (await _patch(client, hook["id"], status="active"))["status"] == "active"
    receiver.status = 200
    await client.post(f"{one}/deliveries/{left['id']}/retry")
    await _deliveries(client, hook["id"], 1, "&status=pending")
    clock.now = datetime.now(UTC)
    await notifier.send_due(session)
    await _deliveries(client, hook["id"], 1, "&status=delivered")
