import pytest
from tests.support.api.client import Client
from tests.support.api.service import Service

_RANDOM = "0123456789abcdef0123456789abcdef"


async def _things(client: Client) -> dict[str, str]:
    """One of everything, by the kind's path."""
    migration_id = await client.migration()
    planned = await client.in_status(migration_id, "approved")
    webhook = await client.post("/v1/webhooks", {"url": "https://example.com/x", "events": ["*"]})
    key = await client.post("/v1/api-keys", {"name": "one"})
    space = await client.post("/v1/namespaces", {"name": "theirs"})
    config = {"migration_type": "copy", "source_namespace_id": space.json["id"]}
    copy = await client.post("/v1/namespaces/migrations/", {"config": config})
    return {
        "migrations": migration_id,
        "namespaces/migrations": copy.json["migration_id"],
        "connections": planned["source"]["connection_id"],
        "webhooks": webhook.json["id"],
        "api-keys": key.json["id"],
    }


@pytest.mark.parametrize(
    ("kind", "method", "rest"),
    [
        ("migrations", "GET", ""),
        ("migrations", "GET", "/plan"),
        ("migrations", "GET", "/validation"),
        ("migrations", "GET", "/metrics"),
        ("migrations", "GET", "/logs"),
        ("migrations", "GET", "/logs?follow=true"),
        ("migrations", "GET", "/logs?follow=true&last_event_id=1-0"),
        ("namespaces/migrations", "GET", ""),
        ("namespaces/migrations", "GET", "/metrics"),
        ("namespaces/migrations", "GET", "/logs"),
        ("namespaces/migrations", "GET", "/logs?follow=true"),
        ("namespaces/migrations", "POST", "/start"),
        ("migrations", "POST", "/start"),
        ("migrations", "POST", "/pause"),
        ("migrations", "POST", "/resume"),
        ("migrations", "POST", "/cancel"),
        ("migrations", "POST", "/plan/mappings/map_orders/approve"),
        ("connections", "GET", ""),
        ("connections", "DELETE", ""),
        ("connections", "POST", "/test"),
        ("connections", "PATCH", ""),
        ("connections", "GET", "/schema"),
        ("webhooks", "GET", ""),
        ("webhooks", "GET", "/deliveries"),
        ("webhooks", "DELETE", ""),
        ("webhooks", "PATCH", ""),
        ("webhooks", "POST", "/test"),
        ("webhooks", "POST", "/rotate-secret"),
        ("api-keys", "GET", ""),
        ("api-keys", "DELETE", ""),
    ],
)
async def test_what_another_organisation_has_is_answered_like_what_nobody_has(
    service: Service, client: Client, kind: str, method: str, rest: str
):
    theirs = (await _shared_things(service))[kind]
    body = {"approved": True} if rest.endswith("approve") else None
    prefix = theirs.split("_", maxsplit=1)[0]
    answers = []
    for wanted in (theirs, f"{prefix}_{_RANDOM}", "nonsense", f"{prefix}_%00"):
        reply = await client.send(method, f"/v1/{kind}/{wanted}{rest}", body)
        assert reply.status == 404, reply.text
        error = reply.json["error"]
        del error["request_id"]
        answers.append(error)
    assert all(answer == answers[0] for answer in answers)
    nouns = {"api-keys": "api_key", "namespaces/migrations": "namespace_migration"}
    code = nouns.get(kind, kind.removesuffix("s")) + "_not_found"
    assert answers[0]["code"] == code


async def test_a_connection_of_another_organisation_cannot_be_migrated_from(
    service: Service, client: Client
):
    theirs = (await _shared_things(service))["connections"]
    own = await client.connection()
    for source, target in ((theirs, own), (own, theirs)):
        body = {
            "name": "theft",
            "source": {"connection_id": source},
            "target": {"connection_id": target},
        }
        reply = await client.post("/v1/migrations", body)
        assert reply.status == 404
        assert reply.json["error"]["code"] == "connection_not_found"


@pytest.mark.parametrize("kind", ["migrations", "connections", "webhooks", "api-keys"])
async def test_a_list_shows_what_is_the_organisations_own(
    service: Service, client: Client, kind: str
):
    theirs = (await _shared_things(service))[kind]
    listed = await client.get(f"/v1/{kind}?limit=100")
    assert theirs not in listed.text
    assert len(listed.json["data"]) == min(100, listed.json["pagination"]["total"])


_kept: dict[int, dict[str, str]] = {}


async def _shared_things(service: Service) -> dict[str, str]:
    if id(service) not in _kept:
        _kept[id(service)] = await _things(await service.other_client("org_other"))
    return _kept[id(service)]
