"""Namespaces with documents, copied from store to store over the bus."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.namespace_migration.engine_host import EngineHost

from sterna_core.namespace.store_place import StorePlace

ALL = "/v1/namespaces/migrations"
WORDS = "sterna://words@v1/embedding"
EXTRACTOR = {
    "feature_extractor_name": "words",
    "version": "v1",
    "outputs": [{"name": "embedding", "dimensions": 3}],
}
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/bkt_1": {},
    "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
    "clusters/clu_1": {"collection_ids": ["col_1"]},
    "retrievers/ret_1": {
        "collection_ids": ["col_1"],
        "stages": [{"stage_type": "feature_search", "config": {"feature_uri": WORDS}}],
    },
    "taxonomies/tax_1": {
        "retriever_id": "ret_1",
        "source_collection": {"collection_id": "col_1"},
    },
}
CIRCLE = {
    **RESOURCES["collections/col_1"],
    "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
}
DOCUMENTS = 57


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


@asynccontextmanager
async def executing(service: Service, **options: Any) -> AsyncGenerator[None]:
    running = asyncio.create_task(EngineHost(service, **options).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


def document(number: int) -> dict[str, Any]:
    return {
        "document_id": f"doc_{number:04}",
        "collection_id": "col_1",
        "payload": {
            "number": number,
            "note": "col_1",
            "cluster_id": "clu_1",
            "_internal": {"lineage": {"root_bucket_id": "bkt_1", "root_object_id": "obj_1"}},
        },
        "vectors": {WORDS: [1.0, number / 128, 0.5]},
    }


async def upload(client: Client, path: str, each: list[dict[str, Any]]) -> None:
    raw = b"\n".join(msgspec.json.encode(line) for line in each)
    reply = await client.post(path, raw=raw, headers={"Content-Type": "application/x-ndjson"})
    assert reply.status == 200, reply.text


async def filled(client: Client) -> str:
    """Make a namespace with a circle of resources, an object and documents."""
    body = {"name": f"space_{uuid4().hex[:12]}", "feature_extractors": [EXTRACTOR]}
    name: str = (await client.post("/v1/namespaces", body)).json["id"]
    for path, definition in (*RESOURCES.items(), ("collections/col_1", CIRCLE)):
        reply = await client.send(
            "PUT", f"/v1/namespaces/{name}/{path}", {"definition": definition}
        )
        assert reply.status in {200, 201}, reply.text
    one = f"/v1/namespaces/{name}"
    await upload(client, f"{one}/buckets/bkt_1/objects", [{"object_id": "obj_1", "payload": {}}])
    await upload(client, f"{one}/documents", [document(number) for number in range(DOCUMENTS)])
    return name


async def started(client: Client, source: str, **options: Any) -> str:
    config = {
        "migration_type": "copy",
        "source_namespace_id": source,
        "batch_options": {"batch_size": 10, "max_workers": 4},
        **options,
    }
    made = await client.post(f"{ALL}/", {"config": config})
    assert made.status == 201, made.text
    migration_id: str = made.json["migration_id"]
    begun = await client.post(f"{ALL}/{migration_id}/start", {"force": True})
    assert begun.status == 200, begun.text
    return migration_id


async def ended(client: Client, migration_id: str) -> Any:
    return await client.until(
        f"{ALL}/{migration_id}", lambda body: body["status"] in {"completed", "failed"}
    )


async def documents_of(client: Client, namespace: str) -> list[dict[str, Any]]:
    path = f"/v1/namespaces/{namespace}/documents?limit=100&include_vectors=true"
    return (await client.get(path)).json["data"]  # type: ignore[no-any-return]


async def indexes(service: Service, namespace: str) -> list[str]:
    query = "select indexdef from pg_indexes where schemaname = $1 and indexdef ~ 'hnsw'"
    async with service.database.session() as connection:
        return [each[0] for each in await connection.fetch(query, f"namespace_{namespace}")]


@pytest.mark.parametrize("twice", [False, True])
async def test_a_copy_has_every_document_and_every_reference_under_its_own_ids(
    service: Service, twice: bool
) -> None:
    client = service.client()
    source = await filled(client)
    alias = f"live_{uuid4().hex[:8]}"
    await client.send("PUT", f"/v1/namespaces/aliases/{alias}", {"namespace_id": source})
    async with executing(service, twice=twice):
        done = await ended(client, await started(client, source))
    assert done["status"] == "completed", done["error_message"]
    moved = next(each for each in done["progress"]["stages"] if each["items_total"] > DOCUMENTS)
    assert (moved["stage"], moved["items_completed"]) == ("batch_processing", DOCUMENTS + 1)
    await service.caught_up()
    target = done["additional_data"]["target_namespace_id"]

    found = await documents_of(client, target)
    assert len(found) == DOCUMENTS
    (collection,) = {each["collection_id"] for each in found}
    assert collection not in {"col_1", ""}
    by_number = {each["payload"]["number"]: each for each in found}
    before = document(7)
    after = by_number[7]
    assert after["document_id"] != before["document_id"]
    assert after["vectors"] == before["vectors"]
    assert after["payload"]["note"] == "col_1"
    assert after["payload"]["cluster_id"] == "clu_1"
    lineage = after["payload"]["_internal"]["lineage"]
    bucket = lineage["root_bucket_id"]
    assert bucket.startswith("bkt_")
    assert bucket != "bkt_1"
    objects = await client.get(f"/v1/namespaces/{target}/buckets/{bucket}/objects")
    assert [each["object_id"] for each in objects.json["data"]] == [lineage["root_object_id"]]

    shown = (await client.get(f"/v1/namespaces/{target}/collections/{collection}")).json
    assert shown["definition"]["taxonomy_applications"] == [{"taxonomy_id": "tax_1"}]
    taxonomy = (await client.get(f"/v1/namespaces/{target}/taxonomies/tax_1")).json
    retriever = taxonomy["definition"]["retriever_id"]
    assert done["additional_data"]["figures"]["ret_1"]["alike"] == 20
    asked = await client.post(
        f"/v1/namespaces/{target}/retrievers/{retriever}/execute",
        {"inputs": {"vector": [1.0, 7 / 128, 0.5]}, "limit": 1},
    )
    assert asked.status == 200, asked.text
    looked = done["additional_data"]["references"]
    assert (looked["definitions"], looked["documents"]) == (len(RESOURCES), DOCUMENTS)
    assert (looked["dangling"], looked["changed"]) == ([], [])
    found = (await client.get(f"/v1/namespaces/{target}/references")).json
    assert (found["definitions"], found["references"]) == (len(RESOURCES), [])
    figures = (await client.get(f"{ALL}/{done['migration_id']}/metrics")).json
    assert figures["quality"]["validation_pass_rate_percent"] == pytest.approx(100)
    assert figures["quality"]["documents_compared"] == DOCUMENTS + 1
    measured = {each["collection"]: each for each in figures["by_collection"]}["col_1"]
    assert (measured["records_processed"], measured["records_compared"]) == (DOCUMENTS, DOCUMENTS)
    assert measured["bytes_processed"] > DOCUMENTS * 3 * 4
    led = (await client.get(f"/v1/namespaces/aliases/{alias}")).json
    assert (led["namespace_id"], led["previous_namespace_id"]) == (target, source)
    assert len(await indexes(service, target)) == 1, "whoever is led there finds an index"


async def records(client: Client, namespace: str, retriever: str, kind: str) -> list[Any]:
    path = f"/v1/namespaces/{namespace}/retrievers/{retriever}/{kind}?limit=100"
    return (await client.get(path)).json["data"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("goes", [True, False])
async def test_the_history_of_retrievers_goes_along_where_that_is_asked_for(
    service: Service, goes: bool
) -> None:
    client = service.client()
    source = await filled(client)
    one = f"/v1/namespaces/{source}/retrievers/ret_1"
    asked = {"inputs": {"vector": [1.0, 0.5, 0.5], "who": "a"}, "limit": 3, "record": True}
    for _ in range(12):
        told = (await client.post(f"{one}/execute", asked)).json
    found = told["results"][0]["document_id"]
    click = {"document_id": found, "type": "click", "execution_id": told["execution_id"]}
    assert (await client.post(f"{one}/interactions", click)).status == 201
    options = {"migrate_execution_history": goes, "migrate_interactions": goes}
    async with executing(service):
        migration_id = await started(client, source, retriever_options=options)
        assert (await client.post(f"{one}/execute", asked)).status == 200  # it goes on
        done = await ended(client, migration_id)
    assert done["status"] == "completed", done["error_message"]
    target = done["additional_data"]["target_namespace_id"]
    (retriever,) = (await client.get(f"/v1/namespaces/{target}/retrievers")).json["data"]
    executions = await records(client, target, retriever["id"], "executions")
    interactions = await records(client, target, retriever["id"], "interactions")
    assert len(await records(client, source, "ret_1", "executions")) == 13
    if not goes:
        assert executions == interactions == []
        return
    assert len(executions) == 12
    (copied,) = interactions
    (execution,) = [each for each in executions if each["execution_id"] == copied["execution_id"]]
    assert copied["document_id"] == execution["results"][0]["document_id"]
    shown = await client.get(f"/v1/namespaces/{target}/documents/{copied['document_id']}")
    assert shown.status == 200
    assert done["additional_data"]["figures"]["_executions/ret_1"]["documents_compared"] == 12


async def test_ids_are_kept_where_that_is_asked_for_and_the_source_stays_as_it_was(
    service: Service,
) -> None:
    client = service.client()
    source = await filled(client)
    before = await documents_of(client, source)
    async with executing(service):
        migration_id = await started(client, source, preserve_resource_ids=True)
        done = await ended(client, migration_id)
    assert done["status"] == "completed", done["error_message"]
    target = done["additional_data"]["target_namespace_id"]
    assert await documents_of(client, target) == before
    assert await documents_of(client, source) == before


async def test_a_source_that_is_written_to_behind_the_copy_is_found_out(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    migration_id = await started(client, source)
    async with executing(service):
        await client.until(
            f"{ALL}/{migration_id}", lambda body: body["additional_data"]["documents_moved"] > 0
        )
        change = {**document(0), "payload": {"number": 0, "changed": True}}
        await upload(client, f"/v1/namespaces/{source}/documents", [change])
        done = await ended(client, migration_id)
    if done["status"] == "completed":  # the change came before its batch was read
        target = done["additional_data"]["target_namespace_id"]
        found = {each["payload"]["number"]: each for each in await documents_of(client, target)}
        assert found[0]["payload"] == {"number": 0, "changed": True}
    else:
        assert done["additional_data"]["error_code"] == "documents_differ"


async def test_a_source_that_is_gone_is_not_taken_for_an_empty_one(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    migration_id = await started(client, source)
    async with service.stores.store(StorePlace()) as store:
        await store.drop(source)
    async with executing(service):
        failed = await ended(client, migration_id)
    assert failed["additional_data"]["error_code"] == "source_gone"
    assert failed["progress"]["current_stage"] == "batch_creation"


async def test_after_a_cancellation_nothing_writes_to_the_target_and_it_can_be_removed(
    service: Service,
) -> None:
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
        assert gone["status"] == "cancelled"
        target = gone["additional_data"]["target_namespace_id"]
        assert (await client.delete(f"/v1/namespaces/{target}")).status == 200
        assert (await client.delete(one)).status == 204
    assert len(await documents_of(client, source)) == DOCUMENTS
