"""Namespaces whose vectors are made anew, from store to store over the bus."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import starmap
from typing import Any

import msgspec
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.service import Service
from tests.support.namespace_migration.counted import COUNTED, NAME, REFUSED, Counted
from tests.support.namespace_migration.engine_host import EngineHost
from tests.support.namespace_migration.scene import ALL, Scene

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
SERVICE = {
    "feature_extractor_name": "openai_compatible",
    "parameters": {"model": "text-embedding-3-small"},
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


async def test_a_text_that_is_refused_stays_behind_and_a_second_run_embeds_nothing(
    service: Service, scene: Scene, counted: Counted
) -> None:
    source = await filled(scene, [*GLOSSES, REFUSED, GLOSSES[0]])

    async def run() -> Any:
        migration_id = await scene.created(source, **remade("counted"))
        counted.texts.clear()  # what a look at a sample has embedded
        await scene.start(migration_id)
        return await scene.ended(migration_id)

    async with executing(service):
        done = await run()
        assert done["status"] == "completed", done["error_message"]
        (told,) = done["additional_data"]["set_aside"]
        assert (told["document_id"], told["code"]) == ("doc_0006", "text_refused")
        assert done["additional_data"]["documents_set_aside"] == 1
        assert sorted(each for each in counted.texts if each in GLOSSES) == sorted(GLOSSES)
        again = await run()
    assert again["status"] == "completed", again["error_message"]
    assert set(counted.texts) == {REFUSED}
    first, second = [
        {
            number: each["vectors"]
            for number, each in (
                await scene.documents(run["additional_data"]["target_namespace_id"])
            ).items()
        }
        for run in (done, again)
    ]
    assert first == second
    assert all(set(each) == {COUNTED} for each in first.values())


async def test_a_service_that_is_away_for_a_while_is_asked_again(
    service: Service, scene: Scene, counted: Counted
) -> None:
    source = await filled(scene, [f"{each} ({number})" for number, each in enumerate(GLOSSES)])
    migration_id = await scene.created(source, **remade("counted"))
    counted.fails = 2
    async with executing(service):
        await scene.start(migration_id)
        done = await scene.ended(migration_id)
    assert done["status"] == "completed", done["error_message"]
    assert (counted.fails, done["additional_data"]["documents_set_aside"]) == (0, 0)


async def test_other_parameters_are_another_space_under_the_same_address(
    service: Service, scene: Scene
) -> None:
    source = await filled(scene, GLOSSES)
    async with executing(service):
        options = remade("hashing", parameters={"dimension": 64})
        done = await scene.ended(await scene.started(source, **options))
    assert done["status"] == "completed", done["error_message"]
    target = done["additional_data"]["target_namespace_id"]
    after = await scene.documents(target)
    assert {len(each["vectors"][HASHING]) for each in after.values()} == {64}
    old = (await scene.documents(source))["0"]["vectors"]
    mixed = {**gloss(9, "a dog"), "vectors": old, "collection_id": after["0"]["collection_id"]}
    reply = await scene.client.post(
        f"/v1/namespaces/{target}/documents",
        raw=msgspec.json.encode(mixed),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert reply.status == 422


async def test_a_feature_of_the_source_is_unknown_in_the_target_though_as_long(
    service: Service, scene: Scene
) -> None:
    source = await filled(scene, GLOSSES)
    async with executing(service):
        done = await scene.ended(await scene.started(source, **remade("wordllama")))
    assert done["status"] == "completed", done["error_message"]
    target = done["additional_data"]["target_namespace_id"]
    (collection,) = {each["collection_id"] for each in (await scene.documents(target)).values()}
    searching = {**RESOURCES["retrievers/ret_1"], "collection_ids": [collection]}
    reply = await scene.client.send(
        "PUT", f"/v1/namespaces/{target}/retrievers/ret_old", {"definition": searching}
    )
    assert (reply.status, reply.json["error"]["code"]) == (409, "feature_not_held")
    old = (await scene.documents(source))["0"]["vectors"]
    assert len(old[HASHING]) == 256
    reply = await scene.client.post(
        f"/v1/namespaces/{target}/documents",
        raw=msgspec.json.encode({**gloss(9, "a"), "vectors": old, "collection_id": collection}),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert reply.status == 422


async def test_an_empty_namespace_of_those_extractors_may_be_the_target(
    service: Service, scene: Scene
) -> None:
    source = await filled(scene, GLOSSES)
    by = [{"feature_extractor_name": "wordllama"}]
    target = await scene.namespace(feature_extractors=by)
    other = await scene.namespace(feature_extractors=[{"feature_extractor_name": "hashing"}])
    wrong = {"source_namespace_id": source, "target_namespace_id": other, **remade("wordllama")}
    reply = await scene.client.post(f"{ALL}/validate", {"config": wrong})
    (error,) = reply.json["validation_result"]["errors"]
    assert error["type"] == "target_features_differ"
    async with executing(service):
        options = remade("wordllama") | {"target_namespace_id": target}
        done = await scene.ended(await scene.started(source, **options))
    assert done["status"] == "completed", done["error_message"]
    assert {*(await scene.documents(target))["0"]["vectors"]} == {WORDLLAMA}


@pytest.mark.parametrize("kind", ["copy", "re_extract"])
async def test_documents_of_a_time_go_along_and_the_others_are_counted(
    service: Service, scene: Scene, kind: str
) -> None:
    plain = {key: each for key, each in RESOURCES.items() if "taxonom" not in key}
    source = await scene.namespace(feature_extractors=[{"feature_extractor_name": "hashing"}])
    await scene.put(source, plain)
    lines = [
        gloss(number, f"{GLOSSES[0]} {number}", created_at=f"2026-01-{number + 1:02}T12:00:00Z")
        for number in range(30)
    ]
    undated = [gloss(number, f"{GLOSSES[0]} {number}") for number in range(30, 33)]
    await scene.upload(f"/v1/namespaces/{source}/documents", [*lines, *undated])
    options = remade("wordllama") if kind == "re_extract" else {}
    dates = {"after": "2026-01-11", "before": "2026-01-21"}
    async with executing(service):
        done = await scene.ended(
            await scene.started(source, filters={"date_range": dates}, **options)
        )
    assert done["status"] == "completed", done["error_message"]
    after = await scene.documents(done["additional_data"]["target_namespace_id"])
    assert {int(number) for number in after} == set(range(10, 20))
    figures = done["additional_data"]["collections"]["col_1"]
    assert (figures["documents"], figures["moved"]) == (10, 10)
    assert (figures["left_out"], figures["undated"]) == (23, 3)
    assert {*after["10"]["vectors"]} == {WORDLLAMA if kind == "re_extract" else HASHING}


@pytest.mark.parametrize(
    ("named", "place", "kind"),
    [
        ({"feature_extractor_name": "nothing"}, (0,), "extractor_not_found"),
        ({"feature_extractor_name": "hashing", "version": "v9"}, (0,), "extractor_not_found"),
        (SERVICE, (0,), "extractor_not_installed"),
        (
            {"feature_extractor_name": "hashing", "parameters": {"dimension": 1}},
            (0, "parameters"),
            "extractor_parameters_invalid",
        ),
    ],
)
async def test_an_extractor_that_cannot_be_is_an_error_at_its_place(
    scene: Scene, named: dict[str, Any], place: tuple[str | int, ...], kind: str
) -> None:
    source = await scene.namespace()
    config = {
        "migration_type": "re_extract",
        "source_namespace_id": source,
        "feature_extractors": [named],
    }
    reply = await scene.client.post(f"{ALL}/validate", {"config": config})
    (error,) = reply.json["validation_result"]["errors"]
    assert error["type"] == kind
    assert tuple(error["loc"]) == ("config", "feature_extractors", *place)
    created = await scene.client.post(f"{ALL}/", {"config": config})
    one = f"{ALL}/{created.json['migration_id']}"
    begun = await scene.client.post(f"{one}/start", {"force": True})
    assert (begun.status, begun.json["error"]["code"]) == (400, "validation_failed")
    twice = {**config, "feature_extractors": [{"feature_extractor_name": "hashing"}] * 2}
    reply = await scene.client.post(f"{ALL}/validate", {"config": twice})
    assert [each["type"] for each in reply.json["validation_result"]["errors"]] == ["repeated"]
