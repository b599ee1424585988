"""A namespace migration from its draft to its end, and what is refused on the way."""

from typing import Any

import pytest
from tests.support.namespace_migration.executors import PER_COLLECTION, batches, reports_of
from tests.support.namespace_migration.play import Play, copying

from sterna_core.errors import Rejected
from sterna_core.journal.codec import encode
from sterna_core.migration.retries import ATTEMPTS
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.progress import STAGES
from sterna_core.tasks import namespace_work as wk

RESOURCES = (
    Resource("bkt_1", "bucket", {}),
    Resource(
        "col_1",
        "collection",
        {
            "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
            "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
        },
    ),
    Resource("ret_1", "retriever", {"collection_ids": ["col_1"]}),
    Resource("clu_1", "cluster", {"collection_ids": ["col_1"]}),
    Resource(
        "tax_1",
        "taxonomy",
        {"retriever_id": "ret_1", "source_collection": {"collection_id": "col_1"}},
    ),
)


@pytest.fixture
def play() -> Play:
    made = Play(RESOURCES)
    made.create()
    return made


def test_a_migration_goes_through_seven_stages_in_order_and_completes(play: Play) -> None:
    assert play.view is not None
    assert play.view.status == "draft"
    play.start()
    assert play.view.status == "pending"
    play.finish()
    assert isinstance(play.state, st.Completed)
    assert play.view.status == "completed"
    assert play.view.percent >= 100
    begun = [each.stage for each in play.log if isinstance(each, ev.StageStarted)]
    assert begun == list(STAGES)
    assert [each.status for each in play.view.stages.values()] == ["completed"] * len(STAGES)
    assert {each.status for each in play.view.resources.values()} == {"completed"}
    moved = play.view.stages["batch_processing"]
    assert (moved.items_total, moved.items_completed) == (4 * PER_COLLECTION, 4 * PER_COLLECTION)


def test_what_is_made_first_has_no_attachments_and_gets_them_at_the_end(play: Play) -> None:
    play.start()
    play.finish()
    works = [task.work for task in play.delivered.values()]
    made = {each.resource.resource_id: each for each in works if isinstance(each, wk.MakeResource)}
    attached = {each.resource_id: each for each in works if isinstance(each, wk.AttachResource)}
    assert made["col_1"].made.definition["taxonomy_applications"] == []
    assert set(attached) == {"col_1"}
    whole = attached["col_1"].made.definition
    assert whole["taxonomy_applications"] == [{"taxonomy_id": "tax_1"}]
    assert whole["source"]["bucket_ids"] != ["bkt_1"]


def test_warnings_keep_a_migration_from_starting_unless_forced(play: Play) -> None:
    assert play.view is not None
    assert play.view.result.warnings
    with pytest.raises(Rejected) as refused:
        play.start(force=False)
    assert refused.value.code == "validation_warnings"
    assert play.view.status == "draft"
    play.start(force=True)
    assert play.view.status == "pending"


def test_errors_keep_a_migration_from_starting_whatever_is_forced() -> None:
    play = Play((Resource("ret_1", "retriever", {"collection_ids": ["col_none"]}),))
    play.create()
    with pytest.raises(Rejected) as refused:
        play.start(force=True)
    assert refused.value.code == "validation_failed"


def test_a_dry_run_is_never_started() -> None:
    play = Play(RESOURCES[:1], copying(dry_run=True))
    play.create()
    with pytest.raises(Rejected) as refused:
        play.start(force=True)
    assert refused.value.code == "dry_run"
    assert play.outstanding() == []


def test_resources_that_were_not_looked_at_are_not_migrated(play: Play) -> None:
    play.give(
        cmd.ValidateNamespaceMigration(
            result=play.view.result,  # type: ignore[union-attr]
            graph=None,
            digest="another",
            parts=1,
            force=True,
        )
    )
    play.give(cmd.RecordResources(part=0, resources=RESOURCES))
    with pytest.raises(Rejected) as refused:
        play.give(cmd.StartNamespaceMigration(digest="another"))
    assert refused.value.code == "not_validated"


def test_documents_set_aside_are_counted_and_named_and_hinder_nobody(play: Play) -> None:
    play.start()
    while play.outstanding():
        task = play.outstanding()[0]
        play.done(task, poison=isinstance(task.work, wk.MoveBatch) and task.work.number == 1)
    view = play.view
    assert view is not None
    assert view.status == "completed"
    assert (view.moved, view.set_aside) == (4 * PER_COLLECTION - 2, 2)
    assert view.stages["batch_processing"].items_failed == 2
    assert [each.document_id for each in view.poison] == ["doc_1"] * 2


