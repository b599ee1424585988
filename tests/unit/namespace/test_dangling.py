"""References that lead nowhere are found, and rewriting leaves none behind."""

from sterna_core.namespace.dangling import dangling_references
from sterna_core.namespace.resource import Resource

WORDS = "sterna://words@v1/embedding"
SOUND = (
    Resource("bkt_1", "bucket"),
    Resource(
        "col_1",
        "collection",
        {
            "source": {"bucket_ids": ["bkt_1"]},
            "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
        },
    ),
    Resource(
        "ret_1",
        "retriever",
        {
            "collection_ids": ["col_1"],
            "stages": [{"stage_type": "feature_search", "config": {"feature_uri": WORDS}}],
        },
    ),
    Resource("tax_1", "taxonomy", {"retriever_id": "ret_1"}),
)


def test_a_sound_namespace_has_none() -> None:
    assert list(dangling_references(SOUND, {WORDS}, {"old_1"})) == []


def test_needs_attachments_features_and_ids_from_elsewhere_are_found() -> None:
    lost = (
        *SOUND[1:3],
        Resource("ret_2", "retriever", {"stages": [{"config": {"also": ["old_1", "text"]}}]}),
    )
    found = list(dangling_references(lost, set(), {"old_1"}))
    assert {(each.resource_id, each.path, each.names) for each in found} == {
        ("col_1", ("source", "bucket_ids", 0), "bkt_1"),
        ("col_1", ("taxonomy_applications", 0, "taxonomy_id"), "tax_1"),
        ("ret_1", ("stages",), WORDS),
        ("ret_2", ("stages", 0, "config", "also", 0), "old_1"),
    }


def test_clusters_in_filters_are_seen_with_a_label_and_fields_of_owners_are_not_looked_at() -> None:
    filters = {"cluster_id": "old_1/3", "note": "old_1"}
    lost = (
        Resource("col_1", "collection", {"source": {"source_filters": filters}}),
        Resource("ret_1", "retriever", {"stages": [{"config": {"filters": filters}}]}),
    )
    found = list(dangling_references(lost, set(), {"old_1"}))
    assert {(each.resource_id, each.path, each.names) for each in found} == {
        ("col_1", ("source", "source_filters", "cluster_id"), "old_1/3"),
        ("ret_1", ("stages", 0, "config", "filters", "cluster_id"), "old_1/3"),
    }
