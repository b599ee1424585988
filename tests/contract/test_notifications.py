from typing import Any

import pytest
from tests.support.api.client import Client


async def _create(client: Client, notifications: Any) -> Any:
    body = {
        "name": "Told",
        "source": {"connection_id": await client.connection("old")},
        "target": {"connection_id": await client.connection("new")},
        "notifications": notifications,
    }
    return await client.post("/v1/migrations", body)


async def test_what_cannot_be_sent_is_refused_with_the_settings_it_needs(client: Client):
    reply = await _create(
        client, {"email": ["team@company.com"], "slack_channel": "#data-ops", "on_events": ["x"]}
    )
    assert reply.status == 422
    problems = {each["loc"][2]: each for each in reply.json["detail"]}
    assert problems["email"]["type"] == "not_configured"
    assert "STERNA_SMTP_HOST" in problems["email"]["msg"]
    assert problems["slack_channel"]["type"] == "not_configured"
    assert "STERNA_SLACK_WEBHOOK_URL" in problems["slack_channel"]["msg"]
    assert problems["on_events"]["type"] == "event_type_unknown"


@pytest.mark.parametrize(
    "notifications",
    [
        {"email": ["not an address"]},
        {"email": ["a@example.com\r\nBcc: b@example.com"]},
        {"email": "a@example.com"},
        {"slack_channel": "#a <!everyone>"},
        {"sms": ["1"]},
    ],
)
async def test_whom_nobody_could_tell_is_refused(client: Client, notifications: Any):
    assert (await _create(client, notifications)).status == 422


async def test_a_migration_that_tells_nobody_has_no_notifications(client: Client):
    made = await _create(client, {"on_events": ["completed"]})
    assert made.status == 201
    path = f"/v1/migrations/{made.json['id']}/notifications"
    shown = await client.until(path, lambda _: True)
    assert shown == {
        "data": [],
        "pagination": {"total": 0, "limit": 20, "offset": 0, "has_more": False},
    }
    assert (await client.get("/v1/migrations/mig_none/notifications")).status == 404
