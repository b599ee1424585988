"""Migrations of namespaces that are rolled back over the bus, with real stores."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.namespaces.test_copy import (
    ALL,
    DOCUMENTS,
    document,
    documents_of,
    ended,
    executing,
    filled,
    started,
    upload,
)
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_core.tasks import namespace_work as wk


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


async def aliased(client: Client, namespace: str) -> str:
    alias = f"live_{uuid4().hex[:8]}"
    await client.send("PUT", f"/v1/namespaces/aliases/{alias}", {"namespace_id": namespace})
    return alias


async def leads_to(client: Client, alias: str) -> str:
    found: str = (await client.get(f"/v1/namespaces/aliases/{alias}")).json["namespace_id"]
    return found


async def rolled_back(client: Client, migration_id: str, **options: Any) -> Any:
    one = f"{ALL}/{migration_id}"
    reply = await client.post(f"{one}/rollback", options)
    assert reply.status == 200, reply.text
    assert reply.json["phase"] in {"rolling_back", "rolled_back"}
    return await client.until(
        one, lambda body: body["additional_data"].get("phase") == "rolled_back"
    )


async def test_one_call_leads_every_alias_back_and_leaves_the_target(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    first, second, moved_on = [await aliased(client, source) for _ in "123"]
    async with executing(service, twice=True):
        migration_id = await started(client, source)
        done = await ended(client, migration_id)
        assert done["status"] == "completed", done["error_message"]
        target = done["additional_data"]["target_namespace_id"]
        switched = dict.fromkeys((first, second, moved_on), target)
        assert done["additional_data"]["aliases"] == switched
        other = (await client.post("/v1/namespaces", {"name": uuid4().hex})).json["id"]
        path = f"/v1/namespaces/aliases/{moved_on}"
        await client.send("PUT", path, {"namespace_id": other})
        back = await rolled_back(client, migration_id, reason="worse answers")
        assert back["status"] == "completed"
        told = back["additional_data"]["rollback"]
        assert told["aliases"] == {first: source, second: source, moved_on: other}
        assert told["reason"] == "worse answers"
        again = await client.post(f"{ALL}/{migration_id}/rollback")
        assert (again.status, again.json["phase"]) == (200, "rolled_back")
    assert [await leads_to(client, each) for each in (first, second, moved_on)] == [
        source,
        source,
        other,
    ]
    assert len(await documents_of(client, target)) == DOCUMENTS


async def test_with_drop_target_everything_that_was_made_is_gone(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    alias = await aliased(client, source)
    async with executing(service):
        migration_id = await started(client, source, target_namespace_name="dropped")
        target = (await ended(client, migration_id))["additional_data"]["target_namespace_id"]
        one = f"/v1/namespaces/aliases/{alias}-too"
        await client.send("PUT", one, {"namespace_id": target})
        held = await client.post(f"{ALL}/{migration_id}/rollback", {"drop_target": True})
        assert (held.status, held.json["error"]["code"]) == (400, "alias_held")
        await client.delete(one)
        await rolled_back(client, migration_id, drop_target=True)
        await service.caught_up()
        assert (await client.get(f"/v1/namespaces/{target}")).status == 404
        named = await client.post("/v1/namespaces", {"name": "dropped"})
        assert named.status == 201, named.text
    assert await leads_to(client, alias) == source
    assert len(await documents_of(client, source)) == DOCUMENTS


async def test_what_was_cancelled_is_removed(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    migration_id = await started(client, source)
    one = f"{ALL}/{migration_id}"
    async with executing(service):
        await client.until(
            one, lambda body: body["progress"]["current_stage"] not in {None, "namespace_setup"}
        )
        assert (await client.post(f"{one}/cancel")).status == 200
        gone = await client.until(one, lambda body: "phase" not in body["additional_data"])
        back = await rolled_back(client, migration_id)
        assert back["status"] == "cancelled"
        target = gone["additional_data"]["target_namespace_id"]
        await service.caught_up()
        assert (await client.get(f"/v1/namespaces/{target}")).status == 404
        assert (await client.delete(one)).status == 204
    assert len(await documents_of(client, source)) == DOCUMENTS


async def test_what_is_cancelled_after_the_switch_leads_nobody_to_its_target(
    service: Service,
) -> None:
    client = service.client()
    source = await filled(client)
    alias = await aliased(client, source)
    migration_id = await started(client, source)
    one = f"{ALL}/{migration_id}"
    async with executing(service, lost=wk.SwitchNamespace):
        led = await client.until(
            f"/v1/namespaces/aliases/{alias}", lambda body: body["namespace_id"] != source
        )
        assert (await client.post(f"{one}/cancel")).status == 200
        gone = await client.until(one, lambda body: "phase" not in body["additional_data"])
        assert gone["status"] == "cancelled"
        assert gone["error_message"] is None
        await service.caught_up()
        assert await leads_to(client, alias) == source
        removed = await client.delete(f"/v1/namespaces/{led['namespace_id']}")
        assert removed.status == 200, removed.text


async def test_a_target_that_was_there_before_is_empty_again(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    extractors = (await client.get(f"/v1/namespaces/{source}")).json["feature_extractors"]
    body = {"name": uuid4().hex, "feature_extractors": extractors}
    made = await client.post("/v1/namespaces", body)
    assert made.status == 201, made.text
    target = made.json["id"]
    async with executing(service):
        migration_id = await started(client, source, target_namespace_id=target)
        done = await ended(client, migration_id)
        assert done["status"] == "completed", done["error_message"]
        assert len(await documents_of(client, target)) == DOCUMENTS
        await rolled_back(client, migration_id, drop_target=True)
        await service.caught_up()
    assert await documents_of(client, target) == []
    for kind in ("buckets", "collections", "clusters", "retrievers", "taxonomies"):
        assert (await client.get(f"/v1/namespaces/{target}/{kind}")).json["data"] == []


async def test_a_target_that_somebody_else_has_filled_is_left_alone(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    extractors = (await client.get(f"/v1/namespaces/{source}")).json["feature_extractors"]
    made = await client.post(
        "/v1/namespaces", {"name": uuid4().hex, "feature_extractors": extractors}
    )
    target = made.json["id"]
    migration_id = await started(
        client, source, target_namespace_id=target, preserve_resource_ids=True
    )
    one = f"/v1/namespaces/{target}/collections/col_1"
    await client.send("PUT", one, {"definition": {}})
    await upload(client, f"/v1/namespaces/{target}/documents", [document(1)])
    async with executing(service):
        failed = await ended(client, migration_id)
        assert failed["additional_data"]["error_code"] == "target_not_empty"
        await rolled_back(client, migration_id)
        await service.caught_up()
    assert len(await documents_of(client, target)) == 1
    assert (await client.get(one)).status == 200
