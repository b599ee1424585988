"""The target's references are looked at before anybody is led to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.namespace_migration.play import Play, copying

from sterna_core.namespace.dangling import Dangling, dangling_references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as states
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.references_report import ReferencesReport
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.tasks import namespace_work as wk

CIRCLE = (
    Resource("bkt_1", "bucket"),
    Resource(
        "col_1",
        "collection",
        {
            "source": {"bucket_ids": ["bkt_1"]},
            "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
            "cluster_applications": [{"cluster_id": "clu_1"}],
        },
    ),
    Resource("clu_1", "cluster", {"collection_ids": ["col_1"], "output_collection_ids": ["col_1"]}),
    Resource(
        "ret_1",
        "retriever",
        {"collection_ids": ["col_1"], "stages": [{"config": {"boost": ["clu_1", "tax_1"]}}]},
    ),
    Resource(
        "tax_1",
        "taxonomy",
        {"retriever_id": "ret_1", "source_collection": {"collection_id": "col_1"}},
    ),
)
_FLAGS = (
    ("preserve_resource_ids", None),
    ("retriever_options", "preserve_retriever_ids"),
    ("taxonomy_options", "preserve_taxonomy_ids"),
    ("cluster_options", "preserve_cluster_ids"),
)


@given(st.tuples(*[st.booleans()] * len(_FLAGS)))
def test_no_combination_of_kept_and_new_ids_leaves_a_reference_behind(
    flags: tuple[bool, ...],
) -> None:
    options: dict[str, Any] = {
        place: flag if field is None else {field: flag}
        for (place, field), flag in zip(_FLAGS, flags, strict=True)
    }
    ids = id_map(copying(**options), CIRCLE, "ns_new")
    rewriting = Rewriting(ids=ids, known=kinds_of(CIRCLE))
    made = [rewriting.resource(each) for each in CIRCLE]
    old = {name for name, new in ids.resources.items() if new != name}
    assert list(dangling_references(made, set(), old)) == []
    left = [each for each in made if each.kind != "cluster"]
    assert list(dangling_references(left, set(), old))


def at_the_check(play: Play) -> wk.NamespaceTask:
    play.create()
    play.start()
    while True:
        task = play.outstanding()[0]
        if isinstance(task.work, wk.CheckReferences):
            return task
        play.done(task)


def told(task: wk.NamespaceTask, report: ReferencesReport) -> rep.ReportStepDone:
    return rep.ReportStepDone(
        task_id=task.task_id, attempt=task.attempt, executor_id="exe_1", references=report
    )


LOST = Dangling(kind="retriever", resource_id="ret_9", path=("collection_ids", 0), names="col_9")
IN_DOCUMENT = Dangling(kind="document", resource_id="doc_1", path=("cluster_id",), names="clu_9")


def test_a_definition_that_leads_nowhere_lets_the_migration_fail_until_it_is_put_right() -> None:
    play = Play(CIRCLE)
    task = at_the_check(play)
    assert isinstance(task.work, wk.CheckReferences)
    assert (task.work.dangling, len(task.work.digests)) == ((), len(CIRCLE))
    bad = ReferencesReport(definitions=5, dangling_in_definitions=1, dangling=(LOST,))
    play.give(told(task, bad))
    assert play.view is not None
    assert (play.view.status, play.view.error_code) == ("failed", "dangling_references")
    assert "ret_9 names col_9" in str(play.view.error_message)
    assert play.view.references == bad
    assert play.give(told(task, bad)) == ()
    play.give(cmd.ResumeNamespaceMigration())
    (again,) = play.outstanding()
    play.give(told(again, ReferencesReport(definitions=5)))
    play.finish()
    assert isinstance(play.state, states.Completed)


def test_documents_that_lead_nowhere_are_told_and_stop_nothing() -> None:
    play = Play(CIRCLE)
    task = at_the_check(play)
    report = ReferencesReport(
        definitions=5, documents=9, dangling_in_documents=1, dangling=(IN_DOCUMENT,)
    )
    play.give(told(task, report))
    play.finish()
    assert isinstance(play.state, states.Completed)
    assert play.state.view.references == report


@pytest.mark.parametrize("wanted", [True, False])
def test_without_validate_references_nobody_looks(wanted: bool) -> None:
    play = Play(CIRCLE, copying(retriever_options={"validate_references": wanted}))
    play.create()
    play.start()
    play.finish()
    looked = [each for each in play.delivered.values() if isinstance(each.work, wk.CheckReferences)]
    assert bool(looked) == wanted
    assert isinstance(play.state, states.Completed)
