"""The address that a migration of a namespace is given, and webhooks that hear of all of them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from standardwebhooks import Webhook
from tests.integration.api.test_webhooks import (
    Clock,
    _notifier,
    _webhook,
)
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.receiver import Receiver, receiving
from tests.support.api.service import Service
from tests.support.namespace_migration.interface import Interface

from sterna_api.webhooks.delivery import new_session

ALL = "/v1/namespaces/migrations"
LIFE = [
    "created",
    "started",
    *("stage.started", "stage.completed") * 7,
    "completed",
]
NEVER = {
    "nonsense": "url_invalid",
    "ftp://example.com/x": "url_scheme",
    "http://10.0.0.1/x": "url_address",
    "http://[::1]/x": "url_address",
    "https://user:secret@example.com/x": "url_invalid",
    "https://example.com/" + "x" * 2_000: "url_invalid",
}


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    async with Service(await postgres_server.create_database()) as running:
        yield running


@pytest.fixture
async def sink() -> AsyncIterator[Receiver]:
    async with receiving("/all") as receiver:
        yield receiver


@pytest.fixture
async def session(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(service.guard) as made:
        yield made


async def _migration(client: Client, **options: Any) -> Any:
    made = await client.post("/v1/namespaces", {"name": f"space_{uuid4().hex[:12]}"})
    source = made.json["id"]
    for path in ("buckets/bkt_1", "collections/col_1"):
        definition = {"source": {"bucket_ids": ["bkt_1"]}} if "col" in path else {}
        one = f"/v1/namespaces/{source}/{path}"
        await client.send("PUT", one, {"definition": definition})
    config = {"migration_type": "copy", "source_namespace_id": source, **options}
    reply = await client.post(f"{ALL}/", {"config": config, "start_immediately": True})
    assert reply.status == 201, reply.text
    assert reply.json["status"] == "pending", reply.text
    Interface().check_answer("POST", f"{ALL}/", 201, reply.json)
    return reply.json


async def _queued(client: Client, webhook_id: str, wanted: int) -> None:
    path = f"/v1/webhooks/{webhook_id}/deliveries?limit=100"
    await client.until(path, lambda body: len(body["data"]) == wanted)


async def _completed(client: Client, migration: Any) -> Any:
    one = f"{ALL}/{migration['migration_id']}"
    return await client.until(one, lambda body: body["status"] == "completed")


async def test_the_address_of_a_migration_is_told_all_about_it_and_of_nothing_else(
    service: Service, session: aiohttp.ClientSession, sink: Receiver
) -> None:
    client = service.client()
    everything = await _webhook(client, f"{sink.url}/all", "namespace_migration.*")
    given = await _migration(client, webhook_url=f"{sink.url}/hook")
    silent = await _migration(client)
    assert "webhook" not in silent
    hook = given["webhook"]
    shown = await _completed(client, given)
    assert shown["additional_data"]["webhook_id"] == hook["id"]
    assert "secret" not in str(shown)
    await _completed(client, silent)
    await _queued(client, hook["id"], len(LIFE))
    await _queued(client, everything["id"], 2 * len(LIFE))

    notifier = _notifier(service, Clock())
    while await notifier.send_due(session):
        pass
    told = []
    for headers, body in sink.got_at("/hook"):
        event = Webhook(hook["secret"]).verify(body, {k.lower(): v for k, v in headers.items()})
        assert event["data"]["migration_id"] == given["migration_id"]
        assert event["data"]["source_namespace_id"] == shown["namespace_id"]
        told.append((event["created_at"], event["type"].removeprefix("namespace_migration.")))
    assert sorted(kind for _, kind in told) == sorted(LIFE)
    line = (await client.get(f"/v1/webhooks/{hook['id']}")).json
    assert line["migration_id"] == given["migration_id"]
    assert line["events"] == ["namespace_migration.*"]
    assert (await client.get(f"/v1/webhooks/{everything['id']}")).json["migration_id"] is None

    assert (await client.delete(f"{ALL}/{given['migration_id']}")).status == 204
    await service.caught_up()
    assert (await client.get(f"/v1/webhooks/{hook['id']}")).status == 404


async def test_what_an_address_does_not_take_is_sent_again_and_recorded(
    service: Service, session: aiohttp.ClientSession, sink: Receiver
) -> None:
    client = service.client()
    sink.status = 500
    given = await _migration(client, webhook_url=f"{sink.url}/hook")
    await _completed(client, given)
    await _queued(client, given["webhook"]["id"], len(LIFE))
    notifier = _notifier(service, Clock())
    while await notifier.send_due(session):
        pass
    path = f"/v1/webhooks/{given['webhook']['id']}/deliveries?limit=100"
    failed = await client.until(
        path, lambda body: all(each["attempts"] == 1 for each in body["data"])
    )
    assert {(each["status"], each["last_status"]) for each in failed["data"]} == {("pending", 500)}
    assert all(each["next_attempt_at"] is not None for each in failed["data"])


async def test_a_repeat_of_the_request_gives_the_same_secret(
    service: Service, sink: Receiver
) -> None:
    client = service.client()
    made = await client.post("/v1/namespaces", {"name": f"space_{uuid4().hex[:12]}"})
    config = {
        "migration_type": "copy",
        "source_namespace_id": made.json["id"],
        "webhook_url": f"{sink.url}/hook",
    }
    key = uuid4().hex
    answers = [(await client.post(f"{ALL}/", {"config": config}, key=key)).json for _ in "12"]
    assert answers[0] == answers[1]
    assert answers[0]["webhook"]["secret"].startswith("whsec_")

    for url, code in NEVER.items():
        for path in ("", "validate"):
            refused = await client.post(f"{ALL}/{path}", {"config": {**config, "webhook_url": url}})
            assert refused.status == 422
            (problem,) = refused.json["detail"]
            assert problem["loc"] == ["body", "config", "webhook_url"]
            assert problem["type"] == code
    listed = (await client.get("/v1/webhooks")).json["data"]
    assert [each["url"] for each in listed] == [f"{sink.url}/hook"]
