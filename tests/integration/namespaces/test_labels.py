"""Taxonomies of a namespace that is copied: labels that are found anew, kept, or left behind."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.namespaces.test_copy import (
    EXTRACTOR,
    WORDS,
    documents_of,
    ended,
    executing,
    started,
    upload,
)
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

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


async def filled(client: Client) -> str:
    body = {"name": f"birds_{uuid4().hex[:12]}", "feature_extractors": [EXTRACTOR]}
    name: str = (await client.post("/v1/namespaces", body)).json["id"]
    for path, definition in (*RESOURCES.items(), ("collections/col_things", APPLIED)):
        reply = await client.send(
            "PUT", f"/v1/namespaces/{name}/{path}", {"definition": definition}
        )
        assert reply.status in {200, 201}, reply.text
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
    await upload(client, f"/v1/namespaces/{name}/documents", lines)
    return name


async def migrated(service: Service, source: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Copy a namespace; give what is said of it, and the things of the target by their names."""
    client = service.client()
    async with executing(service):
        done = await ended(client, await started(client, source, **options))
    assert done["status"] == "completed", done["error_message"]
    await service.caught_up()
    found = await documents_of(client, done["additional_data"]["target_namespace_id"])
    things = {
        each["payload"]["thing"]: each["payload"] for each in found if "thing" in each["payload"]
    }
    return done, things


async def test_labels_are_found_anew_and_it_is_told_how_many_changed(service: Service) -> None:
    source = await filled(service.client())
    done, things = await migrated(service, source, taxonomy_options={"re_run_enrichment": True})
    assert done["additional_data"]["figures"]["tax_1"] == {
        "documents": 5,
        "labelled_before": 3,
        "labelled_after": 3,
        "labels_changed": 3,
        "labels_changed_share": 0.6,
    }
    wrong = things["wrong"]["_taxonomy_kind"]
    assert (wrong["label"], wrong["path"]) == ("gull", ["gull"])
    assert wrong["document_id"] != "gull", "documents have other ids in the target"
    assert 0.9 < wrong["score"] < 1
    assert wrong["fields"] == {"sound": "gull!", "tags": ["old", "gull", "bird"]}
    assert things["right"]["_taxonomy_kind"]["label"] == "owl"
    assert things["new"]["_taxonomy_kind"]["fields"] == {"sound": "gull!", "tags": ["gull", "bird"]}
    assert things["far"] == {"thing": "far"}
    assert things["without"]["_taxonomy_tax_2"]["label"] == "other"
