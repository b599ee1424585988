from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.clustering.assignment import assigned, reassigned
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.cluster_checks import cluster_checks
from sterna_core.namespace_migration.cluster_lots import cluster_lots
from sterna_core.namespace_migration.config import ClusterOptions, MigrationConfig
from sterna_core.namespace_migration.made_anew import made_anew
from sterna_executor.clusters.carry_over import carry_over

CLUSTERS = ("clu_1", "clu_2", "clu_3")
entries = some.sampled_from([*CLUSTERS, "clu_1/0", "clu_2/7", "clu_9/1", "odd", ""])
values = entries | some.lists(entries, max_size=4) | some.none() | some.integers()


@settings(deadline=None)
@given(values, some.sampled_from(CLUSTERS), some.none() | some.sampled_from(["0", "12"]))
def test_a_document_says_what_was_written_and_keeps_what_other_clusters_say(
    value: Any, cluster_id: str, label: str | None
):
    found = reassigned(value, cluster_id, label, CLUSTERS)
    assert assigned(found, cluster_id) == label
    for other in {*CLUSTERS} - {cluster_id}:
        if assigned(value, other) is None:
            assert assigned(found, other) is None
        else:
            assert assigned(found, other) is not None
    assert reassigned(found, cluster_id, label, CLUSTERS) == found


def test_an_entry_is_the_id_of_a_cluster_with_or_without_a_label():
    assert assigned("clu_1/3", "clu_1") == "3"
    assert assigned("clu_1", "clu_1") is not None
    assert assigned("clu_11/3", "clu_1") is None
    assert reassigned(["clu_1/3", "cl_0"], "clu_1", None, CLUSTERS) is None


@settings(deadline=None)
@given(some.lists(some.sets(some.sampled_from("abcd"), min_size=1), max_size=8))
def test_no_two_clusters_of_a_lot_write_into_the_same_documents(wanted: list[set[str]]):
    clusters = [
        Resource(f"clu_{number}", "cluster", {"collection_ids": sorted(each)})
        for number, each in enumerate(wanted)
    ]
    lots = cluster_lots(clusters)
    assert sorted(name for lot in lots for name in lot) == sorted(
        each.resource_id for each in clusters
    )
    by_id = {each.resource_id: set(each.definition["collection_ids"]) for each in clusters}
    for lot in lots:
        assert sum(len(by_id[name]) for name in lot) == len(set().union(*map(by_id.get, lot)))


def test_the_figures_say_how_much_of_the_old_groups_is_left():
    before = {f"doc_{number}": "ab"[number % 2] for number in range(10)}
    same = {name: {"a": "7", "b": "3"}[label] for name, label in before.items()}
    assert carry_over(before, same) == {
        "documents_compared": 10.0,
        "adjusted_rand_index": 1.0,
        "share_changed": 0.0,
    }
    moved = {**same, "doc_0": "3", "doc_1": None}
    assert carry_over(before, moved)["share_changed"] == pytest.approx(0.2)
    assert carry_over({}, same) == {"documents_compared": 0.0}


def config(**options: bool) -> MigrationConfig:
    return MigrationConfig(
        migration_type="copy",
        source_namespace_id="live",
        cluster_options=ClusterOptions(**options),
    )


def test_files_that_lie_elsewhere_are_told_by_the_name_of_their_cluster_unless_they_stay_behind():
    clusters = [
        Resource("clu_1", "cluster", {"parquet_path": "s3://bucket/clu_1"}),
        Resource("clu_2", "cluster", {"members_key": "sterna-artifact://ns_1/clu_2/m.parquet"}),
        Resource("clu_3", "cluster", {"members_key": "sterna-artifact://ns_2/clu_3/m.parquet"}),
    ]
    told = cluster_checks(config(), "ns_1", clusters).errors
    assert [(each.loc, each.type) for each in told] == [
        (("cluster", "clu_1", "parquet_path"), "artifact_elsewhere"),
        (("cluster", "clu_3", "members_key"), "artifact_elsewhere"),
    ]
    assert "clu_1" in told[0].msg
    assert not cluster_checks(config(migrate_artifacts=False), "ns_1", clusters).errors
    told = cluster_checks(config(recompute_clusters=True), "ns_1", clusters).errors
    assert {each.type for each in told} == {"cluster_not_computable"}
    uri = "sterna://words@v1/embedding"
    by_words = {"feature_uris": [uri], "clustering_method": "kmeans"}
    sound = Resource("clu_1", "cluster", {"collection_ids": ["col_1"], "vector_config": by_words})
    anew = config(recompute_clusters=True)
    assert not cluster_checks(anew, "ns_1", [sound], frozenset({uri})).errors
    (missing,) = cluster_checks(anew, "ns_1", [sound], frozenset({"sterna://a@v1/b"})).errors
    assert missing.type == "feature_not_held"


def test_only_documents_of_clusters_that_are_computed_have_an_assignment_made_anew():
    clusters = [Resource("clu_1", "cluster", {"collection_ids": ["col_1"]})]
    anew = config(recompute_clusters=True)
    assert made_anew(anew, clusters, "col_1") == ("cluster_id",)
    assert made_anew(anew, clusters, "col_2") == ()
    assert made_anew(config(), clusters, "col_1") == ()
