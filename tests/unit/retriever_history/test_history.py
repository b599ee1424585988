"""Histories of retrievers: how they are kept, and moved while they go on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.config import MigrationConfig, RetrieverOptions
from sterna_core.namespace_migration.histories import copied_record, histories
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import NamespaceStore
from sterna_core.retriever_history.keeping import HistoryKeeper, forget
from sterna_core.retriever_history.place import HistoryPlace, parse_place
from sterna_core.retriever_history.record import (
    Execution,
    Interaction,
    KeptResult,
    execution_of,
    interaction_of,
)
from sterna_core.tasks.namespace_work import CompareCollection, MoveBatch, NamespaceTask
from sterna_executor.namespaces.copying import DocumentsDiffer
from sterna_executor.namespaces.histories import compare_history, move_history

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = "_executions/ret_1"
CONFIG = MigrationConfig(migration_type="copy", source_namespace_id="ns_1")
IDS = IdMap("ns_1", "ns_2", {"ret_1": "ret_2", "col_1": "col_2"}, keeps_document_ids=False)


def execution(number: int) -> Execution:
    return Execution(
        execution_id=f"exc_{number:03}",
        retriever_id="ret_1",
        inputs={"query": f"words {number}"},
        results=(KeptResult(document_id="doc_1", collection_id="col_1", score=0.5),),
        recorded_at=BEGIN + timedelta(seconds=number),
    )


async def test_no_more_than_a_tenth_above_what_is_to_be_kept_is_and_the_oldest_go() -> None:
    space = await MemoryNamespaceStore().create("s", [])
    keeper = HistoryKeeper(20)
    most = 0
    for number in range(100):
        await space.objects.upsert([execution(number).document()])
        await keeper.added("ns_1", space.objects, PLACE)
        most = max(most, await space.objects.count(Span(PLACE)))
    assert most <= 22
    left = [execution_of(each) for each in (await space.objects.scan(Span(PLACE))).documents]
    assert [each.execution_id for each in left][-20:] == [f"exc_{n:03}" for n in range(80, 100)]
    assert await forget(space.objects, PLACE) == len(left)
    assert await space.objects.count() == 0


def test_a_place_is_never_a_bucket() -> None:
    place = HistoryPlace("interactions", "ret:1/2")
    assert parse_place(str(place)) == place
    assert parse_place("bkt_1") is None
    assert parse_place("executions/ret_1") is None


def test_records_have_new_ids_and_name_those_of_the_target() -> None:
    copy = execution_of(copied_record(execution(1).document(), IDS))
    assert copy.retriever_id == "ret_2"
    assert copy.execution_id == IDS.document("exc_001")
    (result,) = copy.results
    assert (result.document_id, result.collection_id) == (IDS.document("doc_1"), "col_2")
    click = Interaction(
        interaction_id="int_1",
        retriever_id="ret_1",
        document_id="doc_1",
        type="click",
        execution_id="exc_001",
        at=BEGIN,
        recorded_at=BEGIN,
    )
    document = copied_record(click.document(), IDS)
    assert document.collection_id == "_interactions/ret_2"
    found = interaction_of(document)
    assert found.execution_id == copy.execution_id
    assert found.document_id == result.document_id


@pytest.mark.parametrize("executions", [True, False])
@pytest.mark.parametrize("interactions", [True, False])
def test_what_was_not_asked_for_stays_behind(executions: bool, interactions: bool) -> None:
    options = RetrieverOptions(
        migrate_execution_history=executions, migrate_interactions=interactions
    )
    config = MigrationConfig(
        migration_type="copy", source_namespace_id="ns_1", retriever_options=options
    )
    found = histories(config, [Resource("ret_1", "retriever"), Resource("col_1", "collection")])
    wanted = (("_executions/ret_1", executions), ("_interactions/ret_1", interactions))
    assert found == tuple(name for name, goes in wanted if goes)


@pytest.fixture(params=["memory", "qdrant"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NamespaceStore]:
    """A store without transactions too."""
    if request.param == "memory":
        yield MemoryNamespaceStore()
        return
    client = open_client(path=str(tmp_path))
    yield QdrantNamespaceStore(client, local=True)
    await client.close()


async def test_a_history_that_goes_on_arrives_as_it_was_at_the_start(
    store: NamespaceStore,
) -> None:
    source, target = await store.create("s", []), await store.create("t", [])
    await source.objects.upsert([execution(number).document() for number in range(9)])
    start: dict[str, Any] = {"recorded_before": BEGIN + timedelta(seconds=8)}
    where: dict[str, Any] = {
        "kind": "retriever",
        "collection_id": PLACE,
        "target_collection_id": "_executions/ret_2",
    }
    move = MoveBatch(**where, **start, number=0, batch=Batch(after=None, until=None, expected=9))
    check = CompareCollection(**where, **start, set_aside=0)
    task = NamespaceTask(
        task_id="tsk_1",
        attempt=1,
        migration_id="nmig_1",
        org_id="org_1",
        epoch=1,
        source=Place(namespace_id="ns_1"),
        target=Place(namespace_id="ns_2"),
        config=CONFIG,
        work=move,
        dispatched_at=BEGIN,
    )
    assert await move_history(task, move, source, target, IDS) == 8
    assert await move_history(task, move, source, target, IDS) == 8
    assert await target.objects.count() == 8
    # One was still being written, one was forgotten, and one has come since.
    late = renamed(execution(3), "exc_late")
    await source.objects.upsert([late.document(), execution(20).document()])
    await source.objects.delete([execution(0).document().document_id])
    assert await compare_history(task, check, source, target, IDS) == 8
    assert await target.objects.count() == 9
    changed = copied_record(execution(5).document(), IDS)
    changed.payload["inputs"] = {"query": "other words"}
    await target.objects.upsert([changed])
    with pytest.raises(DocumentsDiffer):
        await compare_history(task, check, source, target, IDS)


def renamed(execution: Execution, execution_id: str) -> Execution:
    return Execution(
        execution_id=execution_id,
        retriever_id=execution.retriever_id,
        inputs=execution.inputs,
        results=execution.results,
        recorded_at=execution.recorded_at,
    )
