"""Indexes are built when everything is loaded, and before anything is searched."""

from tests.support.namespace_migration.play import Play

from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.job import IndexJob

RESOURCES = (
    Resource("col_1", "collection"),
    Resource("col_2", "collection"),
    Resource("ret_1", "retriever", {"collection_ids": ["col_1"]}),
)
OUTPUTS = (
    FeatureOutput(name="embedding", dimensions=3),
    FeatureOutput(name="title", dimensions=4),
)


def test_each_feature_has_its_index_behind_the_last_batch_and_before_the_next_stage() -> None:
    play = Play(RESOURCES)
    play.old = (FeatureExtractor(feature_extractor_name="words", version="v1", outputs=OUTPUTS),)
    play.create()
    play.start()
    play.finish()
    view = play.view
    assert view is not None
    assert view.status == "completed"
    batches = [n for n, each in enumerate(play.log) if isinstance(each, ev.BatchCompleted)]
    built = {
        n: each.job.feature_uri
        for n, each in enumerate(play.log)
        if isinstance(each, ev.StepCompleted) and isinstance(each.job, IndexJob)
    }
    (over,) = [
        n
        for n, each in enumerate(play.log)
        if isinstance(each, ev.StageCompleted) and each.stage == "batch_processing"
    ]
    assert sorted(built.values()) == ["sterna://words@v1/embedding", "sterna://words@v1/title"]
    assert max(batches) < min(built) <= max(built) < over
    moved = view.stages["batch_processing"]
    assert moved.items_completed == moved.items_total == view.moved
