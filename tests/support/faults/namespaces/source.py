"""A namespace with everything that a migration takes along."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sterna_cli.client.session import decoder
from sterna_cli.client.sterna import Sterna
from sterna_cli.demo.glosses import read_corpus

BUCKETS = 4
OBJECTS = 20
COLLECTIONS = 8
DOCUMENTS = 80
CLUSTERS = 4
TAXONOMIES = 4
RETRIEVERS = 4
ASKED = 12
_ANSWER = decoder(dict[str, Any])
HASHING = "sterna://hashing@v1/embedding"
EXTRACTOR = {"feature_extractor_name": "hashing", "parameters": {"dimension": 64}}


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give definitions in an order in which they can be put; each says its own id as `label`.

    They form the usual circle: a collection applies a taxonomy, whose retriever searches it.
    """
    for number in range(BUCKETS):
        yield "buckets", f"bkt_{number}", {"bucket_schema": {"properties": {"text": "text"}}}
    plain = {number: _collection(number) for number in range(COLLECTIONS)}
    for number, definition in plain.items():
        yield "collections", f"col_{number}", definition
    for number in range(CLUSTERS):
        yield "clusters", f"clu_{number}", _cluster(number)
    for number in range(RETRIEVERS):
        yield "retrievers", f"ret_{number}", _retriever(number)
    for number in range(TAXONOMIES):
        yield "taxonomies", f"tax_{number}", _taxonomy(number)
    for number, definition in plain.items():
        applied = {
            "taxonomy_applications": [{"taxonomy_id": f"tax_{number % TAXONOMIES}"}],
            "cluster_applications": [{"cluster_id": f"clu_{number % CLUSTERS}"}],
        }
        yield "collections", f"col_{number}", definition | applied


def _collection(number: int) -> dict[str, Any]:
    # Every second one is made of the one before it.
    if number % 2:
        source: dict[str, Any] = {"type": "collection", "collection_id": f"col_{number - 1}"}
    else:
        source = {"type": "bucket", "bucket_ids": [f"bkt_{number // 2 % BUCKETS}"]}
    return {"source": source}


def _cluster(number: int) -> dict[str, Any]:
    return {
        "collection_ids": [f"col_{number}", f"col_{number + CLUSTERS}"],
        "cluster_type": "vector",
        "vector_config": {
            "feature_uris": [HASHING],
            "clustering_method": "kmeans",
            "kmeans_parameters": {"n_clusters": 5 + number},
        },
    }


def _retriever(number: int) -> dict[str, Any]:
    search = {"feature_uri": HASHING, "limit": 10}
    return {
        "collection_ids": [f"col_{number}"],
        "feature_dependencies": [HASHING],
        "stages": [{"stage_type": "feature_search", "config": search}],
    }


def _taxonomy(number: int) -> dict[str, Any]:
    """Give taxonomies of four kinds: asked with a vector, with a text, appended, with a hierarchy."""
    fields = [{"field_path": "label"}, {"field_path": "number", "target_field": "found"}]
    made: dict[str, Any] = {
        "retriever_id": f"ret_{number}",
        "source_collection": {"collection_id": f"col_{number}", "enrichment_fields": fields},
        "label_field": "label",
        "threshold": 0.2,
    }
    match number % TAXONOMIES:
        case 1:
            made["input_mappings"] = {"query": "text"}
        case 2:
            made["merge_mode"] = "append"
        case 3:
            made["hierarchical_nodes"] = [
                {"collection_id": "col_7", "label": "above"},
                {"collection_id": "col_3", "parent_collection_id": "col_7", "label": "below"},
            ]
    return made


def documents(each: int) -> Iterator[dict[str, Any]]:
    """Give documents of every collection: with a lineage, and what taxonomies and clusters wrote."""
    texts = [each.text for each in read_corpus().documents]
    for number in range(COLLECTIONS):
        for place in range(each):
            yield _document(number, place, texts[(number * each + place) % len(texts)])


def _document(number: int, place: int, text: str) -> dict[str, Any]:
    own = f"doc_{number}_{place:04}"
    lineage = {
        "root_bucket_id": f"bkt_{number // 2 % BUCKETS}",
        "root_object_id": f"obj_{number // 2 % BUCKETS}_{place % OBJECTS:03}",
        "path": f"bkt_{number // 2 % BUCKETS}/col_{number}",
    }
    if number % 2:
        lineage |= {
            "source_collection_id": f"col_{number - 1}",
            "source_document_id": f"doc_{number - 1}_{place:04}",
        }
    return {
        "document_id": own,
        "collection_id": f"col_{number}",
        "payload": {
            "key": own,
            "text": text,
            "label": f"label {place % 7}",
            "number": place,
            "cluster_id": f"clu_{number % CLUSTERS}/{place % 5}",
            f"_taxonomy_tax_{number % TAXONOMIES}": {
                "taxonomy_id": f"tax_{number % TAXONOMIES}",
                "document_id": f"doc_{number % TAXONOMIES}_0000",
                "label": f"label {place % 5}",
            },
            "_internal": {"lineage": lineage},
        },
    }


def objects(bucket: int) -> Iterator[dict[str, Any]]:
    """Give the objects of a bucket."""
    for place in range(OBJECTS):
        yield {"object_id": f"obj_{bucket}_{place:03}", "payload": {"number": place}}


def members(number: int, each: int) -> bytes:
    """Give the file of a cluster that says which document is in which of its groups."""
    found = [
        (f"doc_{collection}_{place:04}", f"col_{collection}", place % 5)
        for collection in (number, number + CLUSTERS)
        for place in range(each)
    ]
    table = pa.table(
        {
            "document_id": [document for document, _, _ in found],
            "collection_id": [collection for _, collection, _ in found],
            "label": [label for _, _, label in found],
            "cluster_id": [f"clu_{number}/{label}" for _, _, label in found],
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


async def make_source(sterna: Sterna, name: str, *, each: int = DOCUMENTS) -> str:
    """Make the namespace with so many documents in each collection; gives its id."""
    space = sterna.namespaces
    made = await space.create({"name": name, "feature_extractors": [EXTRACTOR]})
    for kind, resource_id, definition in resources():
        await space.put(made.id, kind, resource_id, {"label": resource_id, **definition})
    for bucket in range(BUCKETS):
        await space.upload_objects(made.id, f"bkt_{bucket}", objects(bucket))
    for number in range(CLUSTERS):
        await space.put_artifact(made.id, f"clu_{number}", "members.parquet", members(number, each))
    sent = await space.upload(made.id, documents(each))
    assert (sent.accepted, sent.rejected) == (COLLECTIONS * each, 0), sent
    for number in range(RETRIEVERS):
        await _ask(sterna, f"/v1/namespaces/{made.id}/retrievers/ret_{number}", number)
    return made.id


async def _ask(sterna: Sterna, retriever: str, number: int) -> None:
    """Let a retriever have a history, of questions and of clicks that all differ."""
    for place, each in enumerate(read_corpus().documents[:ASKED]):
        asked = {"inputs": {"query": each.text}, "limit": 5, "record": True}
        found = await sterna.session.post(f"{retriever}/execute", asked, _ANSWER)
        click = {
            "document_id": found["results"][0]["document_id"],
            "execution_id": found["execution_id"],
            "type": "click",
            "value": number * ASKED + place,
        }
        await sterna.session.post(f"{retriever}/interactions", click, _ANSWER)
