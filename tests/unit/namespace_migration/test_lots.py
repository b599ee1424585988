"""Batches go to executors in lots, each exactly once, and the last ones singly."""

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace
from tests.support.namespace_migration.play import Play, copying

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.job import BatchJob, task_id
from sterna_core.namespace_migration.lots import LOT_DOCUMENTS, lots
from sterna_core.namespace_migration.state import CollectionRun, Run
from sterna_core.tasks import namespace_work as wk

RESOURCES = (Resource("col_1", "collection"), Resource("col_2", "collection"))
ONE_WORKER = copying(batch_options={"max_workers": 1, "batch_size": 2})


def _run(batches: dict[str, tuple[int, int]]) -> Run:
    """Give a run of collections, each with so many batches, and so many of them given out."""
    return Run(
        epoch=1,
        resources=(),
        ids={},
        attached=(),
        collections={
            name: CollectionRun(
                batches=(Batch(after=None, until=None, expected=1),) * count,
                is_planned=True,
                next=min(count, following),
            )
            for name, (count, following) in batches.items()
        },
    )


@given(
    some.dictionaries(
        some.text(max_size=3), some.tuples(some.integers(0, 90), some.integers(0, 9))
    ),
    some.integers(1, 1000),
    some.integers(1, 50),
    some.sampled_from(["copy", "re_extract"]),
)
def test_every_batch_is_in_one_lot_and_no_lot_is_too_large(
    batches: dict[str, tuple[int, int]], size: int, workers: int, kind: str
) -> None:
    config = copying(batch_options={"batch_size": size, "max_workers": workers})
    config = _of_kind(config, kind)
    run = _run(batches)

    found = list(lots(config, run, batches))

    assert [(each.collection_id, each.number + n) for each in found for n in range(each.count)] == [
        (name, number)
        for name, (count, _) in batches.items()
        for number in range(run.collections[name].next, count)
    ]
    assert all(each.count == 1 or each.count * size <= LOT_DOCUMENTS for each in found)
    if kind == "re_extract":
        assert {each.count for each in found} <= {1}
    counts = [each.count for each in found]
    left = sum(counts)
    for place, count in enumerate(counts):
        still = left - sum(counts[:place])
        assert count == 1 or count * workers <= still + workers, "others would be left idle"


def test_a_lot_is_the_same_task_as_its_first_batch() -> None:
    """So what was begun before lots existed goes on under its name."""
    alone = BatchJob(collection_id="col_1", number=3)
    assert task_id("nmig_1", alone) == task_id("nmig_1", replace(alone, count=4))


def test_the_batches_of_a_lot_follow_one_another_each_under_its_own_number() -> None:
    play = _moving()
    work = play.outstanding()[0].work
    assert isinstance(work, wk.MoveBatches)
    moves = list(work.one_by_one())
    assert [each.number for each in moves] == [0, 1, 2]
    assert [each.batch.after for each in moves] == [None, "doc_1", "doc_2"]
    assert {each.collection_id for each in moves} == {"col_1"}
    play.finish()
    assert play.view is not None
    assert play.view.status == "completed"
    assert play.view.moved == 12


def test_batches_of_a_lot_that_fails_are_tried_one_by_one_and_only_the_bad_one_is_given_up() -> (
    None
):
    play = _moving()
    lot = play.outstanding()[0]
    play.failed(lot, transient=False)
    assert not any(isinstance(each, ev.BatchFailed) for each in play.log)
    moved = []
    while play.outstanding():
        task = play.outstanding()[0]
        if isinstance(task.work, wk.MoveBatch) and task.work.number == 1:
            play.failed(task, transient=False)
            continue
        if isinstance(task.work, wk.MoveBatch) and task.work.collection_id == "col_1":
            moved.append((task.work.number, task.attempt))
        play.done(task)
    assert moved == [(0, 2), (2, 1)]
    (failed,) = (each for each in play.log if isinstance(each, ev.BatchFailed))
    assert (failed.collection_id, failed.number, failed.documents) == ("col_1", 1, 2)
    assert isinstance(play.state, st.Failed)
    (end,) = (each for each in play.log if isinstance(each, ev.NamespaceMigrationFailed))
    assert end.message.startswith("1 batches ")
    play.give(cmd.ResumeNamespaceMigration())
    play.finish()
    assert play.view is not None
    assert (play.view.status, play.view.moved) == ("completed", 12)


def test_a_lot_that_is_done_after_all_counts_nothing_once_its_batches_were_separated() -> None:
    play = _moving()
    lot = play.outstanding()[0]
    play.failed(lot, transient=False)
    play.done(lot)
    assert not any(isinstance(each, ev.BatchCompleted) for each in play.log)
    play.finish()
    assert play.view is not None
    assert (play.view.status, play.view.moved) == ("completed", 12)


def test_where_nothing_is_tried_again_each_batch_goes_by_itself() -> None:
    config = copying(batch_options={"max_workers": 1, "batch_size": 2, "retry_failed": False})
    assert {each.count for each in lots(config, _run({"col_1": (9, 0)}), ["col_1"])} == {1}


def _moving() -> Play:
    """Give a migration whose first lot is with its only worker."""
    play = Play(RESOURCES, ONE_WORKER)
    play.create()
    play.start()
    while not any(isinstance(each.work, wk.MoveBatches) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    return play


def _of_kind(config: MigrationConfig, kind: str) -> MigrationConfig:
    return replace(config, migration_type=kind)
