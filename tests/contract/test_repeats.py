import asyncio

from tests.support.api.client import Client, connection_body
from tests.support.api.service import Service


async def test_a_repeat_with_the_same_key_makes_one_thing_and_gets_the_first_answer(client: Client):
    body = connection_body("once")
    first = await client.post("/v1/connections", body, key="create-once")
    again = await client.post("/v1/connections", body, key="create-once")
    assert (first.status, again.status) == (201, 201)
    for field in ("id", "name", "created_at", "created_by"):
        assert again.json[field] == first.json[field]


async def test_many_repeats_at_once_make_one_thing(client: Client):
    body = connection_body("storm")
    replies = await asyncio.gather(
        *(client.post("/v1/connections", body, key="storm-1") for _ in range(10))
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.json["id"] for reply in replies}) == 1
    position = max(replies, key=lambda reply: int(reply.position.rpartition("-")[2])).position
    path = f"/v1/connections?limit=100&min_position={position}"
    listed = (await client.get(path)).json["data"]
    assert sum(each["name"] == "storm" for each in listed) == 1


async def test_the_order_of_fields_and_spaces_make_no_other_request(client: Client):
    one = b'{"url": "https://example.com/a", "events": ["*"]}'
    other = b'{"events":["*"],   "url":"https://example.com/a"}'
    first = await client.post("/v1/webhooks", raw=one, key="order")
    again = await client.post("/v1/webhooks", raw=other, key="order")
    assert again.status == 201
    assert again.json["id"] == first.json["id"]
    assert again.json["secret"] == first.json["secret"]


async def test_the_same_key_with_another_request_is_refused(client: Client):
    await client.post("/v1/connections", connection_body("first"), key="reused")
    other = await client.post("/v1/connections", connection_body("second"), key="reused")
    assert other.status == 422
    assert other.json["detail"][0]["type"] == "idempotency_key_reused"


async def test_the_same_key_in_two_organisations_is_two_requests(service: Service, client: Client):
    other = await service.other_client("org_keys")
    body = connection_body("shared key")
    mine = await client.post("/v1/connections", body, key="shared")
    theirs = await other.post("/v1/connections", body, key="shared")
    assert mine.json["id"] != theirs.json["id"]


async def test_a_repeated_start_is_answered_like_the_first(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    first = await client.post(f"/v1/migrations/{migration_id}/start", key="go")
    again = await client.post(f"/v1/migrations/{migration_id}/start", key="go")
    assert (first.status, again.status) == (200, 200)
    pause = await client.post(f"/v1/migrations/{migration_id}/pause", key="go")
    assert pause.status == 422
    await client.in_status(migration_id, "completed")


async def test_a_repeated_create_of_a_migration_meets_the_same_one(client: Client):
    body = {
        "name": "again",
        "source": {"connection_id": await client.connection("old")},
        "target": {"connection_id": await client.connection("new")},
    }
    first = await client.post("/v1/migrations", body, key="mig-again")
    again = await client.post("/v1/migrations", body, key="mig-again")
    assert again.status == 201
    assert again.json == first.json
