from typing import Any
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as some
from tests.support.namespace.namespaces import URI, namespaces

from sterna_core.ids import NAMESPACE, derived_id
from sterna_core.namespace.feature_uri import FeatureUri
from sterna_core.namespace.json_path import texts
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import KINDS, Resource
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    RetrieverOptions,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.graph import graph_of, kinds_of
from sterna_core.namespace_migration.id_map import id_map, kept_kinds
from sterna_core.namespace_migration.rewriting import Rewriting

OLD = FeatureUri("text_extractor", "v1", "embedding")
NEW = FeatureUri("minilm", "v1", "vector")

configs = some.builds(
    MigrationConfig,
    migration_type=some.just("copy"),
    source_namespace_id=some.just("ns_old"),
    preserve_resource_ids=some.booleans(),
    taxonomy_options=some.none()
    | some.builds(TaxonomyOptions, preserve_taxonomy_ids=some.booleans()),
    cluster_options=some.none() | some.builds(ClusterOptions, preserve_cluster_ids=some.booleans()),
    retriever_options=some.none()
    | some.builds(RetrieverOptions, preserve_retriever_ids=some.booleans()),
)


def _rewriting(config: MigrationConfig, resources: tuple[Resource, ...], **more: Any) -> Rewriting:
    return Rewriting(
        ids=id_map(config, resources, "ns_new"),
        known=kinds_of(resources),
        features={OLD: NEW},
        **more,
    )


@given(configs, namespaces())
def test_the_target_has_the_same_shape_under_its_own_ids(
    config: MigrationConfig, resources: tuple[Resource, ...]
) -> None:
    rewriting = _rewriting(config, resources)
    moved = [rewriting.resource(each) for each in resources]
    ids, known_there = rewriting.ids.resources, kinds_of(moved)
    assert len(known_there) == len(resources)
    for old, new in zip(resources, moved, strict=True):
        assert new.resource_id == ids[old.resource_id]
        assert [(each.path, each.target_id) for each in references(new, known_there)] == [
            (each.path, ids[each.target_id]) for each in references(old, rewriting.known)
        ]
    tiers = {each.resource_id: each.tier for each in graph_of(moved).nodes}
    assert tiers == {ids[each.resource_id]: each.tier for each in graph_of(resources).nodes}


@given(configs, namespaces())
def test_ids_stay_exactly_where_the_options_keep_them(
    config: MigrationConfig, resources: tuple[Resource, ...]
) -> None:
    ids = _rewriting(config, resources).ids.resources
    for each in resources:
        assert (ids[each.resource_id] == each.resource_id) == (each.kind in kept_kinds(config))
    assert not config.preserve_resource_ids or kept_kinds(config) == set(KINDS)


@given(namespaces())
def test_no_old_id_and_no_old_feature_is_left_anywhere(resources: tuple[Resource, ...]) -> None:
    config = MigrationConfig(
        migration_type="re_extract",
        source_namespace_id="ns_old",
        taxonomy_options=TaxonomyOptions(preserve_taxonomy_ids=False),
        cluster_options=ClusterOptions(preserve_cluster_ids=False),
    )
    rewriting = _rewriting(config, resources)
    for each in resources:
        left = {text for _, text in texts(rewriting.resource(each).definition)}
        assert not left & set(rewriting.known)
        assert URI not in left


@given(namespaces(), some.data())
def test_an_attachment_to_what_stays_behind_is_cut(
    resources: tuple[Resource, ...], data: some.DataObject
) -> None:
    attached = {
        each.target_id
        for one in resources
        for each in references(one, kinds_of(resources))
        if each.cut is not None
    }
    needed = {
        each.target_id
        for one in resources
        for each in references(one, kinds_of(resources))
        if each.cut is None
    }
    free = sorted(attached - needed)
    behind = data.draw(some.sampled_from(free)) if free else None
    going = tuple(each for each in resources if each.resource_id != behind)
    config = MigrationConfig(
        migration_type="copy", source_namespace_id="ns_old", preserve_resource_ids=True
    )
    rewriting = Rewriting(ids=id_map(config, going, "ns_new"), known=kinds_of(resources))
    for each in going:
        left = {text for _, text in texts(rewriting.resource(each).definition)}
        assert behind not in left


