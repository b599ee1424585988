"""Whoever dies while a cluster is brought leaves nothing that its successor does not put right."""

import io
from collections.abc import AsyncIterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.memory import MemoryArtifactStore
from sterna_core.artifacts.store import Artifact, ArtifactNotFound
from sterna_core.errors import Fenced, Misconfigured, Transient
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import ClusterOptions, MigrationConfig
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore, MemoryShelf
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.tasks import namespace_work as wk
from sterna_executor.clusters.door import Clusters
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.namespaces.documents import KeptMap, rewriting_for

WORDS = Feature("sterna://words@v1/embedding", 2)
KEPT = KeptMap(
    ids={"col_1": "col_9", "clu_1": "clu_9"}, kinds={"col_1": "collection", "clu_1": "cluster"}
)
CLUSTER = Resource(
    "clu_1",
    "cluster",
    {
        "collection_ids": ["col_1"],
        "vector_config": {
            "feature_uris": [WORDS.uri],
            "clustering_method": "kmeans",
            "kmeans_parameters": {"n_clusters": 2, "n_init": 1},
        },
    },
)


class Life:
    """How many writes an executor does before it dies."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def write(self) -> None:
        if self.left == 0:
            raise Transient("It died.", code="died")
        self.left -= 1


class MortalArtifacts(MemoryArtifactStore):
    """Files that whoever writes them may not live to finish."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(1_000)

    async def put(
        self, address: ArtifactAddress, content: AsyncIterable[bytes], *, replace: bool = True
    ) -> Artifact:
        self.life.write()
        return await super().put(address, content, replace=replace)


class MortalShelf(MemoryShelf):
    """Documents that whoever writes them may not live to finish; read three at a time."""

    def __init__(self, shelf: MemoryShelf, life: Life) -> None:
        super().__init__((WORDS,), shelf._receipts)
        self.documents, self._life = shelf.documents, life

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        return await super().scan(span, PageLimit(rows=min(3, limit.rows)))

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        self._life.write()
        return await super().upsert(documents, receipt)


class World:
    """A namespace that was copied, and its files."""

    def __init__(self) -> None:
        self.store, self.artifacts = MemoryNamespaceStore(), MortalArtifacts()
        self.source: Space
        self.target: Space

    async def fill(self) -> "World":
        self.source = await self.store.create("ns_1", (WORDS,))
        self.target = await self.store.create("ns_9", (WORDS,))
        rewriting = rewriting_for(task(), KEPT)
        for number in range(11):
            vector = Vector.of((1.0, 0.1 * number) if number % 3 else (-1.0, 0.1 * number))
            name, vectors = f"doc_{number:02}", {WORDS.uri: vector}
            old = {"number": number, "cluster_id": f"clu_1/{number % 2}"}
            await self.source.documents.upsert([Document(name, "col_1", old, vectors)])
            new = {"number": number, "cluster_id": f"clu_9/{number % 2}"}
            there = Document(rewriting.ids.document(name), "col_9", new, vectors)
            await self.target.documents.upsert([there])
        return self

    async def bring(self, life: Life, given: wk.NamespaceTask | None = None) -> dict[str, float]:
        """Do the task as one executor does, as long as it lives."""
        given = given or task()
        self.artifacts.life = life
        shelf = self.target.documents
        assert isinstance(shelf, MemoryShelf)
        target = replace(self.target, documents=MortalShelf(shelf, life))
        clusters = Clusters(self.artifacts, ClusterLimits())
        assert isinstance(given.work, wk.BringCluster)
        rewriting = rewriting_for(given, KEPT)
        return await clusters.bring(given, given.work, self.source, target, rewriting)

    async def contents(self) -> dict[str, Any]:
        """Give everything that is there, bit for bit."""
        found: dict[str, Any] = {}
        for each in await self.artifacts.kept("ns_9"):
            found[str(each.address)] = each.sha256
        for document in (await self.target.documents.scan()).documents:
            found[document.document_id] = document
        return found


