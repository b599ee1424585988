"""Namespaces, their resources and aliases, as users make them."""

from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.support.api.client import Client, Reply, connection_body
from tests.support.api.service import Service

from sterna_core.tasks import namespace_work as wk

WORDS = {
    "feature_extractor_name": "words",
    "version": "v1",
    "outputs": [{"name": "embedding", "dimensions": 3}],
}
NOTHING = "ns_" + "f" * 32


def name(of: str = "space") -> str:
    return f"{of}_{uuid4().hex[:12]}"


async def made(client: Client, **fields: Any) -> Any:
    body = {"name": name(), "feature_extractors": [WORDS], **fields}
    reply = await client.post("/v1/namespaces", body)
    assert reply.status == 201, reply.text
    return reply.json


async def put(client: Client, namespace_id: str, path: str, **definition: Any) -> Reply:
    return await client.send(
        "PUT", f"/v1/namespaces/{namespace_id}/{path}", {"definition": definition}
    )


def types_of(reply: Reply) -> list[str]:
    assert reply.status == 422, reply.text
    return [problem["type"] for problem in reply.json["detail"]]


async def test_a_namespace_is_shown_and_listed_as_it_was_made(client: Client):
    space = await made(client, description="Things to buy")
    assert space["store"] == {"type": "pgvector", "connection_id": None}
    assert space["feature_uris"] == ["sterna://words@v1/embedding"]
    assert space["resources"] == {}
    assert (await client.get(f"/v1/namespaces/{space['id']}")).json == space
    assert (await client.get(f"/v1/namespaces/{space['name']}")).json == space
    listed = (await client.get(f"/v1/namespaces?name={space['name'].upper()}")).json
    assert [each["id"] for each in listed["data"]] == [space["id"]]
    assert listed["pagination"] == {"total": 1, "limit": 20, "offset": 0, "has_more": False}


async def test_a_name_is_that_of_one_namespace_and_free_after_its_deletion(
    client: Client, service: Service
):
    space = await made(client)
    again = await client.post("/v1/namespaces", {"name": space["name"]})
    assert again.status == 409
    assert again.json["error"]["code"] == "namespace_name_taken"
    assert again.json["error"]["details"] == {"namespace_id": space["id"]}
    alias = await client.send(
        "PUT", f"/v1/namespaces/aliases/{space['name']}", {"namespace_id": space["id"]}
    )
    assert alias.json["error"]["code"] == "namespace_name_taken"
    other = await service.other_client(f"org_{uuid4().hex}")
    assert (await made(other, name=space["name"]))["name"] == space["name"]
    deleted = await client.delete(f"/v1/namespaces/{space['id']}")
    assert deleted.json == {"id": space["id"], "deleted": True}
    assert (await client.get(f"/v1/namespaces/{space['id']}")).status == 404
    assert (await client.delete(f"/v1/namespaces/{space['id']}")).status == 404
    assert (await made(client, name=space["name"]))["id"] != space["id"]


async def test_a_request_that_is_sent_twice_makes_one_namespace(client: Client):
    body, key = {"name": name()}, uuid4().hex
    first = await client.post("/v1/namespaces", body, key=key)
    second = await client.post("/v1/namespaces", body, key=key)
    assert (first.status, first.json) == (second.status, second.json) == (201, first.json)
    reused = await client.post("/v1/namespaces", {"name": name()}, key=key)
    assert reused.status == 422


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "two words"}, "string_pattern_mismatch"),
        ({"name": "aliases"}, "name_reserved"),
        ({"name": NOTHING}, "name_reserved"),
        ({"store": {"type": "qdrant"}}, "connection_needed"),
        ({"adopt": {"source": "sterna.api_keys", "columns": {"x": "y"}}}, "connection_needed"),
        ({"store": {"type": "elsewhere"}}, "literal_error"),
        ({"store": {"connection_id": "conn_" + "f" * 32}}, "connection_unknown"),
        ({"feature_extractors": [{"feature_extractor_name": "nobodys"}]}, "extractor_not_found"),
        ({"feature_extractors": [WORDS, WORDS]}, "repeated"),
    ],
)
async def test_what_cannot_be_made_is_refused_with_its_place(
    client: Client, fields: dict[str, Any], problem: str
):
    reply = await client.post("/v1/namespaces", {"name": name(), **fields})
    assert types_of(reply) == [problem]


