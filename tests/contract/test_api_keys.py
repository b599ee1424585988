import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.paths import filled
from tests.support.api.service import Service

from sterna_api.openapi.table import OPERATIONS
from sterna_core.api_key.scope import SCOPES, allows


class _Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def clock() -> _Clock:
    return _Clock()


@pytest.fixture(scope="module")
async def proxied(postgres_server: PostgresTestServer, clock: _Clock) -> AsyncIterator[Service]:
    """A service behind a proxy on this machine, with a clock of its own."""
    url = await postgres_server.create_database()
    async with Service(url, clock=clock, proxies=("127.0.0.0/8",)) as running:
        yield running


async def _with_scopes(service: Service, client: Client, *scopes: str) -> Client:
    made = await client.post("/v1/api-keys", {"name": "some", "scopes": list(scopes)})
    assert made.status == 201, made.text
    return service.client(made.json["key"])


@pytest.mark.parametrize("scope", [*SCOPES, "migrations:*", "*:read"])
async def test_a_key_reaches_exactly_the_routes_of_its_scopes(
    service: Service, client: Client, scope: str
):
    robot = await _with_scopes(service, client, scope)
    for operation in OPERATIONS:
        if operation.scope is None:
            continue
        reply = await robot.send(operation.method, filled(operation.path))
        if allows([scope], operation.scope):
            assert reply.status != 403, (operation.key, reply.text)
        else:
            assert reply.status == 403, (operation.key, reply.text)
            error = reply.json["error"]
            assert error["code"] == "forbidden"
            assert error["type"] == "ForbiddenError"
            assert error["details"] == {"required_scope": operation.scope}
            assert operation.scope in error["message"]


async def test_a_key_is_shown_once_with_what_it_may_do(client: Client):
    body = {
        "name": "robot",
        "scopes": ["migrations:read", "*:read"],
        "expires_at": "2099-01-01T00:00:00Z",
        "ip_whitelist": ["10.0.0.0/8", "192.0.2.1"],
        "environment": "test",
    }
    made = await client.post("/v1/api-keys", body)
    assert made.status == 201
    assert made.json["key"].startswith("sk_test_")
    shown = (await client.get(f"/v1/api-keys/{made.json['id']}")).json
    assert "key" not in shown
    for answer in (made.json, shown):
        assert answer["scopes"] == ["migrations:read", "*:read"]
        assert answer["ip_whitelist"] == ["10.0.0.0/8", "192.0.2.1/32"]
        assert answer["expires_at"] == "2099-01-01T00:00:00Z"
        assert answer["environment"] == "test"
    listed = (await client.get("/v1/api-keys?limit=100")).json["data"]
    assert shown in listed


async def test_a_key_without_scopes_may_do_what_its_maker_may(service: Service, client: Client):
    everything = await client.post("/v1/api-keys", {"name": "all"})
    assert everything.json["scopes"] == ["*"]
    assert everything.json["key"].startswith("sk_live_")
    admin = await _with_scopes(service, client, "admin:*", "migrations:read")
    made = await admin.post("/v1/api-keys", {"name": "like me"})
    assert made.json["scopes"] == ["admin:*", "migrations:read"]


async def test_a_key_cannot_give_change_or_rotate_more_than_it_has(
    service: Service, client: Client
):
    admin = await _with_scopes(service, client, "admin:*")
    refused = await admin.post("/v1/api-keys", {"name": "more", "scopes": ["migrations:read"]})
    assert refused.status == 403
    assert refused.json["error"]["details"] == {"scopes": ["migrations:read"]}
    mighty = (await client.post("/v1/api-keys", {"name": "mighty"})).json["id"]
    one = f"/v1/api-keys/{mighty}"
    assert (await admin.send("PATCH", one, {"name": "taken"})).status == 403
    assert (await admin.post(f"{one}/rotate")).status == 403
    own = (await admin.post("/v1/api-keys", {"name": "own"})).json["id"]
    widened = await admin.send("PATCH", f"/v1/api-keys/{own}", {"scopes": ["*"]})
    assert widened.status == 403


async def test_a_change_of_scopes_counts_at_once(service: Service, client: Client):
    made = (await client.post("/v1/api-keys", {"name": "wide"})).json
    robot = service.client(made["key"])
    assert (await robot.get("/v1/connections")).status == 200
    changed = await client.send(
        "PATCH", f"/v1/api-keys/{made['id']}", {"scopes": ["webhooks:read"], "name": "narrow"}
    )
    assert changed.status == 200
    assert changed.json["scopes"] == ["webhooks:read"]
    assert changed.json["name"] == "narrow"
    assert (await robot.get("/v1/connections")).status == 403
    assert (await robot.get("/v1/webhooks")).status == 200


