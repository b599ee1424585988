"""Taxonomies of a namespace that is copied: labels that are found anew, kept, or left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from msgspec import Struct
from tests.integration.namespaces.test_copy import EXTRACTOR, WORDS, ended, started, upload
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.namespace_migration.engine_host import EngineHost

from sterna_core.errors import NotFound
from sterna_core.tasks.namespace_work import BringTaxonomy, NamespaceTask

SEARCH = {"stage_type": "feature_search", "config": {"feature_uri": WORDS}}
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/bkt_1": {},
    "collections/col_birds": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
    "collections/col_things": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
    "retrievers/ret_1": {"collection_ids": ["col_birds"], "stages": [SEARCH]},
    "taxonomies/tax_1": {
        "taxonomy_name": "kind",
        "retriever_id": "ret_1",
        "threshold": 0.9,
        "input_mappings": [{"input_key": "vector", "source_type": "vector", "path": WORDS}],
        "source_collection": {
            "collection_id": "col_birds",
            "enrichment_fields": [
                {"field_path": "sound"},
                {"field_path": "tags", "merge_mode": "append"},
            ],
        },
    },
    "taxonomies/tax_2": {
        "retriever_id": "ret_1",
        "source_collection": {"collection_id": "col_birds"},
    },
}
APPLIED = {
    **RESOURCES["collections/col_things"],
    "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
}
LABELS = {"owl": [1.0, 0.0, 0.0], "gull": [0.0, 1.0, 0.0]}
NEAR_OWL, NEAR_GULL, FAR = [1.0, 0.1, 0.0], [0.1, 1.0, 0.0], [0.0, 0.0, 1.0]
THINGS: dict[str, tuple[list[float] | None, dict[str, Any]]] = {
    "right": (NEAR_OWL, {"_taxonomy_kind": {"taxonomy_id": "tax_1", "label": "owl"}}),
    "wrong": (
        NEAR_GULL,
        {"_taxonomy_kind": {"label": "owl", "fields": {"tags": ["old"], "sound": "old"}}},
    ),
    "new": (NEAR_GULL, {}),
    "far": (FAR, {"_taxonomy_old": {"taxonomy_id": "tax_1", "label": "owl"}}),
    "without": (None, {"_taxonomy_tax_2": {"taxonomy_id": "tax_2", "label": "other"}}),
}


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


class Interrupting(EngineHost):
    """Breaks off taxonomies of some sources once their first page is written, and goes on then."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.sources: set[str] = set()
        self.interrupted = 0

    async def _carry_out(self, task: NamespaceTask) -> None:
        work, source = task.work, task.source.namespace_id
        if isinstance(work, BringTaxonomy) and work.applications and source in self.sources:
            await self._interrupt(task, work)
        await super()._carry_out(task)

    async def _interrupt(self, task: NamespaceTask, work: BringTaxonomy) -> None:
        going = asyncio.create_task(self._engine.carry_out(task, _forget))
        while not await self._is_begun(task, work):
            assert not going.done(), "it was done before it could be broken off"
        going.cancel()
        await asyncio.wait([going])
        assert going.cancelled()
        self.interrupted += 1

    async def _is_begun(self, task: NamespaceTask, work: BringTaxonomy) -> bool:
        async with self._service.stores.store(task.target.store) as store:
            try:
                target = await store.open(task.target.namespace_id)
            except NotFound:
                return False
            first = f"taxonomy {work.target_id} {work.applications[0].collection_id} "
            return await target.receipts.receipt(first) is not None


async def _forget(report: Struct) -> None:
    del report


@pytest.fixture(scope="module")
async def host(service: Service) -> AsyncIterator[Interrupting]:
    """The one executor of all tests here."""
    executor = Interrupting(service)
    running = asyncio.create_task(executor.run())
    yield executor
    running.cancel()
    await asyncio.wait([running])


async def made(client: Client, extractor: dict[str, Any], *resources: dict[str, Any]) -> str:
    body = {"name": f"birds_{uuid4().hex[:12]}", "feature_extractors": [extractor]}
    name: str = (await client.post("/v1/namespaces", body)).json["id"]
    for each in resources:
        for path, definition in each.items():
            one = f"/v1/namespaces/{name}/{path}"
            reply = await client.send("PUT", one, {"definition": definition})
            assert reply.status in {200, 201}, reply.text
    return name


