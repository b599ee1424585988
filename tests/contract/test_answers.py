"""What every answer has in common, whatever the route."""

from collections.abc import AsyncIterator

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.paths import NOBODYS, filled
from tests.support.api.service import Service

from sterna_api.openapi.operation import Operation
from sterna_api.openapi.table import OPERATIONS

_PROBLEM = "application/problem+json"
_ORIGIN = "https://console.example.com"


@pytest.fixture(scope="module")
async def with_origin(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    url = await postgres_server.create_database()
    async with Service(url, cors_origins=(_ORIGIN,)) as running:
        yield running


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if each.method != "GET"],
    ids=lambda each: f"{each.method} {each.path}",
)
async def test_every_route_that_writes_minds_its_idempotency_key(
    client: Client, operation: Operation
):
    for key in ("a b", "", "x" * 256):
        reply = await client.send(operation.method, filled(operation.path), {}, key=key)
        assert reply.status == 422, reply.text
        assert reply.json["detail"][0]["loc"] == ["header", "Idempotency-Key"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
async def test_every_answer_names_its_request_and_every_error_too(
    client: Client, operation: Operation
):
    mark = {"X-Request-Id": "walk-1", "Accept": "application/json"}
    reply = await client.send(operation.method, filled(operation.path), headers=mark)
    assert reply.headers["X-Request-Id"] == "walk-1"
    if reply.status >= 400 and reply.status != 422:
        assert reply.json["error"]["request_id"] == "walk-1"
    if operation.scope is not None:
        for name in ("Limit", "Remaining", "Reset"):
            assert int(reply.headers[f"X-RateLimit-{name}"]) >= 0
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_error_comes_as_problem_details_to_who_asks_for_them(client: Client):
    path = f"/v1/migrations/mig_{NOBODYS}"
    reply = await client.get(path, headers={"Accept": _PROBLEM, "X-Request-Id": "rfc-9457"})
    assert reply.status == 404
    assert reply.headers["Content-Type"].startswith(_PROBLEM)
    body = reply.json
    assert body == {
        "type": "urn:sterna:error:migration_not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such migration.",
        "code": "migration_not_found",
        "request_id": "rfc-9457",
    }
    shape = await client.post("/v1/migrations", {"name": 5}, headers={"Accept": _PROBLEM})
    assert shape.status == 422
    assert shape.headers["Content-Type"].startswith(_PROBLEM)
    assert {"loc", "msg", "type"} == set(shape.json["errors"][0])
    plain = await client.get(path)
    assert plain.headers["Content-Type"].startswith("application/json")
    assert plain.json["success"] is False


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "json"]
)
async def test_a_body_that_is_not_json_by_its_type_is_refused(client: Client, kind: str):
    reply = await client.post("/v1/connections", connection_body(), headers={"Content-Type": kind})
    assert reply.status == 415
    assert reply.json["error"]["code"] == "unsupported_media_type"
    assert reply.json["error"]["type"] == "UnsupportedMediaTypeError"


async def test_who_takes_no_json_gets_none(client: Client):
    reply = await client.get("/v1/connections", headers={"Accept": "image/png"})
    assert reply.status == 406
    assert reply.json["error"]["code"] == "not_acceptable"
    for accept in ("*/*", "application/*", "text/html, application/json;q=0.5"):
        assert (await client.get("/v1/connections", headers={"Accept": accept})).status == 200


async def test_head_is_answered_like_get_without_a_body(service: Service, client: Client):
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        path = filled(operation.path)
        shown, asked = await client.get(path), await client.send("HEAD", path)
        assert asked.status == shown.status, path
        assert not asked.text
    followed = await client.send("HEAD", f"/v1/migrations/mig_{NOBODYS}/logs?follow=true")
    assert followed.status == 200
    assert (await service.client(None).send("HEAD", "/v1/migrations")).status == 401


async def test_options_tells_the_methods_and_needs_no_key(service: Service, client: Client):
    anonymous = service.client(None)
    reply = await anonymous.send("OPTIONS", "/v1/connections")
    assert reply.status == 204
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert (await anonymous.send("OPTIONS", "/v1/nothing")).status == 401
    refused = await client.send("PUT", "/v1/connections")
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET,HEAD,POST".replace(",", ", ")


async def test_no_page_reads_answers_unless_its_origin_is_allowed(
    service: Service, with_origin: Service
):
    ask = {"Origin": _ORIGIN, "Access-Control-Request-Method": "POST"}
    for off in (service.client(), with_origin.client()):
        other = {**ask, "Origin": "https://evil.example.com"}
        reply = await off.send("OPTIONS", "/v1/migrations", headers=other)
        assert not [name for name in reply.headers if name.startswith("Access-Control")]
    reply = await service.client().get("/v1/migrations", headers={"Origin": _ORIGIN})
    assert "Access-Control-Allow-Origin" not in reply.headers
    anonymous = with_origin.client(None)
    allowed = await anonymous.send("OPTIONS", "/v1/migrations", headers=ask)
    assert allowed.status == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == _ORIGIN
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    refused = await anonymous.get("/v1/migrations", headers={"Origin": _ORIGIN})
    assert refused.status == 401
    assert refused.headers["Access-Control-Allow-Origin"] == _ORIGIN
    assert refused.headers["Vary"] == "Origin"
