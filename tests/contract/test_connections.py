from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.service import Service


def _body_for(url: str, name: str = "real", **fields: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    config = {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path[1:],
        "username": parts.username,
        "password": parts.password or "",
    }
    return {"name": name, "type": "postgresql", "role": "both", "config": config, **fields}


@pytest.fixture
async def database(postgres_server: PostgresTestServer, source_database: str) -> str:
    connection = await asyncpg.connect(source_database)
    try:
        await connection.execute("""
            create table customers (id int primary key, name text not null, joined date);
            create table orders (id bigint primary key, total numeric(10, 2));
            create schema other; create table other.thing (a int[]);
            insert into customers select g, 'x' from generate_series(1, 500) g;
            analyze customers;
        """)
    finally:
        await connection.close()
    return source_database


async def test_a_test_says_how_long_it_took_and_what_the_role_may_do(client: Client, database: str):
    made = await client.post("/v1/connections", _body_for(database))
    tried = await client.post(f"/v1/connections/{made.json['id']}/test")
    assert tried.status == 200
    assert tried.json["status"] == "connected"
    found = tried.json["last_test"]
    for field in ("connect_milliseconds", "login_milliseconds", "query_milliseconds"):
        assert found[field] > 0
    assert found["encoding"] == "UTF8"
    assert int(found["server_version"].split(".")[0]) >= 11
    assert {"create_schema", "temporary"} <= set(found["rights"])
    assert (found["tables"], found["tables_readable"]) == (3, 3)
    assert found["missing"] == {"source": [], "target": []}


async def test_a_test_names_the_rights_that_a_source_and_a_target_need(
    client: Client, database: str
):
    role = f"poor_{database.rpartition('/')[2]}"
    connection = await asyncpg.connect(database)
    name = database.rpartition("/")[2]
    try:
        await connection.execute(f"""
            create role "{role}" login password 'poor';
            grant select on customers to "{role}";
            revoke temporary on database "{name}" from public;
        """)
        made = await client.post("/v1/connections", _body_for(database))
        changes = {"config": {"username": role, "password": "poor"}}
        await client.send("PATCH", f"/v1/connections/{made.json['id']}", changes)
        tried = await client.post(f"/v1/connections/{made.json['id']}/test")
    finally:
        await connection.execute(f'drop owned by "{role}"; drop role "{role}"')
        await connection.close()
    missing = tried.json["last_test"]["missing"]
    assert missing["source"] == ["SELECT on 2 of 3 tables"]
    assert missing["target"] == ["CREATE on the database", "TEMPORARY on the database"]


async def test_a_schema_lists_tables_with_columns_types_and_estimates(
    client: Client, database: str
):
    made = await client.post("/v1/connections", _body_for(database))
    one = f"/v1/connections/{made.json['id']}/schema"
    whole = (await client.get(one)).json
    assert [f"{each['schema']}.{each['name']}" for each in whole["tables"]] == [
        "other.thing",
        "public.customers",
        "public.orders",
    ]
    customers = whole["tables"][1]
    assert customers["estimated_rows"] == 500
    assert customers["columns"] == [
        {"name": "id", "type": "integer", "nullable": False, "primary_key": True},
        {"name": "name", "type": "text", "nullable": False, "primary_key": False},
        {"name": "joined", "type": "date", "nullable": True, "primary_key": False},
    ]
    assert whole["tables"][2]["columns"][1]["type"] == "numeric(10,2)"
    page = (await client.get(f"{one}?schema=public&limit=1&offset=1")).json
    assert [each["name"] for each in page["tables"]] == ["orders"]
    assert page["pagination"] == {"total": 2, "limit": 1, "offset": 1, "has_more": False}
    beyond = (await client.get(f"{one}?offset=50")).json
    assert (beyond["tables"], beyond["pagination"]["total"]) == ([], 3)


async def test_a_schema_of_a_database_that_is_not_reached_says_why(client: Client):
    made = await client.post("/v1/connections", connection_body("away"))
    reply = await client.get(f"/v1/connections/{made.json['id']}/schema")
    assert reply.status == 409
    assert reply.json["error"]["code"] == "connection_failed"
    assert reply.json["error"]["message"] == "Nothing listens at this host and port."


async def test_a_change_is_seen_at_once_and_leads_to_another_test(client: Client, database: str):
    made = await client.post("/v1/connections", connection_body("wrong", tags=["a"]))
    one = f"/v1/connections/{made.json['id']}"
    await client.until(one, lambda body: body["status"] == "failed")
    body = _body_for(database)
    changed = await client.send(
        "PATCH",
        one,
        {
            "name": "right",
            "description": "the old shop",
            "role": "source",
            "config": body["config"] | {"schemas": ["public"]},
            "options": {"ssl_mode": "disable", "max_connections": 3, "query_timeout_seconds": 60},
            "tags": ["b", "c"],
        },
    )
    assert changed.status == 200
    assert changed.json["status"] == "testing"
    assert changed.json["reason"] is None
    shown = await client.until(one, lambda body: body["status"] == "connected")
    assert (shown["name"], shown["description"], shown["role"]) == (
        "right",
        "the old shop",
        "source",
    )
    assert shown["tags"] == ["b", "c"]
    assert shown["config"]["port"] == body["config"]["port"]
    assert shown["config"]["schemas"] == ["public"]
    assert shown["config"]["ssl_mode"] == "disable"
    assert shown["options"]["max_connections"] == 3
    assert shown["options"]["connection_timeout_seconds"] == 30
    assert shown["last_test"]["tables"] == 2


async def test_a_change_of_the_name_alone_keeps_what_the_test_found(client: Client):
    made = await client.post("/v1/connections", connection_body("first"))
    one = f"/v1/connections/{made.json['id']}"
    await client.until(one, lambda body: body["status"] == "failed")
    changed = await client.send("PATCH", one, {"name": "second"})
    assert (changed.json["name"], changed.json["status"]) == ("second", "failed")
    assert (await client.send("PATCH", one, {})).json["name"] == "second"


async def test_a_change_with_a_field_that_is_not_known_is_refused(client: Client):
    made = await client.post("/v1/connections", connection_body("strict"))
    one = f"/v1/connections/{made.json['id']}"
    for body in ({"status": "connected"}, {"config": {"dsn": "x"}}, {"options": {"a": 1}}):
        assert (await client.send("PATCH", one, body)).status == 422
    gone = await client.delete(one)
    assert gone.status == 200
    late = await client.send("PATCH", one, {"name": "late"})
    assert (late.status, late.json["error"]["code"]) == (404, "connection_not_found")


async def test_a_list_is_filtered_by_role_status_tag_and_name(service: Service):
    client = await service.other_client("org_filters")
    for name, role, tags in (("Old shop", "source", ["eu"]), ("New shop", "target", ["eu", "x"])):
        made = await client.post("/v1/connections", connection_body(name, role=role, tags=tags))
        path = f"/v1/connections/{made.json['id']}"
        await client.until(path, lambda body: body["status"] == "failed")
    for query, names in (
        ("role=source", ["Old shop"]),
        ("tag=eu", ["New shop", "Old shop"]),
        ("tag=x", ["New shop"]),
        ("status=failed&name=SHOP&limit=1", ["New shop"]),
        ("status=connected", []),
        ("name=old", ["Old shop"]),
        ("type=postgresql&tag=none", []),
    ):
        listed = (await client.get(f"/v1/connections?{query}")).json
        assert [each["name"] for each in listed["data"]] == names, query
    assert (await client.get("/v1/connections?role=neither")).status == 422


async def test_a_connection_is_deleted_only_when_no_live_migration_uses_it(client: Client):
    migration_id = await client.migration()
    shown = await client.in_status(migration_id, "approved")
    for side in ("source", "target"):
        one = f"/v1/connections/{shown[side]['connection_id']}"
        refused = await client.delete(one)
        assert refused.status == 409
        assert refused.json["error"]["code"] == "connection_in_use"
        assert refused.json["error"]["details"]["migrations"] == [migration_id]
    await client.post(f"/v1/migrations/{migration_id}/cancel", {"rollback": False})
    gone = await client.delete(one)
    assert gone.status == 200
    assert (await client.get(f"{one}?min_position={gone.position}")).status == 404


async def test_a_deletion_sees_a_migration_that_was_created_a_moment_ago(client: Client):
    for number in range(10):
        old, new = await client.connection("old"), await client.connection("new")
        body = {
            "name": f"moment {number}",
            "source": {"connection_id": old},
            "target": {"connection_id": new},
        }
        assert (await client.post("/v1/migrations", body)).status == 201
        assert (await client.delete(f"/v1/connections/{old}")).status == 409


async def test_a_change_does_not_touch_a_migration_that_was_created_before_it(client: Client):
    migration_id = await client.migration()
    shown = await client.in_status(migration_id, "approved")
    one = f"/v1/connections/{shown['source']['connection_id']}"
    await client.send("PATCH", one, {"name": "renamed", "config": {"host": "elsewhere.invalid"}})
    after = (await client.get(f"/v1/migrations/{migration_id}")).json
    assert after["source"]["connection_name"] == "old"
