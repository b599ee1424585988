"""Documents whose vectors are made anew, from one store in memory to another."""

from datetime import UTC, datetime
from itertools import starmap
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.namespace_migration.counted import COUNTED, NAME, REFUSED, Counted, vector_of
from tests.support.namespace_migration.extractors import extractor

from sterna_core.errors import Unreachable
from sterna_core.extractors.cache.memory_vector_cache import InMemoryVectorCache
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import ThreadPool
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.span import EVERYTHING
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.tasks import namespace_work as wk
from sterna_executor.namespaces.arriving import Arriving, ExtractorMissing, require_extractors
from sterna_executor.namespaces.copying import DocumentsDiffer, compare, move_batch
from sterna_executor.namespaces.documents import KeptMap, rewriting_for

OLD = Feature("sterna://old@v1/embedding", 4)
KEPT = KeptMap(ids={"col_1": "col_2"}, kinds={"col_1": "collection"})
TEXTS: dict[str, Any] = {
    "doc_0": "a kettle",
    "doc_1": None,
    "doc_2": "",
    "doc_3": 7,
    "doc_4": REFUSED,
    "doc_5": "x" * 1001,
    "doc_6": "a kettle",
    "doc_7": "a piano",
}
POISON = {
    "doc_2": "text_empty",
    "doc_3": "text_not_text",
    "doc_4": "text_refused",
    "doc_5": "text_too_long",
}


class World:
    """A source with old vectors of as many numbers, an empty target, and an extractor."""

    def __init__(self, source: Space, target: Space) -> None:
        self.source, self.target = source, target
        self.counted, self.cache = Counted(), InMemoryVectorCache()
        registry = ExtractorRegistry(
            {NAME: lambda: self.counted.make}, ExtractorResources(ThreadPool(1))
        )
        self.embedders = InstalledEmbedders(registry, self.cache)
        self.moving = wk.MoveBatch(
            kind="collection",
            collection_id="col_1",
            target_collection_id="col_2",
            number=0,
            batch=Batch(after=None, until=None, expected=8),
            text_path=("meta", "words"),
        )
        self.comparing = wk.CompareCollection(
            kind="collection",
            collection_id="col_1",
            target_collection_id="col_2",
            set_aside=len(POISON),
            text_path=("meta", "words"),
        )

    def task(self, work: wk.AnyNamespaceWork, made_by: str = str(NAME)) -> wk.NamespaceTask:
        return wk.NamespaceTask(
            task_id="tsk_1",
            attempt=1,
            migration_id="nmig_1",
            org_id="org_1",
            epoch=1,
            source=Place(namespace_id="ns_1", extractors=(extractor("old@v1"),)),
            target=Place(namespace_id="ns_2", extractors=(extractor(made_by),)),
            config=MigrationConfig(migration_type="re_extract", source_namespace_id="ns_1"),
            work=work,
            dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    def arriving(self, work: wk.MoveBatch | wk.CompareCollection) -> Arriving:
        task = self.task(work)
        return Arriving(task, work, rewriting_for(task, KEPT), self.embedders)

    async def move(self, work: wk.MoveBatch | None = None) -> tuple[int, dict[str, str]]:
        work = work or self.moving
        moved, poison, _ = await move_batch(
            self.task(work), work, self.source, self.target, self.arriving(work)
        )
        return moved, {each.document_id: each.code for each in poison}

    async def compare(self) -> int:
        found = await compare(
            self.comparing, self.source, self.target, self.arriving(self.comparing)
        )
        return found.count


@pytest.fixture
async def world() -> World:
    store = MemoryNamespaceStore()
    source = await store.create("ns_1", (OLD,))
    await source.documents.upsert(list(starmap(document, TEXTS.items())))
    return World(source, await store.create("ns_2", (Feature(COUNTED, 4),)))


def document(name: str, text: Any) -> Document:
    payload = {"meta": {"words": text}} if text is not None else {}
    vectors = {OLD.uri: Vector.of((9.0, 9.0, 9.0, 9.0))}
    return Document(name, "col_1", payload, vectors)


async def test_every_document_has_the_vector_of_its_text_or_its_reason(world: World) -> None:
    assert await world.move() == (4, POISON)
    there = {
        each.payload.get("meta", {}).get("words"): each.vectors
        for each in (await world.target.documents.scan(EVERYTHING)).documents
    }
    assert there == {
        None: {},
        **{
            text: {COUNTED: Vector.of(map(float, vector_of(text)))}
            for text in ("a kettle", "a piano")
        },
    }
    assert await world.compare() == 4
    assert sorted(set(world.counted.texts)) == sorted(["a kettle", "a piano", REFUSED])


async def test_a_repeat_embeds_nothing_and_tells_the_same(world: World) -> None:
    first = await world.move()
    world.counted.texts.clear()
    assert await world.move() == first
    assert world.counted.texts == []


async def test_a_service_that_is_away_fails_the_attempt_and_the_next_one_pays_for_the_rest(
    world: World,
) -> None:
    world.counted.fails = 1
    with pytest.raises(Unreachable):
        await world.move()
    assert (await world.target.documents.scan(EVERYTHING)).documents == ()
    assert await world.move() == (4, POISON)


async def test_a_comparison_makes_again_what_the_cache_has_forgotten(world: World) -> None:
    await world.move()
    world.counted.texts.clear()
    await world.cache.forget(unused_seconds=0.0, most=100)
    assert await world.compare() == 4
    assert {"a kettle", "a piano"} <= set(world.counted.texts)


async def test_a_vector_that_is_not_that_of_the_text_is_found(world: World) -> None:
    await world.move()
    (page,) = [(await world.target.documents.scan(EVERYTHING)).documents]
    with_vector = next(each for each in page if each.vectors)
    other = {COUNTED: Vector.of((1.0, 2.0, 3.0, 4.0))}
    await world.target.documents.upsert([replace(with_vector, vectors=other)])
    with pytest.raises(DocumentsDiffer):
        await world.compare()


async def test_documents_out_of_the_range_stay_behind_and_are_not_embedded(world: World) -> None:
    dated = replace(document("doc_8", "a dated one"), payload={"at": "2026-01-05", "text": "dated"})
    await world.source.documents.upsert([dated])
    dates = {"after": "2026-01-01", "field": "at"}
    work = replace(world.moving, date_range=dates, text_path=("text",))
    assert await world.move(work) == (1, {})
    assert world.counted.texts == ["dated"]


async def test_an_executor_without_the_extractor_says_so_before_anything_is_made(
    world: World,
) -> None:
    await require_extractors(world.task(world.moving), world.embedders)
    with pytest.raises(ExtractorMissing) as missing:
        await require_extractors(world.task(world.moving, "other@v1"), world.embedders)
    assert missing.value.details == {"feature_uri": "sterna://other@v1/embedding"}
    longer = replace(
        world.task(world.moving),
        target=Place(namespace_id="ns_2", extractors=(extractor(str(NAME), dimensions=8),)),
    )
    with pytest.raises(ExtractorMissing):
        await require_extractors(longer, world.embedders)
