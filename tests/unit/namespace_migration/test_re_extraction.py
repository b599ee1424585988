from typing import Any

import pytest
from tests.support.namespace_migration.extractors import extractor

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import FeatureExtractorConfig, MigrationConfig
from sterna_core.namespace_migration.features import Extractors, successors
from sterna_core.namespace_migration.finding import Findings
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.re_extraction import match_of, re_extraction_findings
from sterna_core.namespace_migration.rewriting import Rewriting

A, B = "sterna://a@v1/embedding", "mixpeek://b@v1/embedding"
OLD = (extractor("a@v1"), extractor("b@v1"))
ONE, TWO = (extractor("mini@v1"),), (extractor("mini@v1"), extractor("large@v1"))


def searching(uri: str, **config: Any) -> Resource:
    stage = {"stage_type": "feature_search", "config": {"feature_uri": uri, **config}}
    return Resource(f"ret_{uri}", "retriever", {"collection_ids": ["col_1"], "stages": [stage]})


def re_extract(**fields: Any) -> MigrationConfig:
    return MigrationConfig(
        migration_type="re_extract",
        source_namespace_id="ns_old",
        feature_extractors=(FeatureExtractorConfig(feature_extractor_name="mini"),),
        **fields,
    )


def found(
    *going: Resource, old: Extractors = OLD, new: Extractors = ONE, **fields: Any
) -> Findings:
    return re_extraction_findings(re_extract(**fields), going, old, new)


def kinds(findings: Findings) -> tuple[list[str], list[str]]:
    return [each.type for each in findings.errors], [each.type for each in findings.warnings]


def test_what_could_mean_one_of_several_has_to_be_said_where_something_names_it() -> None:
    assert kinds(found(new=TWO)) == ([], [])
    (error,) = found(searching(A), new=TWO).errors
    assert error.type == "feature_unclear"
    assert "sterna://large@v1/embedding, sterna://mini@v1/embedding" in error.msg
    said = {A: "sterna://large@v1/embedding"}
    assert kinds(found(searching(A), new=TWO, feature_mapping=said)) == ([], [])
    wrong = {A: "sterna://nothing@v1/embedding"}
    assert "feature_not_found" in kinds(found(searching(A), new=TWO, feature_mapping=wrong))[0]


def test_two_that_become_one_are_a_warning_where_both_are_named() -> None:
    assert kinds(found(searching(A))) == ([], [])
    assert kinds(found(searching(A), searching(B))) == ([], ["features_merged"])


def test_the_same_extractors_again_are_a_warning_and_other_parameters_are_not() -> None:
    same = (extractor("a@v1", dimension=4),)
    assert kinds(found(old=same, new=same)) == ([], ["same_vector_space"])
    other = (extractor("a@v1", dimension=8),)
    assert kinds(found(old=same, new=other)) == ([], [])


@pytest.mark.parametrize("field", ["query", "text", "vector"])
def test_numbers_that_a_retriever_asks_with_mean_nothing_in_another_space(field: str) -> None:
    asking = searching(A, **{field: [0.1, 0.2, 0.3, 0.4]})
    (error,) = found(asking).errors
    assert error.type == "vector_of_old_space"
    assert error.loc[-1] == field
    stays = (extractor("a@v1"), extractor("mini@v1"))
    assert kinds(found(asking, new=stays))[0] == []
    other_parameters = (extractor("a@v1", dimension=5), extractor("mini@v1"))
    assert kinds(found(asking, new=other_parameters))[0] == ["vector_of_old_space"]
    assert kinds(found(searching(A, **{field: "{{INPUT.query}}"}))) == ([], [])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"feature_extractor_name": "a", "version": "v1", "parameters": {"x": 1}, "n": 2},
            {"feature_extractor_name": "mini", "version": "v1", "parameters": {"d": 8}, "n": 2},
        ),
        (
            {"name": "a", "version": "v1", "params": {}},
            {"name": "mini", "version": "v1", "params": {"d": 8}},
        ),
        ({"name": "a"}, {"name": "mini"}),
        ({"name": "a", "version": "v2"}, {"name": "a", "version": "v2"}),
        ({"name": "c", "version": "v1"}, {"name": "c", "version": "v1"}),
        ("a@v1", "a@v1"),
    ],
)
def test_a_collection_says_by_what_its_documents_are_extracted_now(said: Any, told: Any) -> None:
    new = (extractor("mini@v1", d=8),)
    config = re_extract()
    match = match_of(config, OLD, new)
    collection = Resource("col_1", "collection", {"feature_extractor": said})
    rewriting = Rewriting(
        ids=id_map(config, [collection], "ns_new"),
        known={"col_1": "collection"},
        features=match.changed,
        extractors=successors(OLD, new, match),
    )
    assert rewriting.resource(collection).definition == {"feature_extractor": told}
