"""A target whose references lead nowhere is not what anybody is led to."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.integration.namespaces.test_copy import ALL, ended, executing, filled, started
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    async with Service(await postgres_server.create_database(), execute=False) as running:
        yield running


async def removed_as_soon_as_it_is_there(client: Client, path: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.send("DELETE", path)).status != 200:
            pass


async def test_what_has_gone_from_the_target_is_missed_and_its_return_lets_it_go_on(
    service: Service,
) -> None:
    client = service.client()
    source = await filled(client)
    alias = f"live_{uuid4().hex[:8]}"
    await client.send("PUT", f"/v1/namespaces/aliases/{alias}", {"namespace_id": source})
    migration_id = await started(client, source)
    target = (await client.get(f"{ALL}/{migration_id}")).json["additional_data"][
        "target_namespace_id"
    ]
    one = f"/v1/namespaces/{target}"
    async with executing(service):
        await removed_as_soon_as_it_is_there(client, f"{one}/taxonomies/tax_1")
        failed = await ended(client, migration_id)
        told = failed["additional_data"]
        assert (failed["status"], told["error_code"]) == ("failed", "dangling_references")
        assert told["references"]["dangling_in_definitions"] == 1
        assert [each["names"] for each in told["references"]["dangling"]] == ["tax_1"]
        led = await client.get(f"/v1/namespaces/aliases/{alias}")
        assert led.json["namespace_id"] == source
        found = (await client.get(f"{one}/references")).json
        assert [each["names"] for each in found["references"]] == ["tax_1"]
        (retriever,) = (await client.get(f"{one}/retrievers")).json["data"]
        definition = {"retriever_id": retriever["id"], "of": "somebody else"}
        put = await client.send("PUT", f"{one}/taxonomies/tax_1", {"definition": definition})
        assert put.status == 200, put.text
        assert (await client.post(f"{ALL}/{migration_id}/resume")).status == 200
        done = await client.until(
            f"{ALL}/{migration_id}", lambda body: body["status"] == "completed"
        )
    assert done["additional_data"]["references"]["changed"] == ["tax_1"]
    led = await client.get(f"/v1/namespaces/aliases/{alias}")
    assert led.json["namespace_id"] == target
