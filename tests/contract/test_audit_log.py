from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api.client import Client, connection_body
from tests.support.api.service import Service

from sterna_core.api_key.key import make_key

_LOG = "/v1/audit-logs?limit=100"


async def _until_line(client: Client, query: str, **fields: Any) -> dict[str, Any]:
    """Wait for a line of the log with these fields."""
    found: list[dict[str, Any]] = []

    def there(body: Any) -> bool:
        found[:] = [line for line in body["data"] if fields.items() <= line.items()]
        return bool(found)

    await client.until(f"{_LOG}{query}", there)
    return found[0]


async def test_every_command_of_a_caller_is_in_the_audit_log(service: Service):
    client = await service.other_client("org_audit_commands")
    made = await client.post(
        "/v1/connections", connection_body("old"), headers={"User-Agent": "acme/1.0"}
    )
    body = {"name": "robot"}
    key = (await client.post("/v1/api-keys", body)).json
    robot = service.client(key["key"])
    await robot.delete(f"/v1/connections/{made.json['id']}")
    line = await _until_line(client, "", action="connection.create")
    assert line["resource"] == made.json["id"]
    assert line["result"] == "success"
    assert line["ip_address"] == "127.0.0.1"
    assert line["user_agent"] == "acme/1.0"
    assert line["actor"]["type"] == "api_key"
    assert line["id"].startswith("aud_")
    deleted = await _until_line(client, "", action="connection.delete")
    assert deleted["actor"] == {"type": "api_key", "id": key["id"], "name": "robot"}


async def test_a_refused_command_is_in_the_audit_log_with_its_code(service: Service):
    client = await service.other_client("org_audit_refused")
    unknown = "conn_" + "0" * 32
    assert (await client.delete(f"/v1/connections/{unknown}")).status == 404
    line = await _until_line(client, "", resource=unknown)
    assert (line["result"], line["code"]) == ("failure", "connection_not_found")


async def test_what_nobody_outside_has_asked_for_is_not_in_the_audit_log(service: Service):
    client = await service.other_client("org_audit_inner")
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await _until_line(client, "", action="migration.create")
    lines = (await client.get(_LOG)).json["data"]
    assert {line["action"] for line in lines} == {"connection.create", "migration.create"}


async def test_a_request_that_the_key_does_not_allow_is_in_the_audit_log(service: Service):
    client = await service.other_client("org_audit_scopes")
    made = (await client.post("/v1/api-keys", {"name": "r", "scopes": ["*:read"]})).json
    reader = service.client(made["key"])
    assert (await reader.post("/v1/connections", connection_body())).status == 403
    line = await _until_line(client, "", action="access.request")
    assert line["actor"]["id"] == made["id"]
    assert line["resource"] == "POST /v1/connections"
    assert (line["result"], line["code"]) == ("denied", "forbidden")


async def test_a_key_that_is_not_accepted_any_more_is_told_to_its_organisation(service: Service):
    client = await service.other_client("org_audit_revoked")
    made = (await client.post("/v1/api-keys", {"name": "gone"})).json
    await client.delete(f"/v1/api-keys/{made['id']}")
    assert (await service.client(made["key"]).get("/v1/migrations")).status == 401
    line = await _until_line(client, "", code="unauthorized")
    assert line["actor"]["id"] == made["id"]


async def test_an_unknown_key_is_told_to_the_operator_only(service: Service, client: Client):
    other = await service.other_client("org_audit_none")
    stranger = service.client(make_key().reveal())
    agent = {"User-Agent": "stranger/7"}
    assert (await stranger.get("/v1/webhooks", headers=agent)).status == 401
    line = await _until_line(client, "", user_agent="stranger/7")
    assert line["actor"] == {"type": "unknown", "id": None, "name": None}
    assert (await other.get(_LOG)).json["data"] == []


async def test_the_audit_log_is_filtered_and_paged(service: Service):
    client = await service.other_client("org_audit_filter")
    for number in range(3):
        await client.post("/v1/connections", connection_body(f"c{number}"))
    made = (await client.post("/v1/api-keys", {"name": "robot"})).json
    robot = service.client(made["key"])
    await robot.post("/v1/connections", connection_body("robots"))
    line = await _until_line(client, f"&actor={made['id']}", action="connection.create")
    only = (await client.get(f"{_LOG}&actor={made['id']}")).json
    assert only["data"] == [line]
    creations = (await client.get("/v1/audit-logs?action=connection.create&limit=2")).json
    assert creations["pagination"] == {"total": 4, "limit": 2, "offset": 0, "has_more": True}
    assert creations["data"][0] == line
    rest = (await client.get("/v1/audit-logs?action=connection.create&limit=2&offset=2")).json
    assert len(rest["data"]) == 2
    late = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await client.get(f"{_LOG}&since={late}")).json["data"] == []
    assert (await client.get(f"{_LOG}&since=2026-01-01T00:00:00Z")).json["data"]


async def test_no_secret_of_a_header_gets_into_the_audit_log(service: Service):
    client = await service.other_client("org_audit_secret")
    secret = make_key().reveal()
    agent = {"User-Agent": f"tool {secret} {'x' * 500}"}
    await client.post("/v1/connections", connection_body(), headers=agent)
    line = await _until_line(client, "", action="connection.create")
    assert line["user_agent"].startswith("tool sk_***")
    assert len(line["user_agent"]) <= 200