async def test_a_store_is_named_by_a_connection_of_its_type(client: Client):
    body = connection_body("vectors", type="qdrant")
    made_of = await client.post("/v1/connections", body)
    assert made_of.status == 201, made_of.text
    connection_id = made_of.json["id"]
    space = await made(client, store={"type": "qdrant", "connection_id": connection_id})
    assert space["store"] == {"type": "qdrant", "connection_id": connection_id}
    wrong = await client.post(
        "/v1/namespaces",
        {"name": name(), "store": {"type": "pgvector", "connection_id": connection_id}},
    )
    assert types_of(wrong) == ["connection_type"]
    migration = {
        "name": "no",
        "source": {"connection_id": connection_id},
        "target": {"connection_id": await client.connection()},
    }
    assert types_of(await client.post("/v1/migrations", migration)) == ["connection_type"]
    listed = await client.get("/v1/connections?type=qdrant&limit=100")
    assert connection_id in [each["id"] for each in listed.json["data"]]
    other = await client.send("PATCH", f"/v1/connections/{connection_id}", {"type": "pgvector"})
    assert other.status == 409
    assert other.json["error"]["code"] == "connection_type_fixed"
    for text in client.seen:
        assert "canary-password" not in text


async def test_a_connection_to_qdrant_is_tried_by_its_greeting_and_its_key(client: Client):
    async def greet(request: web.Request) -> web.Response:
        return web.json_response({"title": "qdrant - vector search engine", "version": "1.20.0"})

    async def collections(request: web.Request) -> web.Response:
        known = request.headers.get("api-key") == "canary-password-5f1e"
        return web.json_response({"result": {}}, status=200 if known else 401)

    app = web.Application()
    app.router.add_get("/", greet)
    app.router.add_get("/collections", collections)
    async with TestServer(app) as server:
        body = connection_body("vectors", type="qdrant")
        body["config"]["port"] = server.port
        one = f"/v1/connections/{(await client.post('/v1/connections', body)).json['id']}"
        tried = (await client.post(f"{one}/test")).json
        assert (tried["status"], tried["last_test"]["server_version"]) == ("connected", "1.20.0")
        await client.send("PATCH", one, {"config": {"password": "another"}})
        refused = (await client.post(f"{one}/test")).json
        assert refused["status"] == "failed"
        assert "API key" in refused["reason"]
        assert (await client.get(f"{one}/schema")).status == 409


async def test_a_resource_is_kept_as_it_was_given_and_counted(client: Client):
    space = await made(client)
    definition = {"unique_key": {"fields": ["sku"]}, "deep": [[{"é": None}], 1.5]}
    bucket = await put(client, space["id"], "buckets/bkt_1", **definition)
    assert bucket.status == 200, bucket.text
    assert bucket.json["definition"] == definition
    assert (bucket.json["id"], bucket.json["type"]) == ("bkt_1", "bucket")
    one = f"/v1/namespaces/{space['name']}/buckets/bkt_1"
    assert (await client.get(one)).json == bucket.json
    again = await put(client, space["id"], "buckets/bkt_1", other=True)
    assert again.json["created_at"] == bucket.json["created_at"]
    assert again.json["updated_at"] > bucket.json["updated_at"]
    await put(client, space["id"], "collections/col_1", source={"bucket_ids": ["bkt_1"]})
    shown = (await client.get(f"/v1/namespaces/{space['id']}")).json
    assert shown["resources"] == {"bucket": 1, "collection": 1}
    listed = (await client.get(f"/v1/namespaces/{space['id']}/collections?limit=1")).json
    assert [each["id"] for each in listed["data"]] == ["col_1"]
    in_use = await client.delete(one)
    assert in_use.json["error"]["code"] == "resource_in_use"
    assert in_use.json["error"]["details"] == {"resources": ["col_1"]}
    assert (await client.delete(f"/v1/namespaces/{space['id']}/collections/col_1")).status == 200
    assert (await client.delete(one)).json == {"id": "bkt_1", "deleted": True}
    assert (await client.get(one)).json["error"]["code"] == "bucket_not_found"