_BITS = ["col_0", "tax_0", "ns_old", "doc_1", "x", URI]
_OWN_FIELDS = some.dictionaries(
    some.sampled_from(["title", "note", "owner_id", "_mine"]), some.sampled_from(_BITS), max_size=3
)


@given(_OWN_FIELDS)
def test_what_the_owner_wrote_into_a_document_is_not_touched(own: dict[str, str]) -> None:
    config = MigrationConfig(migration_type="copy", source_namespace_id="ns_old")
    resources = (Resource("col_0", "collection"), Resource("tax_0", "taxonomy"))
    document = {"document_id": "doc_1", "collection_id": "col_0", **own}
    moved = _rewriting(config, resources).document(document)
    assert {name: moved[name] for name in own} == own
    assert list(moved) == list(document)


def test_a_document_names_its_lineage_as_it_is_in_the_target() -> None:
    config = MigrationConfig(migration_type="copy", source_namespace_id="ns_old")
    resources = (
        Resource("bkt_1", "bucket"),
        Resource("col_1", "collection"),
        Resource("tax_1", "taxonomy"),
        Resource("clust_1", "cluster"),
    )
    rewriting = _rewriting(config, resources)
    ids = rewriting.ids
    moved = rewriting.document(
        {
            "document_id": "doc_2",
            "collection_id": "col_1",
            "cluster_id": "clust_1",
            "_taxonomy_topic": {"taxonomy_id": "tax_1", "document_id": "doc_9", "label": "birds"},
            "_internal": {
                "namespace_id": "ns_old",
                "lineage": {
                    "root_bucket_id": "bkt_1",
                    "root_object_id": "obj_7",
                    "source_document_id": "doc_1",
                    "path": "bkt_1/obj_7/col_1/doc_1/col_1",
                    "chain": [{"collection_id": "col_1", "document_id": "doc_1"}],
                },
                "processing": {"features": [URI]},
            },
        }
    )
    bucket, collection = ids.resources["bkt_1"], ids.resources["col_1"]
    assert moved["document_id"] == ids.document("doc_2") != "doc_2"
    assert moved["cluster_id"] == "clust_1"
    assert moved["_taxonomy_topic"] == {
        "taxonomy_id": "tax_1",
        "document_id": ids.document("doc_9"),
        "label": "birds",
    }
    assert moved["_internal"] == {
        "namespace_id": "ns_new",
        "lineage": {
            "root_bucket_id": bucket,
            "root_object_id": "obj_7",
            "source_document_id": ids.document("doc_1"),
            "path": f"{bucket}/obj_7/{collection}/{ids.document('doc_1')}/{collection}",
            "chain": [{"collection_id": collection, "document_id": ids.document("doc_1")}],
        },
        "processing": {"features": [str(NEW)]},
    }


def test_enrichments_and_assignments_go_only_where_they_are_kept() -> None:
    config = MigrationConfig(migration_type="copy", source_namespace_id="ns_old")
    document = {"document_id": "doc_1", "_taxonomy_topic": "birds", "cluster_id": "clust_1"}
    moved = _rewriting(config, (), keeps_enrichments=False, keeps_assignments=False)
    assert list(moved.document(document)) == ["document_id"]


@given(some.text(min_size=1), some.text(min_size=1))
def test_two_documents_never_become_one(first: str, second: str) -> None:
    config = MigrationConfig(migration_type="copy", source_namespace_id="ns_old")
    ids = id_map(config, (), "ns_new")
    assert (ids.document(first) == ids.document(second)) == (first == second)
    assert ids.document(first) == ids.document(first)


@given(some.lists(some.text()))
def test_an_id_that_is_derived_is_the_uuid_of_its_parts(parts: list[str]) -> None:
    assert derived_id("doc_", *parts) == f"doc_{uuid5(NAMESPACE, chr(0).join(parts)).hex}"


@given(some.sampled_from([5, None, ["col_0"], {"x": 1}, 2.5]))
def test_a_field_of_an_id_that_holds_something_else_is_kept(value: Any) -> None:
    config = MigrationConfig(migration_type="copy", source_namespace_id="ns_old")
    moved = _rewriting(config, ()).document({"document_id": value, "collection_id": value})
    assert moved == {"document_id": moved["document_id"], "collection_id": value}
    assert isinstance(value, list) or moved["document_id"] == value
