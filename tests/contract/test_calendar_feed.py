"""Addresses of the calendar: what they open, what they do not, and where they must not be seen."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import structlog
from tests.support.api.client import Client
from tests.support.api.paths import filled
from tests.support.api.service import Service

from sterna_api.http.authentication import FEED_PATH
from sterna_api.openapi.table import OPERATIONS

_FEEDS = "/v1/calendar/feeds"


async def _made(client: Client, **fields: Any) -> tuple[str, str, str]:
    """Make an address; gives its id, where it leads, and its word."""
    reply = await client.post(_FEEDS, {"name": "calendar", **fields})
    assert reply.status == 201, reply.text
    url = urlsplit(reply.json["url"])
    assert url.path == FEED_PATH
    assert url.query.startswith("token=feed_")
    return reply.json["id"], f"{url.path}?{url.query}", url.query.partition("=")[2]


@pytest.fixture
async def anonymous(service: Service) -> Client:
    return service.client(None)


async def test_an_address_opens_the_calendar_of_its_organisation_without_a_key(
    service: Service, anonymous: Client
):
    begins = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    ours = await service.other_client(f"org_{uuid4().hex}")
    theirs = await service.other_client(f"org_{uuid4().hex}")
    for client, name in ((ours, "of ours"), (theirs, "of theirs")):
        migration_id = await client.migration(name=name, schedule={"start_at": begins})
        await client.in_status(migration_id, "approved")
    _, address, _ = await _made(ours)
    reply = await anonymous.get(address)
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"].startswith("text/calendar")
    assert reply.headers["Cache-Control"] == "private"
    assert "of ours" in reply.text
    assert "of theirs" not in reply.text
    assert (await anonymous.send("HEAD", address)).status == 200


async def test_an_address_opens_nothing_else(service: Service, client: Client, anonymous: Client):
    _, address, token = await _made(client)
    for operation in OPERATIONS:
        if operation.scope is None or operation.path == FEED_PATH:
            continue
        path = f"{filled(operation.path)}?token={token}"
        assert (await anonymous.send(operation.method, path)).status == 401, path
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await anonymous.send(method, address)).status in {401, 405}
    as_key = service.client(token)
    assert (await as_key.get(FEED_PATH)).status == 401
    assert (await as_key.get("/v1/migrations")).status == 401


async def test_what_is_no_address_opens_nothing(client: Client, anonymous: Client):
    _, address, token = await _made(client)
    key = client.headers["Authorization"].partition(" ")[2]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    for word in ("", "feed_", other, key, f"{token}&token={token}", "feed_" + "0" * 49):
        assert (await anonymous.get(f"{FEED_PATH}?token={word}")).status == 401, word
    # A key that is sent is what counts.
    assert (await anonymous.get(address, headers={"Authorization": "Bearer x"})).status == 401
    assert (await client.get(f"{FEED_PATH}?other=1")).status == 422


async def test_an_address_ends_when_it_is_revoked_replaced_or_over(
    client: Client, anonymous: Client
):
    feed_id, address, _ = await _made(client, name="team")
    listed = (await client.get(f"/v1/api-keys/{feed_id}")).json
    assert (listed["name"], listed["scopes"]) == ("team", ["calendar:read"])

    rotated = await client.post(f"/v1/api-keys/{feed_id}/rotate", {"overlap_seconds": 0})
    assert rotated.status == 200, rotated.text
    assert rotated.json["key"].startswith("feed_")
    assert (await anonymous.get(address)).status == 401
    replaced = f"{FEED_PATH}?token={rotated.json['key']}"
    assert (await anonymous.get(replaced)).status == 200

    assert (await client.delete(f"/v1/api-keys/{feed_id}")).status == 200
    assert (await anonymous.get(replaced)).status == 401

    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    _, expired, _ = await _made(client, expires_at=over)
    assert (await anonymous.get(expired)).status == 401
    _, elsewhere, _ = await _made(client, ip_whitelist=["192.0.2.0/24"])
    assert (await anonymous.get(elsewhere)).status == 403


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_an_address_ends_at_no_end_of_the_calendar(client: Client, moment: str):
    reply = await client.post(_FEEDS, {"name": "calendar", "expires_at": moment})
    assert reply.status == 422, reply.text
    assert reply.json["detail"][0]["type"] == "moment_out_of_range"


async def test_an_address_that_is_given_other_scopes_opens_nothing_any_more(
    client: Client, anonymous: Client
):
    feed_id, address, token = await _made(client)
    changed = await client.send("PATCH", f"/v1/api-keys/{feed_id}", {"scopes": ["*"]})
    assert changed.status == 200, changed.text
    assert (await anonymous.get(address)).status == 401
    assert (await anonymous.get(f"/v1/migrations?token={token}")).status == 401


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["admin:write"], 403), (["migrations:read"], 403), (["admin:write", "*:read"], 201)],
)
async def test_who_may_not_read_migrations_or_make_keys_makes_no_address(
    service: Service, client: Client, scopes: list[str], status: int
):
    made = await client.post("/v1/api-keys", {"name": "some", "scopes": scopes})
    reply = await service.client(made.json["key"]).post(_FEEDS, {"name": "calendar"})
    assert reply.status == status, reply.text


async def test_an_address_is_in_no_log_and_in_no_list(
    service: Service, client: Client, anonymous: Client, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logged:
        feed_id, address, token = await _made(client)
        await anonymous.get(address)
        await client.delete(f"/v1/api-keys/{feed_id}")
        assert (await anonymous.get(address)).status == 401
        await service.caught_up()
        audit = await client.until(
            "/v1/audit-logs?limit=100",
            lambda body: any(each["result"] == "denied" for each in body["data"]),
        )
    assert logged
    assert token not in str(logged) + caplog.text + str(audit)
    assert token not in (await client.get("/v1/api-keys?limit=100")).text
    async with service.database.session() as connection:
        for table in ("sterna.api_keys", "sterna.audit_lines", "sterna_answers.kept_answers"):
            rows = await connection.fetch(f"select * from {table}")
            assert token not in str([dict(row) for row in rows])