async def test_a_key_is_accepted_until_it_expires(proxied: Service, clock: _Clock):
    client = proxied.client()
    soon = (clock() + timedelta(hours=1)).isoformat()
    made = (await client.post("/v1/api-keys", {"name": "brief", "expires_at": soon})).json
    robot = proxied.client(made["key"])
    assert (await robot.get("/v1/connections")).status == 200
    clock.ahead += timedelta(hours=1)
    assert (await robot.get("/v1/connections")).status == 401
    never = {"expires_at": None}
    assert (await client.send("PATCH", f"/v1/api-keys/{made['id']}", never)).status == 200
    assert (await robot.get("/v1/connections")).status == 200


async def test_a_key_is_accepted_from_its_addresses_only(proxied: Service):
    client = proxied.client()
    body = {"name": "office", "ip_whitelist": ["198.51.100.0/24", "2001:db8::/32"]}
    made = (await client.post("/v1/api-keys", body)).json
    robot = proxied.client(made["key"])
    for address, status in {
        "198.51.100.7": 200,
        "2001:db8::1": 200,
        "203.0.113.1": 403,
        "198.51.100.7, 203.0.113.1": 403,
    }.items():
        reply = await robot.get("/v1/connections", headers={"X-Forwarded-For": address})
        assert reply.status == status, address
        if status == 403:
            assert reply.json["error"]["code"] == "forbidden"
            assert reply.json["error"]["details"] == {"ip_address": "203.0.113.1"}


async def test_a_rotated_key_and_the_one_before_it_work_for_the_overlap(
    proxied: Service, clock: _Clock
):
    client = proxied.client()
    made = (await client.post("/v1/api-keys", {"name": "turn", "environment": "test"})).json
    path = f"/v1/api-keys/{made['id']}/rotate"
    turned = await client.post(path, {"overlap_seconds": 600}, key="turn-1")
    assert turned.status == 200
    assert turned.json["key"] != made["key"]
    assert turned.json["key"].startswith("sk_test_")
    again = await client.post(path, {"overlap_seconds": 600}, key="turn-1")
    assert again.json == turned.json
    old, new = proxied.client(made["key"]), proxied.client(turned.json["key"])
    assert (await old.get("/v1/connections")).status == 200
    assert (await new.get("/v1/connections")).status == 200
    clock.ahead += timedelta(seconds=600)
    assert (await old.get("/v1/connections")).status == 401
    assert (await new.get("/v1/connections")).status == 200
    at_once = (await client.post(path, {"overlap_seconds": 0})).json
    assert (await new.get("/v1/connections")).status == 401
    assert (await proxied.client(at_once["key"]).get("/v1/connections")).status == 200
    await client.delete(f"/v1/api-keys/{made['id']}")
    assert (await proxied.client(at_once["key"]).get("/v1/connections")).status == 401
    assert (await client.post(path)).status == 404


async def test_keys_are_the_same_after_a_rebuild(postgres_server: PostgresTestServer):
    url = await postgres_server.create_database()
    async with Service(url) as service:
        client = service.client()
        made = (await client.post("/v1/api-keys", {"name": "a", "scopes": ["*:read"]})).json
        one = f"/v1/api-keys/{made['id']}"
        await client.send("PATCH", one, {"ip_whitelist": ["127.0.0.0/8"], "name": "b"})
        turned = (await client.post(f"{one}/rotate", {"overlap_seconds": 900})).json
        await _refuse_something(service, made["key"])
        before = await _everything(client)
        await service.rebuild()
        assert await _everything(client) == before
        for key in (made["key"], turned["key"]):
            assert (await service.client(key).get("/v1/connections")).status == 200


async def _refuse_something(service: Service, key: str) -> None:
    reader = service.client(key)
    assert (await reader.post("/v1/connections", connection_body())).status == 403
    await service.client().until("/v1/audit-logs", _has_a_refusal)


def _has_a_refusal(body: Any) -> bool:
    return any(line["result"] == "denied" for line in body["data"])


async def _everything(client: Client) -> list[Any]:
    replies = await asyncio.gather(
        *(client.get(path) for path in ("/v1/api-keys", "/v1/audit-logs?limit=100"))
    )
    return [reply.json for reply in replies]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "ip_whitelist": ["10.0.0.0/99"]},
        {"name": "x", "ip_whitelist": ["office"]},
        {"name": "x", "expires_at": "0001-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "9999-12-31T23:59:59.999999Z"},
        {"name": "x", "expires_at": "tomorrow"},
        {"name": "x", "environment": "staging"},
    ],
)
async def test_what_makes_no_sense_for_a_key_is_refused(client: Client, body: dict[str, Any]):
    assert (await client.post("/v1/api-keys", body)).status == 422