async def test_definitions_are_refused_for_what_they_are_and_for_what_they_name(client: Client):
    space = (await made(client))["id"]
    wrong = await put(
        client,
        space,
        "retrievers/ret_1",
        collection_ids=[7],
        stages=[{"config": {"feature_uri": "words"}}, "stage"],
    )
    assert sorted(types_of(wrong)) == ["feature_uri", "id_expected", "stage_expected"]
    assert types_of(await put(client, space, "retrievers/-x")) == ["resource_id_invalid"]
    nul = await put(client, space, "buckets/b", text="a\0b")
    assert types_of(nul) == ["string_nul"]
    missing = await put(client, space, "retrievers/ret_1", collection_ids=["col_1"])
    assert missing.status == 409
    assert missing.json["error"]["code"] == "dangling_reference"
    assert missing.json["error"]["details"]["resource_id"] == "col_1"
    await put(client, space, "buckets/col_1")
    wrong = await put(client, space, "retrievers/ret_1", collection_ids=["col_1"])
    assert wrong.json["error"]["code"] == "wrong_reference"
    taken = await put(client, space, "collections/col_1")
    assert taken.json["error"]["code"] == "resource_id_taken"
    for plural in ("buckets", "collections", "taxonomies", "clusters", "retrievers"):
        assert (await put(client, NOTHING, f"{plural}/x")).status == 404
        assert (await client.get(f"/v1/namespaces/{space}/{plural}/x")).status == 404
        assert (await client.delete(f"/v1/namespaces/{space}/{plural}/x")).status == 404
        assert (await client.get(f"/v1/namespaces/{space}/{plural}?limit=0")).status == 422


async def test_an_alias_leads_to_one_namespace_after_the_other(client: Client):
    old, new = await made(client), await made(client)
    alias = name("alias")
    one = f"/v1/namespaces/aliases/{alias}"
    assert (await client.get(one)).json["error"]["code"] == "alias_not_found"
    assert (await client.delete(one)).status == 404
    first = await client.send("PUT", one, {"namespace_id": old["name"]})
    assert first.json["namespace_id"] == old["id"]
    assert first.json["previous_namespace_id"] is None
    switched = await client.send("PUT", one, {"namespace_id": new["id"]})
    assert switched.json["previous_namespace_id"] == old["id"]
    assert (await client.get(one)).json == switched.json
    assert (await client.get(f"/v1/namespaces/{alias}")).json["id"] == new["id"]
    listed = (await client.get("/v1/namespaces/aliases?limit=100")).json["data"]
    assert switched.json in listed
    taken = await client.post("/v1/namespaces", {"name": alias})
    assert taken.json["error"]["code"] == "namespace_name_taken"
    held = await client.delete(f"/v1/namespaces/{new['id']}")
    assert held.status == 409
    assert held.json["error"]["code"] == "alias_held"
    assert (await client.send("PUT", one, {"namespace_id": NOTHING})).status == 404
    bad = await client.send("PUT", "/v1/namespaces/aliases/-", {"namespace_id": new["id"]})
    assert types_of(bad) == ["name_invalid"]
    assert (await client.delete(one)).json == {"id": alias, "deleted": True}
    assert (await client.delete(f"/v1/namespaces/{new['id']}")).status == 200


