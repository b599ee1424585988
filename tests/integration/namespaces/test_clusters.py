"""Clusters that go along with a namespace: their files, or computed anew."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.namespace_migration.engine_host import EngineHost
from tests.support.namespace_migration.scene import WORDS, Scene

from sterna_executor.clusters import copying_files, recomputing

PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
FIGURES = ("documents", "groups", "documents_without_group", "documents_assigned")
VECTOR_CONFIG = {
    "feature_uris": [WORDS],
    "clustering_method": "kmeans",
    "kmeans_parameters": {"n_clusters": 3},
}
DOCUMENTS = 30
LOADED = (copying_files, recomputing)
"""Loading them takes seconds, for which no test should wait."""


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


@asynccontextmanager
async def executing(service: Service, *, twice: bool = False) -> AsyncGenerator[None]:
    running = asyncio.create_task(EngineHost(service, twice=twice).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


def line(number: int) -> dict[str, Any]:
    """Three heaps of vectors of ten documents each, and an old assignment that is half right."""
    heap = number % 3
    vector = [0.01 * (number % 5), 0.01 * (number % 7), 0.01]
    vector[heap] = 1.0
    return {
        "document_id": f"doc_{number:03}",
        "collection_id": "col_1",
        "payload": {
            "number": number,
            "brand": ["acme", "birds", None][heap],
            "cluster_id": f"clu_1/{heap if number < 24 else (heap + 1) % 3}",
        },
        "vectors": {WORDS: vector},
    }


async def filled(scene: Scene, definition: dict[str, Any]) -> str:
    name = await scene.namespace()
    await scene.put(
        name,
        {
            "buckets/bkt_1": {},
            "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
            "clusters/clu_1": {"collection_ids": ["col_1"], **definition},
        },
    )
    await upload(scene.client, name, [line(number) for number in range(DOCUMENTS)])
    return name


async def upload(client: Client, namespace: str, documents: list[dict[str, Any]]) -> None:
    raw = b"\n".join(map(msgspec.json.encode, documents))
    headers = {"Content-Type": "application/x-ndjson"}
    reply = await client.post(f"/v1/namespaces/{namespace}/documents", raw=raw, headers=headers)
    assert reply.status == 200, reply.text


def parquet(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


async def put_file(client: Client, namespace: str, name: str, whole: bytes) -> dict[str, Any]:
    path = f"/v1/namespaces/{namespace}/clusters/clu_1/artifacts/{name}"
    reply = await client.send("PUT", path, raw=whole, headers=PARQUET)
    assert reply.status == 200, reply.text
    return reply.json  # type: ignore[no-any-return]


async def table(client: Client, namespace: str, cluster: str, name: str) -> list[dict[str, Any]]:
    path = f"/v1/namespaces/{namespace}/clusters/{cluster}/artifacts/{name}"
    async with client.session.get(client.url + path, headers=client.headers) as response:
        assert response.status == 200
        return pq.read_table(io.BytesIO(await response.read())).to_pylist()  # type: ignore[no-any-return]


async def test_the_files_of_a_cluster_come_along_under_the_ids_of_the_target(
    service: Service,
) -> None:
    client = service.client()
    scene = Scene(client)
    source = await filled(scene, {})
    members = parquet(
        document_id=[f"doc_{number:03}" for number in range(DOCUMENTS)],
        cluster_id=[f"clu_1/{number % 3}" for number in range(DOCUMENTS)],
        note=["doc_001"] * DOCUMENTS,
        centroid_distance=[0.5] * DOCUMENTS,
    )
    kept = await put_file(client, source, "members.parquet", members)
    assert (kept["rows"], kept["bytes"]) == (DOCUMENTS, len(members))
    await put_file(client, source, "centroids.parquet", parquet(cluster_id=["clu_1/0"]))
    await scene.put(
        source, {"clusters/clu_1": {"collection_ids": ["col_1"], "members_key": kept["address"]}}
    )
    options = {"preserve_cluster_ids": False, "preserve_centroids": False}
    async with executing(service):
        migration_id = await scene.started(source, cluster_options=options)
        done = await scene.ended(migration_id)
    assert done["status"] == "completed", done["error_message"]
    assert done["additional_data"]["figures"]["clu_1"]["rows"] == DOCUMENTS
    await service.caught_up()
    target = done["additional_data"]["target_namespace_id"]
    (cluster,) = (await client.get(f"/v1/namespaces/{target}/clusters")).json["data"]
    assert cluster["id"] != "clu_1"
    address = f"sterna-artifact://{target}/{cluster['id']}/members.parquet"
    shown = (await client.get(f"/v1/namespaces/{target}/clusters/{cluster['id']}")).json
    assert shown["definition"]["members_key"] == address
    files = (await client.get(f"/v1/namespaces/{target}/clusters/{cluster['id']}/artifacts")).json[
        "data"
    ]
    assert [each["address"] for each in files] == [address]
    rows = await table(client, target, cluster["id"], "members.parquet")
    documents = await scene.documents(target)
    assert [each["document_id"] for each in rows] == [
        documents[str(number)]["document_id"] for number in range(DOCUMENTS)
    ]
    assert rows[4] == {
        "document_id": documents["4"]["document_id"],
        "cluster_id": f"{cluster['id']}/1",
        "note": "doc_001",
    }
    assert documents["4"]["payload"]["cluster_id"] == f"{cluster['id']}/1"


@pytest.mark.parametrize("twice", [False, True])
async def test_clusters_are_computed_anew_and_it_is_told_how_much_changed(
    service: Service, twice: bool
) -> None:
    client = service.client()
    scene = Scene(client)
    source = await filled(scene, {"vector_config": VECTOR_CONFIG, "num_clusters": 9})
    found = []
    for _ in range(1 if twice else 2):
        async with executing(service, twice=twice):
            migration_id = await scene.started(source, cluster_options={"recompute_clusters": True})
            done = await scene.ended(migration_id)
        assert done["status"] == "completed", done["error_message"]
        figures = done["additional_data"]["figures"]["clu_1"]
        assert [figures[each] for each in FIGURES] == [30, 3, 0, 30]
        assert figures["documents_compared"] == 30
        assert 0 < figures["adjusted_rand_index"] < 1
        assert figures["share_changed"] == pytest.approx(0.2)
        await service.caught_up()
        target = done["additional_data"]["target_namespace_id"]
        documents = await scene.documents(target)
        found.append(
            [documents[str(number)]["payload"]["cluster_id"] for number in range(DOCUMENTS)]
        )
        assert found[0] == [f"clu_1/{number % 3}" for number in range(DOCUMENTS)]
        shown = (await client.get(f"/v1/namespaces/{target}/clusters/clu_1")).json["definition"]
        assert shown["members_key"] == f"sterna-artifact://{target}/clu_1/members.parquet"
        assert "num_clusters" not in shown
        rows = await table(client, target, "clu_1", "members.parquet")
        assert {each["document_id"]: each["cluster_id"] for each in rows} == {
            each["document_id"]: each["payload"]["cluster_id"] for each in documents.values()
        }
        centroids = await table(client, target, "clu_1", "centroids.parquet")
        assert [(each["cluster_id"], each["size"]) for each in centroids] == [
            (f"clu_1/{label}", 10) for label in range(3)
        ]
        assert centroids[1]["centroid"][1] == pytest.approx(1.0, abs=0.01)
    assert found[0] == found[-1]


async def test_two_clusters_over_one_collection_both_stand_in_its_documents(
    service: Service,
) -> None:
    scene = Scene(service.client())
    source = await filled(scene, {"vector_config": VECTOR_CONFIG})
    by_brand = {
        "collection_ids": ["col_1"],
        "cluster_type": "attribute",
        "attribute_config": {"attributes": ["brand"]},
    }
    await scene.put(source, {"clusters/clu_2": by_brand})
    async with executing(service):
        migration_id = await scene.started(source, cluster_options={"recompute_clusters": True})
        done = await scene.ended(migration_id)
    assert done["status"] == "completed", done["error_message"]
    documents = await scene.documents(done["additional_data"]["target_namespace_id"])
    assert documents["3"]["payload"]["cluster_id"] == ["clu_1/0", "clu_2/0"]
    assert documents["4"]["payload"]["cluster_id"] == ["clu_1/1", "clu_2/1"]
    assert documents["5"]["payload"]["cluster_id"] == "clu_1/2"
    figures = done["additional_data"]["figures"]
    assert figures["clu_2"]["documents_without_group"] == 10
    assert figures["clu_2"]["documents_compared"] == 0


async def test_clusters_of_vectors_that_are_made_anew_are_those_of_the_new_vectors(
    service: Service,
) -> None:
    client = service.client()
    scene = Scene(client)
    hashing = {"feature_extractor_name": "hashing", "parameters": {"dimension": 64}}
    source = await scene.namespace(feature_extractors=[hashing])
    weighted = {
        "feature_uris": ["sterna://hashing@v1/embedding"],
        "feature_weights": {"sterna://hashing@v1/embedding": 0.5},
        "clustering_method": "agglomerative",
        "algorithm_params": {"n_clusters": 2},
    }
    await scene.put(
        source,
        {
            "buckets/bkt_1": {},
            "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
            "clusters/clu_1": {"collection_ids": ["col_1"], "vector_config": weighted},
        },
    )
    texts = ["a dog that barks", "a cat that purrs", "a wolf that howls", "a steam locomotive"]
    texts += ["a diesel railway engine", "a hound that hunts", "a train on rails"]
    await upload(
        client,
        source,
        [
            {
                "document_id": f"doc_{number}",
                "collection_id": "col_1",
                "payload": {"number": number, "text": text},
            }
            for number, text in enumerate(texts)
        ],
    )
    wordllama = {"feature_extractor_name": "wordllama", "parameters": {"dimension": 64}}
    async with executing(service):
        migration_id = await scene.started(
            source,
            migration_type="re_extract",
            feature_extractors=[wordllama],
            preserve_resource_ids=True,
            cluster_options={"recompute_clusters": True},
            benchmark_options={"gate": "report"},
        )
        done = await scene.ended(migration_id)
    assert done["status"] == "completed", done["error_message"]
    await service.caught_up()
    target = done["additional_data"]["target_namespace_id"]
    documents = await scene.documents(target)
    uri = "sterna://wordllama@v1/embedding"
    vectors = np.asarray([documents[str(n)]["vectors"][uri] for n in range(len(texts))])
    vectors = 0.5 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = [documents[str(n)]["payload"]["cluster_id"] for n in range(len(texts))]
    assert sorted({*groups}) == ["clu_1/0", "clu_1/1"]
    centroids = await table(client, target, "clu_1", "centroids.parquet")
    for each in centroids:
        rows = [number for number, name in enumerate(groups) if name == each["cluster_id"]]
        assert each["feature_uris"] == [uri]
        assert each["size"] == len(rows)
        assert each["centroid"] == pytest.approx(vectors[rows].mean(axis=0).tolist(), abs=1e-6)
