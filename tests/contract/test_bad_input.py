import asyncio
import logging
from urllib.parse import urlsplit

import msgspec
import pytest
import structlog
from tests.support.api.client import Client, connection_body
from tests.support.api.service import Service

_CREATE = "/v1/migrations"


async def _problems(client: Client, path: str, **options: object) -> set[tuple[str, str]]:
    reply = await client.post(path, **options)
    assert reply.status == 422, reply.text
    detail = reply.json["detail"]
    assert all(set(each) == {"loc", "msg", "type"} for each in detail)
    return {(".".join(str(part) for part in each["loc"]), each["type"]) for each in detail}


async def test_every_problem_of_a_body_is_named_at_once(client: Client):
    body = {
        "name": 5,
        "source": {"schemas": ["a", 7], "exclude_tables": "x", "password": "hunter2"},
        "target": {"connection_id": "conn_1", "schema": ""},
        "options": {
            "mode": "half",
            "parallelism": 0,
            "batch_size": 1.5,
            "auto_approve_above": 2,
            "generate_rollback": "yes",
        },
        "org_id": "org_other",
        "status": "completed",
    }
    assert await _problems(client, _CREATE, body=body) == {
        ("body.name", "string_type"),
        ("body.source.connection_id", "missing"),
        ("body.source.schemas.1", "string_type"),
        ("body.source.exclude_tables", "list_type"),
        ("body.source.password", "extra_forbidden"),
        ("body.target.schema", "string_too_short"),
        ("body.options.mode", "literal_error"),
        ("body.options.parallelism", "greater_than_equal"),
        ("body.options.batch_size", "int_type"),
        ("body.options.auto_approve_above", "less_than_equal"),
        ("body.options.generate_rollback", "bool_type"),
        ("body.org_id", "extra_forbidden"),
        ("body.status", "extra_forbidden"),
    }


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"{", "json_invalid"),
        (b"not json", "json_invalid"),
        (b'{"name": NaN}', "json_invalid"),
        (b'{"name": "\xff"}', "json_invalid"),
        (b'{"name": "\\ud800"}', "json_invalid"),
        (b"[]", "object_type"),
        (b"null", "object_type"),
        (b'"text"', "object_type"),
        (b"[" * 100_000, "too_deep"),
        (b'{"name":' * 50_000 + b"1" + b"}" * 50_000, "too_deep"),
        (b"1" * 5_000, "json_invalid"),
    ],
    ids=[
        "cut off",
        "words",
        "NaN",
        "not UTF-8",
        "half a surrogate",
        "array",
        "null",
        "text",
        "deep array",
        "deep object",
        "huge number",
    ],
)
async def test_what_is_no_object_in_json_is_refused_by_kind(client: Client, raw: bytes, kind: str):
    reply = await client.post(_CREATE, raw=raw)
    assert reply.status == 422, reply.text
    assert kind in {each["type"] for each in reply.json["detail"]} | (
        {"json_invalid"} if kind == "json_invalid" else set()
    )


async def test_a_body_beyond_the_limit_is_refused_unread(client: Client):
    reply = await client.post(_CREATE, raw=b'{"name": "' + b"a" * (1024 * 1024) + b'"}')
    assert reply.status == 413
    assert reply.json["error"]["code"] == "payload_too_large"


async def test_text_that_postgresql_cannot_hold_is_refused(client: Client):
    body = connection_body("a\0b", tags=["x\0"])
    assert await _problems(client, "/v1/connections", body=body) == {
        ("body.name", "string_nul"),
        ("body.config.database", "string_nul"),
        ("body.tags.0", "string_nul"),
    }
    harmless = connection_body("back\\u0000slash")
    assert (await client.post("/v1/connections", harmless)).status == 201


