from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from tests.support.api.client import Client
from tests.support.api.paths import filled
from tests.support.api.service import FIRST_KEY, Service

from sterna_api.http.authentication import PUBLIC_PATHS
from sterna_core.api_key.key import make_key

_BAD = {
    "none": {},
    "empty": {"Authorization": ""},
    "another scheme": {"Authorization": f"Basic {FIRST_KEY.reveal()}"},
    "garbage": {"Authorization": "Bearer garbage"},
    "truncated": {"Authorization": f"Bearer {FIRST_KEY.reveal()[:-1]}"},
    "unknown": {"Authorization": f"Bearer {make_key().reveal()}"},
    "huge": {"Authorization": f"Bearer sk_{'a' * 4000}"},
    "non-ascii": {"Authorization": "Bearer sk_é"},
    "key in the query": {},
}


def _routes(service: Service) -> list[tuple[str, str]]:
    found = []
    for route in service.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if route.method == "HEAD":
            continue  # answered without a body
        found.append((route.method, filled(path)))
    return found


@pytest.mark.parametrize("way", _BAD)
async def test_every_route_refuses_a_request_without_a_valid_key_in_the_same_words(
    service: Service, way: str
):
    client = service.client(key=None)
    answers = set()
    for method, path in _routes(service):
        if path in PUBLIC_PATHS:
            continue
        asked = f"{path}?key={FIRST_KEY.reveal()}" if way == "key in the query" else path
        reply = await client.send(method, asked, headers=_BAD[way])
        assert reply.status == 401, (method, path)
        body = reply.json
        del body["error"]["request_id"]
        answers.add(str(body))
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert len(answers) == 1


async def test_two_keys_are_no_key(service: Service):
    header = f"Bearer {FIRST_KEY.reveal()}"
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{service.url}/v1/connections",
            headers=[("Authorization", header), ("Authorization", header)],
        ) as reply,
    ):
        assert reply.status == 401


async def test_an_address_that_does_not_exist_needs_a_key_too(service: Service, client: Client):
    assert (await service.client(key=None).get("/v1/nothing")).status == 401
    found = await client.get("/v1/nothing")
    assert found.status == 404
    assert found.json["error"]["code"] == "not_found"
    assert (await client.send("PUT", "/v1/connections")).status == 405


async def test_health_needs_no_key(service: Service):
    anonymous = service.client(key=None)
    for path in PUBLIC_PATHS:
        assert (await anonymous.get(path)).status == 200


async def test_a_new_key_works_at_once_and_a_revoked_one_no_more(service: Service, client: Client):
    made = await client.post("/v1/api-keys", {"name": "robot"})
    assert made.status == 201
    robot = service.client(made.json["key"])
    assert (await robot.get("/v1/connections")).status == 200
    revoked = await client.delete(f"/v1/api-keys/{made.json['id']}")
    assert revoked.status == 200
    assert (await robot.get("/v1/connections")).status == 401
    shown = (await client.get(f"/v1/api-keys/{made.json['id']}")).json
    assert shown["revoked_at"] is not None
    assert "key" not in shown


async def test_a_key_that_has_expired_is_not_accepted(service: Service, client: Client):
    past = datetime.now(UTC) - timedelta(seconds=1)
    made = await client.post("/v1/api-keys", {"name": "late", "expires_at": past.isoformat()})
    assert (await service.client(made.json["key"]).get("/v1/connections")).status == 401


async def test_the_same_request_for_a_key_gives_the_same_key(client: Client):
    first = await client.post("/v1/api-keys", {"name": "twice"}, key="make-a-key-1")
    again = await client.post("/v1/api-keys", {"name": "twice"}, key="make-a-key-1")
    assert again.json["key"] == first.json["key"]
    assert again.json["id"] == first.json["id"]


async def test_a_request_keeps_its_id(client: Client):
    reply = await client.get("/v1/nothing", headers={"X-Request-Id": "abc-123"})
    assert reply.headers["X-Request-Id"] == "abc-123"
    assert reply.json["error"]["request_id"] == "abc-123"
    odd = await client.get("/v1/nothing", headers={"X-Request-Id": "a b<script>"})
    assert odd.headers["X-Request-Id"].startswith("req_")