async def filled(client: Client, more: int = 0) -> str:
    """Make a namespace with labels, things, and more things that have none."""
    name = await made(client, EXTRACTOR, RESOURCES, {"collections/col_things": APPLIED})
    lines: list[dict[str, Any]] = [
        {
            "document_id": label,
            "collection_id": "col_birds",
            "payload": {"name": label, "sound": f"{label}!", "tags": [label, "bird"]},
            "vectors": {WORDS: vector},
        }
        for label, vector in LABELS.items()
    ]
    lines += [
        {
            "document_id": thing,
            "collection_id": "col_things",
            "payload": {"thing": thing, **payload},
            "vectors": {} if vector is None else {WORDS: vector},
        }
        for thing, (vector, payload) in THINGS.items()
    ]
    lines += [
        {
            "document_id": f"more_{number:04}",
            "collection_id": "col_things",
            "payload": {"thing": str(number), "_taxonomy_kind": {"fields": {"tags": [number]}}},
            "vectors": {WORDS: [number % 7, number % 5, 1.0]},
        }
        for number in range(more)
    ]
    await upload(client, f"/v1/namespaces/{name}/documents", lines)
    return name


async def migrated(client: Client, source: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Copy a namespace; give what is said of it, and the things of the target by their names."""
    done = await ended(client, await started(client, source, **options))
    assert done["status"] == "completed", done["error_message"]
    return done, await things_of(client, done["additional_data"]["target_namespace_id"])


async def things_of(client: Client, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    after = ""
    while True:
        path = f"/v1/namespaces/{namespace}/documents?limit=100{after}"
        page = (await client.get(path)).json
        things = [each for each in page["data"] if "thing" in each["payload"]]
        found |= {each["payload"]["thing"]: each for each in things}
        if not page.get("next"):
            return found
        after = f"&after={page['next']}"


@pytest.mark.usefixtures("host")
async def test_labels_are_found_anew_and_it_is_told_how_many_changed(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    done, things = await migrated(client, source, taxonomy_options={"re_run_enrichment": True})
    assert done["additional_data"]["figures"]["tax_1"] == {
        "documents": 5,
        "labelled_before": 3,
        "labelled_after": 3,
        "labels_changed": 3,
        "labels_changed_share": 0.6,
    }
    payloads = {name: each["payload"] for name, each in things.items()}
    wrong = payloads["wrong"]["_taxonomy_kind"]
    assert (wrong["label"], wrong["path"]) == ("gull", ["gull"])
    assert wrong["document_id"] != "gull", "documents have other ids in the target"
    assert 0.9 < wrong["score"] < 1
    assert wrong["fields"] == {"sound": "gull!", "tags": ["old", "gull", "bird"]}
    assert payloads["right"]["_taxonomy_kind"]["label"] == "owl"
    fields = payloads["new"]["_taxonomy_kind"]["fields"]
    assert fields == {"sound": "gull!", "tags": ["gull", "bird"]}
    assert payloads["far"] == {"thing": "far"}
    assert payloads["without"]["_taxonomy_tax_2"]["label"] == "other"


@pytest.mark.usefixtures("host")
async def test_fields_of_taxonomies_are_kept_dropped_or_made_as_the_options_say(
    service: Service,
) -> None:
    client = service.client()
    source = await filled(client)
    matrix = [(True, True, False), (True, False, False), (False, True, True), (False, False, True)]
    found = await asyncio.gather(
        *(
            migrated(
                client,
                source,
                taxonomy_options={
                    "preserve_enrichment_fields": preserves,
                    "re_run_enrichment": re_runs,
                    "preserve_taxonomy_ids": ids,
                },
            )
            for preserves, re_runs, ids in matrix
        )
    )
    for (preserves, re_runs, ids), (done, things) in zip(matrix, found, strict=True):
        payloads = {name: each["payload"] for name, each in things.items()}
        written = {name: set(each) - {"thing"} for name, each in payloads.items()}
        kind = {"_taxonomy_kind"}
        target = done["additional_data"]["target_namespace_id"]
        shown = (await client.get(f"/v1/namespaces/{target}/taxonomies?limit=10")).json["data"]
        names = {each["definition"].get("taxonomy_name"): each["id"] for each in shown}
        assert (names["kind"] == "tax_1") == ids
        other = {f"_taxonomy_{names[None]}"}
        assert written["new"] == (kind if re_runs else set())
        assert written["right"] == (kind if preserves or re_runs else set())
        assert written["far"] == ({"_taxonomy_old"} if preserves and not re_runs else set())
        assert written["without"] == (other if preserves else set())
        if preserves:
            without = payloads["without"][f"_taxonomy_{names[None]}"]
            assert without["taxonomy_id"] == names[None]
        if re_runs:
            labels = [payloads[name]["_taxonomy_kind"] for name in ("right", "wrong", "new")]
            assert [each["label"] for each in labels] == ["owl", "gull", "gull"]
            assert {each["taxonomy_id"] for each in labels} == {names["kind"]}
            tags = ["old", "gull", "bird"] if preserves else ["gull", "bird"]
            assert labels[1]["fields"]["tags"] == tags
        assert ("tax_1" in done["additional_data"].get("figures", {})) == re_runs


async def test_an_executor_that_is_stopped_amid_a_taxonomy_leaves_no_trace(
    service: Service, host: Interrupting
) -> None:
    client = service.client()
    source = await filled(client, more=250)
    options: dict[str, Any] = {
        "preserve_resource_ids": True,
        "taxonomy_options": {"re_run_enrichment": True},
        "batch_options": {"batch_size": 200, "max_workers": 4},
    }
    calm, wanted = await migrated(client, source, **options)
    host.sources.add(source)
    done, found = await migrated(client, source, **options)
    assert host.interrupted == 1
    assert found == wanted
    assert len(found) == 255
    figures = [each["additional_data"]["figures"]["tax_1"] for each in (calm, done)]
    assert figures[0] == figures[1]
    assert 0 < figures[0]["labelled_after"] < 255


@pytest.mark.usefixtures("host")
async def test_texts_ask_by_the_extractor_of_the_target(service: Service) -> None:
    client = service.client()
    uri = "sterna://hashing@v1/embedding"
    taxonomy = {
        **RESOURCES["taxonomies/tax_1"],
        "input_mappings": {"query": "title"},
        "threshold": 0.4,
    }
    search = {
        "stage_type": "feature_search",
        "config": {"feature_uri": uri, "query": "{{INPUT.query}}"},
    }
    resources = {
        **RESOURCES,
        "retrievers/ret_1": {"collection_ids": ["col_birds"], "stages": [search]},
        "taxonomies/tax_1": taxonomy,
    }
    source = await made(
        client,
        {"feature_extractor_name": "hashing"},
        resources,
        {"collections/col_things": APPLIED},
    )
    lines = [
        {"document_id": name, "collection_id": "col_birds", "payload": {"name": name, "text": text}}
        for name, text in (("owl", "an owl that hunts by night"), ("gull", "a gull of the sea"))
    ]
    lines += [
        {
            "document_id": thing,
            "collection_id": "col_things",
            "payload": {"thing": thing, **payload},
        }
        for thing, payload in {
            "hunter": {"title": "who hunts by night"},
            "sailor": {"title": "who sails the sea"},
            "nothing": {"title": "quantum chromodynamics"},
            "untitled": {"text": "an owl that hunts by night"},
        }.items()
    ]
    await upload(client, f"/v1/namespaces/{source}/documents", lines)
    _, things = await migrated(client, source, taxonomy_options={"re_run_enrichment": True})
    labels = {
        name: each["payload"].get("_taxonomy_kind", {}).get("label")
        for name, each in things.items()
    }
    assert labels == {"hunter": "owl", "sailor": "gull", "nothing": None, "untitled": None}


@pytest.mark.usefixtures("host")
async def test_new_vectors_find_new_labels(service: Service) -> None:
    client = service.client()
    uri = "sterna://hashing@v1/embedding"
    taxonomy = {
        **RESOURCES["taxonomies/tax_1"],
        "input_mappings": {"vector": uri},
        "threshold": 0.15,
    }
    search = {"stage_type": "feature_search", "config": {"feature_uri": uri}}
    resources = {
        **RESOURCES,
        "retrievers/ret_1": {"collection_ids": ["col_birds"], "stages": [search]},
        "taxonomies/tax_1": taxonomy,
    }
    source = await made(
        client,
        {"feature_extractor_name": "hashing"},
        resources,
        {"collections/col_things": APPLIED},
    )
    lines = [
        {"document_id": name, "collection_id": "col_birds", "payload": {"name": name, "text": text}}
        for name, text in (("dog", "dog puppy animal"), ("boat", "ship boat sailing vessel"))
    ]
    lines += [
        {"document_id": name, "collection_id": "col_things", "payload": {"thing": name, **payload}}
        for name, payload in {
            "hound": {"text": "hounds and terriers", "_taxonomy_kind": "boat"},
            "canoe": {"text": "a canoe on the lake", "_taxonomy_kind": "boat"},
        }.items()
    ]
    await upload(client, f"/v1/namespaces/{source}/documents", lines)
    done, things = await migrated(
        client,
        source,
        migration_type="re_extract",
        feature_extractors=[{"feature_extractor_name": "wordllama"}],
        taxonomy_options={"re_run_enrichment": True},
        benchmark_options={"gate": "report"},
    )
    told = {each["type"] for each in done["validation_result"]["warnings"]}
    assert "threshold_of_old_vectors" in told
    labels = {name: each["payload"]["_taxonomy_kind"]["label"] for name, each in things.items()}
    assert labels == {"hound": "dog", "canoe": "boat"}
    figures = done["additional_data"]["figures"]["tax_1"]
    assert (figures["labels_changed"], figures["labels_changed_share"]) == (1, 0.5)
