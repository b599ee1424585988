"""A collection that is there already is a space without being copied."""

from pathlib import Path

import pytest
from qdrant_client import models

from sterna_core.namespace_store.adoption import AdoptedFeature, Adoption
from sterna_core.namespace_store.condition import Condition
from sterna_core.namespace_store.contract.samples import refused
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.vector import Vector

TEXTS = Feature("sterna://texts@v1/embedding", 2, "dot")
IMAGES = Feature("sterna://images@v1/embedding", 3)
UUID = "6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11"
ADOPTION = Adoption(
    source="theirs",
    features=(AdoptedFeature(TEXTS, "text"), AdoptedFeature(IMAGES, "image")),
    collection_column="kind",
)
VECTORS = {
    "text": models.VectorParams(size=2, distance=models.Distance.DOT),
    "image": models.VectorParams(size=3, distance=models.Distance.COSINE),
}


async def test_the_points_of_a_collection_are_documents(tmp_path: Path):
    client = open_client(path=str(tmp_path))
    await client.create_collection("theirs", vectors_config=VECTORS)
    points = [
        models.PointStruct(
            id=number, vector={"text": [number, 1]}, payload={"kind": f"k{number % 2}", "n": number}
        )
        for number in (2, 10, 1)
    ]
    last = models.PointStruct(id=UUID, vector={"image": [3, 0, 4]}, payload={"kind": "k0"})
    await client.upsert("theirs", [last, *points])
    store = QdrantNamespaceStore(client, local=True)
    space = await store.adopt("space", ADOPTION)

    page = await space.documents.scan(limit=PageLimit(rows=2))
    assert [each.document_id for each in page.documents] == ["1", "2"]
    rest = await space.documents.scan(Span(after=page.last))
    assert [each.document_id for each in rest.documents] == ["10", UUID]
    assert rest.documents[0].payload == {"n": 10}
    assert rest.documents[0].vectors == {TEXTS.uri: Vector.of((10, 1))}
    assert await space.documents.count(Span("k0")) == 3
    found = await space.documents.get([UUID, "7", "x", "010", "2"])
    assert [each.document_id for each in found] == [UUID, "2"]

    hits = await space.vectors.search(
        Query(
            feature_uri=TEXTS.uri,
            vector=Vector.of((1, 0)),
            collection_ids=("k0",),
            conditions=(Condition("n", "lt", 10),),
        )
    )
    assert [(each.document.document_id, each.score) for each in hits] == [("2", 2.0)]

    await store.switch("live", "space")
    assert await store.holder("live") == "space"
    with refused("alias_held"):
        await store.drop("space")
    with refused("adopted_space"):
        await space.documents.delete(["1"])
    with refused("space_exists"):
        await store.adopt("other", ADOPTION)
    await store.release("live")
    assert await store.drop("space")
    assert (await client.count("theirs")).count == 4
    assert await store.names() == ()
    await client.close()


@pytest.mark.parametrize("column", ["", "nothing", "image"])
async def test_vectors_of_another_name_or_size_are_not_adopted(tmp_path: Path, column: str):
    client = open_client(path=str(tmp_path))
    await client.create_collection("theirs", vectors_config=VECTORS)
    store = QdrantNamespaceStore(client, local=True)
    with refused("bad_adoption"):
        await store.adopt(
            "space", Adoption(source="theirs", features=(AdoptedFeature(TEXTS, column),))
        )
    with refused("nothing_to_adopt"):
        await store.adopt("space", Adoption(source="nothing", features=()))
    assert await store.names() == ()
    await client.close()
