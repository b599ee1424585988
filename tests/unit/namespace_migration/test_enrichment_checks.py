"""What a validation says of labels that are to be found anew."""

from typing import Any

import pytest
from tests.support.namespace_migration.play import Play, copying

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig, ResourceFilter, TaxonomyOptions
from sterna_core.namespace_migration.finding import Finding
from sterna_core.namespace_migration.validating import ValidationResult, validate
from sterna_core.tasks import namespace_work as wk

URI = "sterna://words@v1/embedding"
RE_RUN: dict[str, Any] = {"re_run_enrichment": True}


def search(**config: Any) -> dict[str, Any]:
    return {"stage_type": "feature_search", "config": {"feature_uri": URI, **config}}


def namespace(
    taxonomy: dict[str, Any] | None = None,
    retriever: dict[str, Any] | None = None,
    application: dict[str, Any] | None = None,
) -> tuple[Resource, ...]:
    applied = {"taxonomy_id": "tax_1", **(application or {})}
    return (
        Resource("col_labels", "collection"),
        Resource("col_1", "collection", {"taxonomy_applications": [applied]}),
        Resource("ret_1", "retriever", {"stages": [search()], **(retriever or {})}),
        Resource(
            "tax_1",
            "taxonomy",
            {
                "retriever_id": "ret_1",
                "source_collection": {"collection_id": "col_labels"},
                **(taxonomy or {}),
            },
        ),
    )


def checked(
    resources: tuple[Resource, ...], config: MigrationConfig | None = None
) -> ValidationResult:
    return validate(config or copying(taxonomy_options=RE_RUN), resources).result


def places(found: tuple[Finding, ...]) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(each.type, each.loc) for each in found]


def test_labels_that_can_be_found_are_no_error_and_no_warning_but_of_ids() -> None:
    found = checked(namespace())
    assert found.valid
    assert [each.type for each in found.warnings] == ["preserved_id_refers_to_new_id"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"taxonomy": {"threshold": "much"}}, ("source_collection", "threshold")),
        ({"taxonomy": {"input_mappings": {"query": 7}}}, ("input_mappings", "query")),
        ({"taxonomy": {"input_mappings": {"vector": "sterna://luck@v1/x"}}}, ("input_mappings",)),
        ({"taxonomy": {"input_mappings": {"title": "title"}}}, ("input_mappings",)),
        (
            {
                "taxonomy": {
                    "input_mappings": [
                        {"input_key": "query", "source_type": "literal", "override": {}}
                    ]
                }
            },
            ("input_mappings",),
        ),
        ({"retriever": {"stages": []}}, ("retriever_id",)),
        ({"retriever": {"stages": [{"stage_type": "rerank"}]}}, ("retriever_id",)),
        (
            {"retriever": {"stages": [search(filters={"_taxonomy_kind.label": "owl"})]}},
            ("retriever_id",),
        ),
    ],
)
def test_what_labels_cannot_be_found_by_is_an_error_of_the_taxonomy(
    changes: dict[str, Any], where: tuple[str, ...]
) -> None:
    found = checked(namespace(**changes))
    assert places(found.errors) == [("enrichment_not_possible", ("taxonomy", "tax_1", *where))]


def test_none_of_it_matters_where_labels_are_not_found_anew() -> None:
    broken = namespace(taxonomy={"threshold": "much"}, retriever={"stages": []})
    assert checked(broken, copying()).valid


def test_filters_of_an_application_that_mean_nothing_are_an_error_of_the_collection() -> None:
    for filters in (7, {"a b[": 1}, [{"field": "a", "operator": "near", "value": 1}]):
        found = checked(namespace(application={"scroll_filters": filters}))
        where = ("collection", "col_1", "taxonomy_applications")
        assert places(found.errors) == [("enrichment_not_possible", where)]


def test_a_taxonomy_that_is_applied_nowhere_is_a_warning() -> None:
    for application in ({"execution_mode": "on_demand"}, {"target_collection_id": "col_none"}):
        found = checked(namespace(application=application))
        told = places(found.warnings)
        assert ("taxonomy_not_applied", ("taxonomy", "tax_1")) in told


def test_two_taxonomies_that_write_into_one_field_are_an_error() -> None:
    first = namespace(taxonomy={"taxonomy_name": "kind"})
    second = Resource("tax_2", "taxonomy", first[-1].definition)
    assert checked((*first, second)).valid, "the second is applied nowhere"
    also = Resource("col_2", "collection", {"taxonomy_applications": [{"taxonomy_id": "tax_2"}]})
    found = checked((*first, second, also))
    where = ("taxonomy", "tax_2", "taxonomy_name")
    assert places(found.errors) == [("enrichment_not_possible", where)]