async def test_namespaces_are_those_of_an_organisation_and_need_their_scope(
    client: Client, service: Service
):
    space = await made(client)
    other = await service.other_client(f"org_{uuid4().hex}")
    assert (await other.get(f"/v1/namespaces/{space['id']}")).status == 404
    assert (await put(other, space["id"], "buckets/b")).status == 404
    key = await client.post("/v1/api-keys", {"name": "r", "scopes": ["namespaces:read"]})
    reader = service.client(key=key.json["key"])
    await reader.until(f"/v1/namespaces/{space['id']}", lambda body: True)
    assert (await put(reader, space["id"], "buckets/b")).status == 403
    assert (await reader.post("/v1/namespaces", {"name": name()})).status == 403


async def test_a_namespace_that_is_being_migrated_stays(client: Client, service: Service):
    source = await made(client)
    await put(client, source["id"], "buckets/b")
    await put(client, source["id"], "collections/c", source={"bucket_ids": ["b"]})
    config = {"migration_type": "copy", "source_namespace_id": source["id"]}
    service.executors.working.clear()
    try:
        begun = await client.post(
            "/v1/namespaces/migrations/", {"config": config, "start_immediately": True}
        )
        assert begun.status == 201, begun.text
        migration_id = begun.json["migration_id"]
        refused = await client.delete(f"/v1/namespaces/{source['id']}")
        assert refused.status == 409, refused.text
        assert refused.json["error"]["code"] == "namespace_in_use"
        assert refused.json["error"]["details"] == {"migrations": [migration_id]}
    finally:
        service.executors.working.set()
    one = f"/v1/namespaces/migrations/{migration_id}"
    await client.until(one, lambda body: body["status"] == "completed")
    assert (await client.delete(f"/v1/namespaces/{source['id']}")).status == 200


async def failed(client: Client, service: Service) -> tuple[str, str]:
    """Give the ids of a namespace, and of a migration from it that failed and can be resumed."""
    source = await made(client)
    await put(client, source["id"], "buckets/b")
    config = {"migration_type": "copy", "source_namespace_id": source["id"]}
    service.executors.failing[wk.MakeResource] = "no_access"
    begun = await client.post(
        "/v1/namespaces/migrations/", {"config": config, "start_immediately": True}
    )
    migration_id: str = begun.json["migration_id"]
    one = f"/v1/namespaces/migrations/{migration_id}"
    await client.until(one, lambda body: body["status"] == "failed")
    return source["id"], migration_id


async def test_a_namespace_stays_while_a_failed_migration_from_or_to_it_can_be_resumed(
    client: Client, service: Service
):
    source_id, migration_id = await failed(client, service)
    one = f"/v1/namespaces/migrations/{migration_id}"
    refused = await client.delete(f"/v1/namespaces/{source_id}")
    assert (refused.status, refused.json["error"]["code"]) == (409, "namespace_in_use")
    assert refused.json["error"]["details"] == {"migrations": [migration_id]}
    service.executors.silent.add(wk.FenceTarget)
    assert (await client.post(f"{one}/cancel")).status == 200
    await client.until(one, lambda body: body["additional_data"].get("phase") == "cancelling")
    refused = await client.delete(f"/v1/namespaces/{source_id}")
    assert (refused.status, refused.json["error"]["code"]) == (409, "namespace_in_use")


@pytest.mark.parametrize("way", ["delete", "rollback", "cancel"])
async def test_a_namespace_goes_once_a_failed_migration_from_it_cannot_be_resumed(
    client: Client, service: Service, way: str
):
    source_id, migration_id = await failed(client, service)
    one = f"/v1/namespaces/migrations/{migration_id}"
    if way == "delete":
        assert (await client.delete(one)).status == 204
    else:
        assert (await client.post(f"{one}/{way}")).status == 200
        over = "rolled_back" if way == "rollback" else None
        await client.until(
            one,
            lambda body: (
                body["status"] == ("failed" if over else "cancelled")
                and body["additional_data"].get("phase") == over
            ),
        )
    assert (await client.delete(f"/v1/namespaces/{source_id}")).status == 200
