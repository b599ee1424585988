import pytest
import structlog
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.service import Service


async def test_a_read_that_names_a_write_sees_it(client: Client):
    for number in range(20):
        made = await client.post("/v1/connections", connection_body(f"seen {number}"))
        shown = await client.get(f"/v1/connections/{made.json['id']}?min_position={made.position}")
        assert shown.status == 200
        gone = await client.delete(f"/v1/connections/{made.json['id']}")
        after = await client.get(f"/v1/connections/{made.json['id']}?min_position={gone.position}")
        assert after.status == 404


async def test_a_client_reads_what_it_has_just_written_without_naming_it(client: Client):
    for number in range(20):
        made = await client.post("/v1/connections", connection_body(f"read {number}"))
        one = f"/v1/connections/{made.json['id']}"
        assert (await client.get(one)).status == 200
        await client.delete(one)
        assert (await client.get(one)).status == 404


async def test_a_migration_can_be_created_from_connections_that_were_just_made(client: Client):
    for _ in range(5):
        await client.migration()


@pytest.fixture
async def unprojected(postgres_server: PostgresTestServer):
    async with Service(
        await postgres_server.create_database(), project=False, position_seconds=0.2
    ) as service:
        yield service


async def test_a_position_that_is_not_reached_in_time_is_temporarily_unavailable(
    unprojected: Service,
):
    client = unprojected.client()
    made = await client.post("/v1/connections", connection_body())
    assert made.status == 201
    late = await client.get(f"/v1/connections/{made.json['id']}?min_position={made.position}")
    assert late.status == 503
    assert late.headers["Retry-After"] == "1"
    assert late.json["error"]["code"] == "position_not_reached"


async def test_what_is_not_projected_in_time_does_not_keep_who_did_not_ask_for_it(
    unprojected: Service,
):
    client = unprojected.client()
    made = await client.post("/v1/connections", connection_body())
    assert made.status == 201
    assert (await client.get(f"/v1/connections/{made.json['id']}")).status == 404


async def test_a_command_without_an_outcome_is_answered_as_unknown_and_each_line_names_the_request(
    postgres_server: PostgresTestServer,
):
    async with Service(
        await postgres_server.create_database(), decide=False, command_seconds=0.3
    ) as service:
        with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logged:
            reply = await service.client().post(
                "/v1/connections", connection_body(), key="k", headers={"X-Request-Id": "late-1"}
            )
    assert reply.status == 503
    assert reply.headers["Retry-After"] == "1"
    assert reply.json["error"]["code"] == "outcome_unknown"
    lines = {each["event"] for each in logged if each.get("request_id") == "late-1"}
    assert lines >= {"outcome_late", "request.failed", "request.answered"}
