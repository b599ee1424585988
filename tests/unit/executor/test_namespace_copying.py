"""Batches of documents, from one store in memory to another."""

from datetime import UTC, datetime

import msgspec
import pytest

from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import ThreadPool
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.tasks import namespace_work as wk
from sterna_executor.namespaces.arriving import Arriving
from sterna_executor.namespaces.copying import DocumentsDiffer, compare, move_batch
from sterna_executor.namespaces.documents import KeptMap, rewriting_for
from sterna_executor.namespaces.planning import Planned, plan_batches

OLD, NEW = (Feature(f"sterna://{name}@v1/embedding", 2) for name in ("old", "new"))
KEPT = KeptMap(ids={"col_1": "col_2"}, kinds={"col_1": "collection"})


def document(number: int, feature: Feature = OLD) -> Document:
    vectors = {feature.uri: Vector.of((1.0, float(number)))}
    return Document(f"doc_{number:03}", "col_1", {"number": number}, vectors)


def task(work: wk.AnyNamespaceWork, epoch: int = 1) -> wk.NamespaceTask:
    return wk.NamespaceTask(
        task_id="tsk_1",
        attempt=1,
        migration_id="nmig_1",
        org_id="org_1",
        epoch=epoch,
        source=Place(namespace_id="ns_1"),
        target=Place(namespace_id="ns_2"),
        config=MigrationConfig(migration_type="copy", source_namespace_id="ns_1"),
        work=work,
        dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def moving(number: int, batch: Batch) -> wk.MoveBatch:
    return wk.MoveBatch(
        kind="collection",
        collection_id="col_1",
        target_collection_id="col_2",
        number=number,
        batch=batch,
    )


def arriving(work: wk.MoveBatch | wk.CompareCollection) -> Arriving:
    nothing = ExtractorRegistry({}, ExtractorResources(ThreadPool(1)))
    rewriting = rewriting_for(task(work), KEPT)
    return Arriving(task(work), work, rewriting, InstalledEmbedders(nothing))


@pytest.fixture
async def spaces() -> tuple[Space, Space]:
    """A source with twenty-five documents, two of which the target cannot hold."""
    store = MemoryNamespaceStore()
    source = await store.create("ns_1", (OLD, NEW))
    target = await store.create("ns_2", (OLD,))
    each = [document(number, NEW if number in {3, 4} else OLD) for number in range(25)]
    await source.documents.upsert(each)
    return source, target


async def test_batches_follow_each_other_without_a_gap_and_the_last_is_open(
    spaces: tuple[Space, Space],
) -> None:
    source, _ = spaces
    planned = [each.batch for each in await plan_batches(source.documents, "col_1", 10, None)]
    assert [each.expected for each in planned] == [10, 10, 5]
    assert [each.after for each in planned] == [None, *(each.until for each in planned[:-1])]
    assert planned[-1].until is None
    rest = await plan_batches(source.documents, "col_1", 10, planned[0].until)
    assert [each.batch for each in rest] == planned[1:]
    nothing = await plan_batches(source.documents, "col_none", 10, None)
    assert nothing == (Planned(Batch(after=None, until=None, expected=0)),)


async def test_what_the_target_cannot_hold_is_set_aside_and_told_again_at_a_repeat(
    spaces: tuple[Space, Space],
) -> None:
    source, target = spaces
    planned = [each.batch for each in await plan_batches(source.documents, "col_1", 10, None)]
    moved = set_aside = 0
    for number, batch in enumerate(planned):
        work = moving(number, batch)
        first = await move_batch(task(work), work, source, target, arriving(work))
        again = await move_batch(task(work), work, source, target, arriving(work))
        assert again == first
        moved += first[0]
        set_aside += len(first[1])
        assert {each.code for each in first[1]} <= {"unknown_feature"}
    assert (moved, set_aside) == (23, 2)
    work = wk.CompareCollection(
        kind="collection", collection_id="col_1", target_collection_id="col_2", set_aside=2
    )
    assert (await compare(work, source, target, arriving(work))).count == 23
    unexplained = msgspec.structs.replace(work, set_aside=1)
    with pytest.raises(DocumentsDiffer):
        await compare(unexplained, source, target, arriving(unexplained))


async def test_a_document_that_changed_behind_the_copy_is_found(
    spaces: tuple[Space, Space],
) -> None:
    source, target = spaces
    await source.documents.delete(["doc_003", "doc_004"])
    (planned,) = await plan_batches(source.documents, "col_1", 100, None)
    work = moving(0, planned.batch)
    await move_batch(task(work), work, source, target, arriving(work))
    comparing = wk.CompareCollection(
        kind="collection", collection_id="col_1", target_collection_id="col_2", set_aside=0
    )
    await compare(comparing, source, target, arriving(comparing))
    await source.documents.upsert([document(7), Document("doc_008", "col_1", {"number": 9})])
    with pytest.raises(DocumentsDiffer):
        await compare(comparing, source, target, arriving(comparing))


async def test_a_batch_that_went_as_a_whole_is_not_counted_again_when_it_has_grown_since() -> None:
    store = MemoryNamespaceStore()
    source, target = await store.create("ns_1", (OLD,)), await store.create("ns_2", (OLD,))
    await source.documents.upsert([document(number) for number in range(10)])
    (planned,) = await plan_batches(source.documents, "col_1", 10, None)
    work = moving(0, planned.batch)
    first = await move_batch(task(work), work, source, target, arriving(work))
    await source.documents.upsert([document(number) for number in range(10, 1_100)])

    assert await move_batch(task(work), work, source, target, arriving(work)) == first
    assert first[0] == await target.documents.count() == 10