def task(cluster: Resource = CLUSTER, epoch: int = 1, **options: bool) -> wk.NamespaceTask:
    return wk.NamespaceTask(
        task_id="tsk_1",
        attempt=1,
        migration_id="nmig_1",
        org_id="org_1",
        epoch=epoch,
        source=Place(namespace_id="ns_1"),
        target=Place(namespace_id="ns_9"),
        config=MigrationConfig(
            migration_type="copy",
            source_namespace_id="ns_1",
            cluster_options=ClusterOptions(**{"recompute_clusters": True, **options}),
        ),
        work=wk.BringCluster(cluster=cluster, target_id="clu_9"),
        dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


async def test_wherever_an_executor_dies_the_next_one_leaves_what_an_undisturbed_one_leaves():
    undisturbed = await World().fill()
    figures = await undisturbed.bring(Life(1_000))
    expected = await undisturbed.contents()
    assert (figures["groups"], figures["documents_assigned"]) == (2, 11)
    deaths = 0
    for writes in range(1_000):
        world = await World().fill()
        try:
            await world.bring(Life(writes))
        except Transient:
            deaths += 1
        else:
            break
        again = await world.bring(Life(1_000))
        assert await world.contents() == expected
        assert again["adjusted_rand_index"] == figures["adjusted_rand_index"]
    assert deaths >= 6


async def test_work_of_an_epoch_that_is_over_writes_nothing():
    world = await World().fill()
    before = await world.contents()
    await world.target.receipts.raise_epoch(2)
    with pytest.raises(Fenced):
        await world.bring(Life(1_000))
    assert await world.contents() == before


async def test_old_groups_are_taken_from_the_old_file_where_documents_say_nothing():
    world = await World().fill()
    for each in (await world.source.documents.scan()).documents:
        plain = Document(each.document_id, "col_1", {"number": 1}, each.vectors)
        await world.source.documents.upsert([plain])
    names = [f"doc_{number:02}" for number in range(11)]
    labels = [0 if number % 3 else 1 for number in range(11)]
    await put_file(world, pa.table({"document_id": names, "label": labels}))
    figures = await world.bring(Life(1_000))
    assert (figures["documents_compared"], figures["share_changed"]) == (11, 0)


async def test_a_file_that_a_definition_names_has_to_be_there():
    world = await World().fill()
    address = ArtifactAddress("ns_1", "clu_1", "members.parquet")
    named = Resource("clu_1", "cluster", {"collection_ids": ["col_1"], "members_key": str(address)})
    with pytest.raises(ArtifactNotFound):
        await world.bring(Life(1_000), task(named, recompute_clusters=False))
    await put_file(world, pa.table({"document_id": ["doc_01"]}))
    figures = await world.bring(Life(1_000), task(named, recompute_clusters=False))
    assert figures["rows"] == 1
    rewriting = rewriting_for(task(), KEPT)
    there = ArtifactAddress("ns_9", "clu_9", "members.parquet")
    whole = b"".join([piece async for piece in world.artifacts.read(there)])
    rows = pq.read_table(io.BytesIO(whole)).to_pylist()
    assert rows == [{"document_id": rewriting.ids.document("doc_01")}]
    left = await World().fill()
    assert await left.bring(Life(0), task(recompute_clusters=False)) == {}


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("migrate", [False, True])
@pytest.mark.parametrize("centroids", [False, True])
async def test_the_options_say_which_files_the_target_has(
    recompute: bool, migrate: bool, centroids: bool
):
    world = await World().fill()
    for name in ("members.parquet", "centroids.parquet", "other.parquet"):
        await put_file(world, pa.table({"document_id": ["doc_01"]}), name)
    options = {"migrate_artifacts": migrate, "preserve_centroids": centroids}
    await world.bring(Life(1_000), task(recompute_clusters=recompute, **options))
    found = {each.address.name for each in await world.artifacts.kept("ns_9")}
    if recompute:
        assert found == {"members.parquet", "centroids.parquet"}
    elif not migrate:
        assert found == set()
    else:
        assert found >= {"members.parquet", "other.parquet"}
        assert ("centroids.parquet" in found) == centroids
    documents = (await world.target.documents.scan()).documents
    anew = [
        each.payload["cluster_id"] == f"clu_9/{each.payload['number'] % 2}" for each in documents
    ]
    assert all(anew) != recompute


async def test_without_a_place_for_files_it_is_said_which_setting_is_missing():
    world = await World().fill()
    given = task()
    assert isinstance(given.work, wk.BringCluster)
    clusters = Clusters(None, ClusterLimits())
    with pytest.raises(Misconfigured, match="STERNA_NAMESPACE_DATABASE_URL"):
        await clusters.bring(
            given, given.work, world.source, world.target, rewriting_for(given, KEPT)
        )


async def put_file(world: World, table: pa.Table, name: str = "members.parquet") -> None:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    async def content() -> Any:
        yield buffer.getvalue()

    await world.artifacts.put(ArtifactAddress("ns_1", "clu_1", name), content())
