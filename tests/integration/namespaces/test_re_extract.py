"""Namespaces whose vectors are made anew, from store to store over the bus."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import starmap
from typing import Any

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.service import Service
from tests.support.namespace_migration.counted import NAME, Counted
from tests.support.namespace_migration.engine_host import EngineHost
from tests.support.namespace_migration.scene import Scene

HASHING = "sterna://hashing@v1/embedding"
WORDLLAMA = "sterna://wordllama@v1/embedding"
GLOSSES = [
    "a domestic animal that barks and guards the house",
    "a vessel in which water is boiled for tea",
    "a musical instrument with eighty-eight keys",
    "a building where books are kept and lent",
    "a vehicle with two wheels moved by pedals",
    "the season in which leaves fall from the trees",
]
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/bkt_1": {},
    "collections/col_1": {
        "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
        "feature_extractor": {
            "feature_extractor_name": "hashing",
            "version": "v1",
            "parameters": {"dimension": 256},
            "input_mappings": {"text": "gloss.en"},
        },
    },
    "clusters/clu_1": {
        "collection_ids": ["col_1"],
        "vector_config": {"feature_uris": [HASHING]},
    },
    "retrievers/ret_1": {
        "collection_ids": ["col_1"],
        "feature_dependencies": [HASHING],
        "stages": [{"stage_type": "feature_search", "config": {"feature_uri": HASHING}}],
    },
    "taxonomies/tax_1": {
        "retriever_id": "ret_1",
        "source_collection": {"collection_id": "col_1"},
        "input_mappings": {"query": HASHING.replace("sterna", "mixpeek")},
    },
}
ASKED = "which animal watches over my home"


@pytest.fixture(scope="module")
def counted() -> Counted:
    return Counted()


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer, counted: Counted) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    more = {NAME: lambda: counted.make}
    async with Service(url, execute=False, more_extractors=more) as running:
        yield running


@pytest.fixture
async def scene(service: Service) -> Scene:
    return Scene(service.client())


@asynccontextmanager
async def executing(service: Service, *, twice: bool = False) -> AsyncGenerator[None]:
    running = asyncio.create_task(EngineHost(service, twice=twice).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


def gloss(number: int, text: Any, **more: Any) -> dict[str, Any]:
    payload = {"number": number, **more}
    if text is not None:
        payload["gloss"] = {"en": text}
    return {"document_id": f"doc_{number:04}", "collection_id": "col_1", "payload": payload}


async def filled(scene: Scene, texts: list[Any], **fields: Any) -> str:
    fields = {"feature_extractors": [{"feature_extractor_name": "hashing"}], **fields}
    source = await scene.namespace(**fields)
    await scene.put(source, RESOURCES)
    await scene.upload(
        f"/v1/namespaces/{source}/buckets/bkt_1/objects", [{"object_id": "obj_1", "payload": {}}]
    )
    lines = list(starmap(gloss, enumerate(texts)))
    await scene.upload(f"/v1/namespaces/{source}/documents", lines)
    return source


def remade(by: str, **fields: Any) -> dict[str, Any]:
    return {
        "migration_type": "re_extract",
        "feature_extractors": [{"feature_extractor_name": by, **fields}],
    }


async def asked(scene: Scene, namespace: str, retriever: str, question: str) -> Any:
    path = f"/v1/namespaces/{namespace}/retrievers/{retriever}/execute"
    reply = await scene.client.post(path, {"inputs": {"query": question}, "limit": 3})
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.parametrize("twice", [False, True])
async def test_every_vector_and_every_address_is_that_of_the_new_extractor(
    service: Service, scene: Scene, twice: bool
) -> None:
    source = await filled(scene, [*GLOSSES, None])
    before = await scene.documents(source)
    async with executing(service, twice=twice):
        done = await scene.ended(await scene.started(source, **remade("wordllama")))
    assert done["status"] == "completed", done["error_message"]
    target = done["additional_data"]["target_namespace_id"]
    await service.caught_up()

    shown = (await scene.client.get(f"/v1/namespaces/{target}")).json
    (extractor,) = shown["feature_extractors"]
    assert (extractor["feature_extractor_name"], extractor["version"]) == ("wordllama", "v1")
    after = await scene.documents(target)
    assert len(after) == len(before) == len(GLOSSES) + 1
    for number, old in before.items():
        has_text = "gloss" in old["payload"]
        assert set(old["vectors"]) == ({HASHING} if has_text else set())
        assert set(after[number]["vectors"]) == ({WORDLLAMA} if has_text else set())
        assert after[number]["payload"] == old["payload"]

    clusters = (await scene.client.get(f"/v1/namespaces/{target}/clusters/clu_1")).json
    assert clusters["definition"]["vector_config"] == {"feature_uris": [WORDLLAMA]}
    taxonomy = (await scene.client.get(f"/v1/namespaces/{target}/taxonomies/tax_1")).json
    assert taxonomy["definition"]["input_mappings"] == {"query": WORDLLAMA}
    (collection,) = {each["collection_id"] for each in after.values()}
    says = (await scene.client.get(f"/v1/namespaces/{target}/collections/{collection}")).json
    assert says["definition"]["feature_extractor"] == {
        "feature_extractor_name": "wordllama",
        "version": "v1",
        "parameters": {"dimension": 256},
        "input_mappings": {"text": "gloss.en"},
    }
    retriever = taxonomy["definition"]["retriever_id"]
    found = await asked(scene, target, retriever, ASKED)
    assert found["results"][0]["payload"]["number"] == 0
    assert len((await asked(scene, source, "ret_1", ASKED))["results"]) == 3