def test_a_batch_that_is_reported_done_after_it_was_given_up_is_no_failed_one(play: Play) -> None:
    play.start()
    while not any(isinstance(each.work, wk.MoveBatch) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    twice = play.outstanding()[0]
    play.failed(twice, transient=False)
    play.done(twice)  # by another delivery of the same attempt
    play.finish()
    view = play.view
    assert view is not None
    assert view.status == "completed"
    stage = view.stages["batch_processing"]
    assert (stage.items_completed, stage.items_failed) == (4 * PER_COLLECTION, 0)


def test_aliases_that_were_led_back_at_the_cancellation_are_shown_where_they_are(
    play: Play,
) -> None:
    play.start()
    while not any(isinstance(each.work, wk.SwitchNamespace) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    (switch,) = play.outstanding()
    play.give(cmd.PauseNamespaceMigration())
    who = {"attempt": 1, "executor_id": "exe_1"}
    there = rep.ReportStepDone(task_id=switch.task_id, **who, aliases={"live": "ns_new"})  # type: ignore[arg-type]
    play.give(there)
    play.give(cmd.CancelNamespaceMigration())
    (fence,) = play.outstanding()
    back = rep.ReportStepDone(task_id=fence.task_id, **who, aliases={"live": "ns_old"})  # type: ignore[arg-type]
    play.give(back)
    assert play.view is not None
    assert (play.view.status, play.view.aliases) == ("cancelled", {"live": "ns_old"})


def test_a_plan_that_is_whole_is_taken_though_it_was_made_in_other_parts(play: Play) -> None:
    play.start()
    while not any(isinstance(each.work, wk.PlanBatches) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    task = next(each for each in play.outstanding() if isinstance(each.work, wk.PlanBatches))
    *parts, _ = reports_of(task)
    for each in parts:
        play.give(each)
    play.stopped(task)  # before it could say that this was all
    again = next(each for each in play.outstanding() if each.task_id == task.task_id)
    assert isinstance(again.work, wk.PlanBatches)
    who = {"task_id": again.task_id, "attempt": again.attempt, "executor_id": "exe_1"}
    whole = rep.ReportBatchesPlanned(**who, part=again.work.part, batches=batches())  # type: ignore[arg-type]
    play.give(whole)
    play.give(rep.ReportCollectionPlanned(**who, parts=again.work.part + 1))  # type: ignore[arg-type]
    play.finish()
    assert play.view is not None
    assert play.view.status == "completed"


def test_a_batch_that_cannot_be_moved_fails_the_migration_once_others_are_done(play: Play) -> None:
    play.start()
    while not any(isinstance(each.work, wk.MoveBatch) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    play.failed(play.outstanding()[0], transient=False)
    assert isinstance(play.state, st.Running)
    play.finish()
    assert isinstance(play.state, st.Failed)
    view = play.view
    assert view is not None
    assert (view.status, view.error_code) == ("failed", "batches_failed")
    assert view.stages["batch_processing"].items_completed == 4 * PER_COLLECTION - 2
    assert view.stages["batch_processing"].items_failed == 2
    play.give(cmd.ResumeNamespaceMigration())
    play.finish()
    assert play.view is not None
    assert play.view.status == "completed"
    assert play.view.stages["batch_processing"].items_failed == 0


@pytest.mark.parametrize("again", [True, False])
def test_retry_failed_says_whether_a_batch_is_tried_again(again: bool) -> None:
    play = Play(RESOURCES, copying(batch_options={"retry_failed": again, "max_workers": 1}))
    play.create()
    play.start()
    while not any(isinstance(each.work, wk.MoveBatch) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    play.failed(play.outstanding()[0], transient=True)
    play.finish()
    assert play.view is not None
    assert play.view.status == ("completed" if again else "failed")


def test_boundaries_of_two_attempts_are_never_mixed(play: Play) -> None:
    play.start()
    while not any(isinstance(each.work, wk.PlanBatches) for each in play.outstanding()):
        play.done(play.outstanding()[0])
    first = play.outstanding()[0]
    who: dict[str, Any] = {"task_id": first.task_id, "attempt": 1, "executor_id": "exe_1"}
    play.give(rep.ReportBatchesPlanned(**who, part=0, batches=batches()[:1]))
    play.failed(first, transient=True)
    play.wait()
    second = play.outstanding()[0]
    assert isinstance(second.work, wk.PlanBatches)
    assert (second.work.part, second.work.after) == (1, batches()[0].until)
    # What the first attempt says late is of other boundaries.
    gap = (batches()[1].__class__(after="doc_elsewhere", until=None, expected=9),)
    assert play.give(rep.ReportBatchesPlanned(**who, part=1, batches=gap)) == ()
    play.done(second)
    assert isinstance(play.state, st.Running)
    assert isinstance(first.work, wk.PlanBatches)
    assert play.state.run.collections[first.work.collection_id].batches == batches()


def test_a_cancelled_migration_shuts_the_target_before_it_can_be_deleted(play: Play) -> None:
    play.start()
    task = play.outstanding()[0]
    play.give(cmd.CancelNamespaceMigration(reason="enough"))
    view = play.view
    assert view is not None
    assert (view.status, view.phase) == ("cancelled", "cancelling")
    assert play.try_to(cmd.DeleteNamespaceMigration()) is None
    (fence,) = play.outstanding()
    assert isinstance(fence.work, wk.FenceTarget)
    assert fence.epoch == task.epoch + 1
    play.done(fence)
    assert isinstance(play.state, st.Cancelled)
    play.give(cmd.DeleteNamespaceMigration())
    assert play.view is None


def fail_until_it_ends(play: Play, kind: type[wk.NamespaceWork]) -> int:
    """Let a task fail for a while's sake as long as it is tried; give how often it was."""
    failures = 0
    while play.outstanding():
        (task,) = play.outstanding()
        assert isinstance(task.work, kind)
        play.failed(task, transient=True)
        failures += 1
        assert failures <= ATTEMPTS
        if not isinstance(play.state, st.Cancelled | st.RollbackFailed):
            play.wait()
    return failures


def test_a_cancellation_ends_though_the_store_of_its_target_stays_away(play: Play) -> None:
    play.start()
    play.give(cmd.CancelNamespaceMigration())
    assert fail_until_it_ends(play, wk.FenceTarget) == ATTEMPTS
    assert isinstance(play.state, st.Cancelled)
    assert play.view is not None
    assert (play.view.phase, play.view.error_code) == (None, "unreachable")
    play.give(cmd.RollBackNamespaceMigration())
    play.finish()
    assert isinstance(play.state, st.RolledBack)


def test_a_rollback_fails_where_the_store_stays_away_and_can_be_asked_for_again(
    play: Play,
) -> None:
    play.start()
    play.finish()
    play.give(cmd.RollBackNamespaceMigration())
    assert fail_until_it_ends(play, wk.RollBack) == ATTEMPTS
    assert isinstance(play.state, st.RollbackFailed)
    play.give(cmd.RollBackNamespaceMigration())
    play.finish()
    assert isinstance(play.state, st.RolledBack)


def test_a_pause_lets_work_end_and_an_immediate_one_stops_it(play: Play) -> None:
    play.start()
    task = play.outstanding()[0]
    play.give(cmd.PauseNamespaceMigration(reason="night"))
    assert play.view is not None
    assert (play.view.status, play.view.phase) == ("pending", "pausing")
    play.done(task)
    assert isinstance(play.state, st.Paused)
    assert play.outstanding() == []
    play.give(cmd.ResumeNamespaceMigration())
    assert play.outstanding()
    play.give(cmd.PauseNamespaceMigration(immediate=True))
    assert isinstance(play.state, st.Paused)
    play.give(cmd.ResumeNamespaceMigration())
    play.finish()
    assert play.view.status == "completed"


@pytest.mark.parametrize("immediate", [True, False])
def test_what_comes_to_its_end_in_a_pause_before_anything_has_begun_is_done_once(
    play: Play, immediate: bool
) -> None:
    play.start()
    task = play.outstanding()[0]
    play.give(cmd.PauseNamespaceMigration(immediate=immediate))
    play.done(task)
    assert isinstance(play.state, st.Paused)
    play.give(cmd.ResumeNamespaceMigration())
    assert task.task_id not in {each.task_id for each in play.outstanding()}
    play.finish()
    steps = [each.task_id for each in play.log if isinstance(each, ev.StepCompleted)]
    assert len(steps) == len(set(steps))
    assert play.view is not None
    assert play.view.status == "completed"


def test_no_task_is_larger_than_a_record_for_a_namespace_of_a_thousand_resources() -> None:
    many = tuple(Resource(f"bkt_{number}", "bucket", {"name": "x" * 200}) for number in range(1000))
    play = Play(many)
    play.create()
    play.start()
    play.done(play.outstanding()[0])
    assert max(len(encode(each)) for each in play.outstanding()) < 10_000
