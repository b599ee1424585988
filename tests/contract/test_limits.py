import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from msgspec.structs import replace
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import GENEROUS, Service

_PATH = "/v1/connections"


@pytest.fixture
async def database_url(postgres_server: PostgresTestServer) -> AsyncIterator[str]:
    url = await postgres_server.create_database()
    yield url
    await postgres_server.drop_database(url)


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(database_url: str):
    limits = replace(GENEROUS, key_requests_per_minute=5)
    async with Service(database_url, limits=limits) as service:
        client, other = service.client(), await service.other_client("org_limits")
        left = []
        for _ in range(5):
            reply = await client.get(_PATH)
            assert reply.status == 200
            assert reply.headers["X-RateLimit-Limit"] == "5"
            assert int(reply.headers["X-RateLimit-Reset"]) > 1_600_000_000
            left.append(int(reply.headers["X-RateLimit-Remaining"]))
        assert left == [4, 3, 2, 1, 0]
        refused = await client.get(_PATH)
        assert refused.status == 429
        assert refused.json["error"]["code"] == "rate_limited"
        assert refused.json["error"]["type"] == "TooManyRequestsError"
        assert 1 <= int(refused.headers["Retry-After"]) <= 12
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert (await other.get(_PATH)).status == 200


async def test_the_keys_of_an_organisation_share_a_limit(database_url: str):
    limits = replace(GENEROUS, organization_requests_per_minute=6)
    async with Service(database_url, limits=limits) as service:
        client = service.client()
        made = (await client.post("/v1/api-keys", {"name": "second"})).json
        second = service.client(made["key"])
        statuses = [(await each.get(_PATH)).status for each in (client, second) * 4]
        assert statuses == [200] * 5 + [429] * 3
        assert (await service.client(None).get("/healthz")).status == 200


async def test_an_address_that_guesses_keys_is_slowed_down_and_valid_keys_are_not(
    database_url: str,
):
    limits = replace(GENEROUS, failed_authentications_per_minute=3)
    async with Service(database_url, limits=limits) as service:
        stranger = service.client("sk_live_guess")
        statuses = [(await stranger.get(_PATH)).status for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        assert (await service.client().get(_PATH)).status == 200


async def test_a_key_follows_so_many_streams_and_each_counts_once(database_url: str):
    limits = replace(GENEROUS, streams_per_key=2)
    async with Service(database_url, limits=limits) as service:
        client = service.client()
        migration_id = await client.migration()
        await client.in_status(migration_id, "approved")
        path = f"/v1/migrations/{migration_id}/logs?follow=true"
        async with _stream(client, path) as first, _stream(client, path) as second:
            assert (first.status, second.status) == (200, 200)
            for name in ("X-Request-Id", "X-RateLimit-Remaining"):
                assert first.headers[name]
            third = await client.get(path)
            assert third.status == 429
            assert third.json["error"]["code"] == "rate_limited"
        async with asyncio.timeout(10), _patient(client, path) as again:
            assert again.status == 200


def _stream(client: Client, path: str) -> "aiohttp.client._RequestContextManager":
    return client.session.get(client.url + path, headers=client.headers)


class _patient:  # ruff: ignore[invalid-class-name]
    """A stream, as soon as there is a place for it."""

    def __init__(self, client: Client, path: str) -> None:
        self._client, self._path = client, path
        self._reply: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        while True:
            reply = await _stream(self._client, self._path)
            if reply.status == 200:
                self._reply = reply
                return reply
            reply.release()
            await asyncio.sleep(0.05)

    async def __aexit__(self, *_: object) -> None:
        assert self._reply is not None
        self._reply.close()