def test_labels_that_stay_behind_are_named_where_they_would_be_looked_for() -> None:
    options = {**RE_RUN, "migrate_reference_collections": False}
    wanted = {"taxonomy_ids": ["tax_1"], "collection_ids": ["col_1"]}
    config = copying(taxonomy_options=options, filters=wanted)
    found = checked(namespace(), config)
    assert {each.type for each in found.errors} == {
        "dependency_not_included",
        "reference_collection_left_behind",
    }
    assert all("col_labels" in each.msg for each in found.errors)
    without = copying(taxonomy_options={"migrate_reference_collections": False}, filters=wanted)
    (error,) = checked(namespace(), without).errors
    assert error.type == "dependency_not_included"
    assert "migrate_reference_collections" in error.msg
    listed = {**wanted, "collection_ids": ["col_1", "col_labels"]}
    assert checked(namespace(), copying(taxonomy_options=options, filters=listed)).valid


def test_a_threshold_of_old_vectors_is_a_warning_beside_new_ones() -> None:
    nodes = [{"collection_id": "col_labels", "threshold": 0.5}]
    resources = namespace(taxonomy={"threshold": 0.7, "hierarchical_nodes": nodes})
    config = MigrationConfig(
        migration_type="re_extract",
        source_namespace_id="ns_old",
        taxonomy_options=TaxonomyOptions(re_run_enrichment=True),
    )
    told = [loc for kind, loc in places(checked(resources, config).warnings) if "threshold" in kind]
    assert told == [
        ("taxonomy", "tax_1", "threshold"),
        ("taxonomy", "tax_1", "hierarchical_nodes", 0, "threshold"),
    ]


def test_texts_that_nobody_here_can_embed_are_a_warning_and_vectors_are_none() -> None:
    config = copying(taxonomy_options=RE_RUN)
    for mappings, features, told in (
        ({"query": "title"}, frozenset[str](), True),
        ({"query": "title"}, frozenset({URI}), False),
        ({"query": "title"}, None, False),
        ({"vector": URI}, frozenset[str](), False),
    ):
        resources = namespace(taxonomy={"input_mappings": mappings})
        found = validate(config, resources, embeddable=features).result
        assert found.valid
        assert ("extractor_not_installed" in {each.type for each in found.warnings}) == told


def test_a_retriever_that_names_a_taxonomy_goes_along_with_it_and_is_rewritten() -> None:
    joined = {"stage_type": "taxonomy", "config": {"taxonomy_id": "tax_1"}}
    resources = namespace(retriever={"stages": [search(), joined]})
    wanted = ResourceFilter(retriever_ids=("ret_1",))
    options = TaxonomyOptions(preserve_taxonomy_ids=False)
    config = MigrationConfig(
        migration_type="copy",
        source_namespace_id="ns_old",
        filters=wanted,
        taxonomy_options=options,
    )
    play = Play(resources, config)
    play.create()
    play.start()
    play.finish()
    works = [each.work for each in play.delivered.values()]
    made = {
        each.resource.resource_id: each.made for each in works if isinstance(each, wk.MakeResource)
    }
    assert set(made) == {"ret_1", "tax_1", "col_labels"}
    stage = made["ret_1"].definition["stages"][1]
    assert stage["config"] == {"taxonomy_id": made["tax_1"].resource_id}
    assert made["tax_1"].resource_id != "tax_1"


def test_taxonomies_follow_upon_each_other_where_they_write() -> None:
    first = namespace()
    second = Resource("tax_2", "taxonomy", first[-1].definition)
    for options, at_once in ((RE_RUN, 1), ({}, 2)):
        play = Play((*first, second), copying(taxonomy_options=options))
        play.create()
        play.start()
        while not any(isinstance(each.work, wk.BringTaxonomy) for each in play.outstanding()):
            play.done(play.outstanding()[0])
        assert len(play.outstanding()) == at_once
        play.finish()
        compared = {
            each.work.collection_id: each.work
            for each in play.delivered.values()
            if isinstance(each.work, wk.CompareCollection)
        }
        assert bool(compared["col_1"].made_anew) == bool(options)
        assert compared["col_1"].relabelled_by == (("tax_1",) if options else ())
        assert not compared["col_labels"].made_anew