@pytest.mark.parametrize(
    "host",
    [
        "",
        "/var/run/postgresql",
        "a,127.0.0.1",
        "a?options=-c",
        "u:p@h",
        "a b",
        "a%2Fb",
        "h\nx",
        "é",
        "x" * 300,
    ],
)
async def test_a_host_is_a_name_or_an_address_and_nothing_else(client: Client, host: str):
    body = connection_body()
    body["config"]["host"] = host
    assert ("body.config.host", "string_pattern_mismatch") in await _problems(
        client, "/v1/connections", body=body
    )


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("limit=0", ("query.limit", "greater_than_equal")),
        ("limit=101", ("query.limit", "less_than_equal")),
        ("limit=ten", ("query.limit", "int_type")),
        ("limit=9999999999999999999999", ("query.limit", "int_type")),
        ("offset=-1", ("query.offset", "greater_than_equal")),
        ("sort=secret", ("query.sort", "literal_error")),
        ("order=asc;drop", ("query.order", "literal_error")),
        ("status=nonsense", ("query.status", "literal_error")),
        ("created_after=yesterday", ("query.created_after", "datetime_parsing")),
        ("created_after=2026-01-01T00:00:00", ("query.created_after", "timezone_aware")),
        ("staus=running", ("query.staus", "extra_forbidden")),
        ("limit=1&limit=2", ("query.limit", "repeated")),
        ("source_id=%00", ("query.source_id", "string_nul")),
        ("min_position=7", ("query.min_position", "position_invalid")),
        ("min_position=999-1", ("query.min_position", "position_invalid")),
    ],
)
async def test_every_problem_of_a_query_is_named(
    client: Client, query: str, problem: tuple[str, str]
):
    reply = await client.get(f"/v1/migrations?{query}")
    assert reply.status == 422, reply.text
    found = {(".".join(map(str, each["loc"])), each["type"]) for each in reply.json["detail"]}
    assert problem in found


async def test_a_connection_is_used_in_its_role_only(client: Client):
    source = await client.connection("reading", role="source")
    target = await client.connection("writing", role="target")
    body = {
        "name": "backwards",
        "source": {"connection_id": target},
        "target": {"connection_id": source},
    }
    assert await _problems(client, _CREATE, body=body) == {
        ("body.source.connection_id", "connection_role")
    }


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
async def test_an_idempotency_key_is_a_word(client: Client, key: str):
    reply = await client.post("/v1/connections", connection_body(), key=key)
    assert reply.status == 422
    assert reply.json["detail"][0]["loc"] == ["header", "Idempotency-Key"]


async def test_an_event_id_that_is_none_is_refused(client: Client):
    migration_id = await client.migration()
    for text in ("x", "1", "1-2-3", "-1--1", "1.2.3-4", "9" * 19 + "-0"):
        reply = await client.get(
            f"/v1/migrations/{migration_id}/logs?follow=true", headers={"Last-Event-ID": text}
        )
        assert reply.status == 422, text


async def test_a_whole_number_may_be_written_with_a_point(client: Client):
    body = connection_body("pointed", options={"max_connections": 5.0})
    reply = await client.post("/v1/connections", body)
    assert reply.status == 201, reply.text
    assert reply.json["options"]["max_connections"] == 5
    body["options"] = {"max_connections": 5.5}
    assert await _problems(client, "/v1/connections", body=body) == {
        ("body.options.max_connections", "int_type")
    }


@pytest.mark.parametrize("moment", ["0001-01-01T01:18:29+15:51", "9999-12-31T23:59:59-01:00"])
async def test_a_moment_that_is_none_in_utc_is_refused(client: Client, moment: str):
    asked = moment.replace("+", "%2B")
    reply = await client.get(f"/v1/migrations?created_before={asked}")
    assert reply.status == 422
    body = {"name": "late", "expires_at": moment}
    assert await _problems(client, "/v1/api-keys", body=body) == {
        ("body.expires_at", "datetime_parsing")
    }


async def test_a_field_that_is_made_up_is_named_without_its_control_characters(client: Client):
    reply = await client.post("/v1/webhooks", {"a\u0000b": 1})
    assert reply.status == 422
    assert ["body", "a\\x00b"] in [each["loc"] for each in reply.json["detail"]]


@pytest.mark.parametrize(
    "sent",
    [
        b"secret-6c1f\r\n\r\n",
        b"GET /v1/migrations?token=secret-6c1f HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /v1/migrations HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer secret-6c1f\r\n\r\n",
        b"GET /v1/migrations HTTP/1.1\r\nHost: x\r\nX: secret-6c1f" + b"x" * 20_000 + b"\r\n\r\n",
    ],
    ids=["no method", "no version", "a space in a name", "too long"],
)
async def test_what_is_no_request_is_refused_in_the_same_shape_and_repeated_nowhere(
    service: Service, sent: bytes, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    address = urlsplit(service.url)
    with structlog.testing.capture_logs() as logged:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(sent)
        head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
        writer.close()
    assert head.split(b" ")[1] == b"400"
    assert b"Content-Type: application/json" in head
    error = msgspec.json.decode(body)["error"]
    assert (error["type"], error["code"]) == ("BadRequestError", "request_unreadable")
    assert f"X-Request-Id: {error['request_id']}".encode() in head
    assert error["request_id"] in {each.get("request_id") for each in logged}
    assert "secret-6c1f" not in f"{body!r}{logged}{caplog.text}"
