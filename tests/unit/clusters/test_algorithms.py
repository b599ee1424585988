"""Every algorithm finds the same groups again, under the same numbers."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.clustering.parameters import PARAMETERS, Algorithm
from sterna_core.clustering.plan import ClusterPlan, NotComputable, plan_of
from sterna_executor.clusters.algorithms import NOISE, Matrix
from sterna_executor.clusters.gathering import Gathered
from sterna_executor.clusters.grouping import centres, grouped, numbered
from sterna_executor.clusters.limits import DOCUMENTS_MAX, ClusterLimits, ClusterTooLarge

URI = "sterna://words@v1/embedding"
SIZES = (30, 20, 10)
TOLD: dict[Algorithm, dict[str, Any]] = {
    "kmeans": {"n_clusters": 3, "n_init": 3},
    "dbscan": {"eps": 0.3, "min_samples": 3},
    "hdbscan": {"min_cluster_size": 5},
    "agglomerative": {"n_clusters": 3},
    "spectral": {"n_clusters": 3, "n_init": 3},
    "gaussian_mixture": {"n_components": 3},
    "mean_shift": {"bandwidth": 0.8},
    "optics": {"min_samples": 5, "cluster_method": "dbscan", "eps": 0.4},
}


def heaps() -> Matrix:
    """Three heaps of different sizes, far from each other, row by row in turns."""
    drawn = np.random.default_rng(7)
    rows = [
        np.eye(3)[heap] + drawn.normal(0, 0.02, 3)
        for place in range(max(SIZES))
        for heap in range(3)
        if place < SIZES[heap]
    ]
    return np.asarray(rows, dtype=np.float32)


def expected() -> list[int]:
    return [heap for place in range(max(SIZES)) for heap in range(3) if place < SIZES[heap]]


def plan(algorithm: Algorithm, **told: Any) -> ClusterPlan:
    return plan_of(
        {
            "collection_ids": ["col_1"],
            "vector_config": {
                "feature_uris": [URI],
                "clustering_method": algorithm,
                "algorithm_params": told,
            },
        }
    )


def of(matrix: Matrix) -> Gathered:
    ids = [f"doc_{row:03}" for row in range(len(matrix))]
    return Gathered(ids, ids, ["col_1"] * len(ids), matrix, [None] * len(ids), 0)


@pytest.mark.parametrize("algorithm", TOLD)
def test_groups_are_found_and_numbered_by_size_and_again_the_same(algorithm: Algorithm):
    wanted = plan(algorithm, **TOLD[algorithm])
    first = grouped(wanted, of(heaps()))
    assert first.converged
    assert first.labels.tolist() == expected()
    assert grouped(wanted, of(heaps())).labels.tolist() == expected()


@pytest.mark.parametrize("algorithm", TOLD)
def test_documents_that_an_algorithm_cannot_group_are_refused_by_name(algorithm: Algorithm):
    nothing = of(np.zeros((0, 3), dtype=np.float32))
    assert grouped(plan(algorithm), nothing).labels.tolist() == []
    one = of(heaps()[:1])
    try:
        assert len(grouped(plan(algorithm), one).labels) == 1
    except NotComputable as error:
        assert error.code == "cluster_not_computable"
        assert "1 documents" in error.message or "bandwidth" in error.message


def test_the_order_in_which_documents_lie_has_no_say():
    matrix = heaps()
    gathered = of(matrix)
    turned = Gathered(
        before=gathered.before[::-1],
        ids=[f"other_{name}" for name in gathered.ids[::-1]],
        collections=gathered.collections,
        matrix=matrix[::-1],
        keys=gathered.keys,
        without_vectors=0,
    )
    found = grouped(plan("kmeans", n_clusters=3), turned)
    assert found.labels.tolist() == expected()
    assert found.rows.ids == [f"other_{name}" for name in gathered.ids]


def test_a_document_that_lies_alone_belongs_to_no_group():
    far = np.vstack([heaps(), [[50, 50, 50]]]).astype(np.float32)
    found = grouped(plan("dbscan", **TOLD["dbscan"]), of(far))
    assert found.labels.tolist() == [*expected(), NOISE]


def test_grouping_by_attributes_gives_every_value_a_group():
    keys = ['"b"', '"a"', None, '"a"', '"c"']
    ids = [*"12345"]
    gathered = Gathered(ids, ids, ["col_1"] * 5, None, keys, 0)
    found = grouped(plan_of(BY_BRAND), gathered)
    assert found.labels.tolist() == [1, 0, NOISE, 0, 2]


def test_numbers_follow_from_sizes_and_first_rows_and_not_from_what_an_algorithm_calls_them():
    labels = np.array([7, 3, 3, NOISE, 9, 9, 7, 5])
    assert numbered(labels).tolist() == [0, 1, 1, NOISE, 2, 2, 0, 3]


def test_centres_are_means_medians_or_members():
    matrix = np.array([[0, 0], [0, 4], [3, 2], [9, 9]], dtype=np.float32)
    labels = np.array([0, 0, 0, NOISE])
    assert [each.tolist() for each in centres(labels, matrix, "mean")] == [[1, 2]]
    assert [each.tolist() for each in centres(labels, matrix, "median")] == [[0, 2]]
    assert [each.tolist() for each in centres(labels, matrix, "medoid")] == [[3, 2]]


@pytest.mark.parametrize("algorithm", PARAMETERS)
def test_what_is_too_large_is_refused_and_says_what_would_help(algorithm: Algorithm):
    wanted = plan_of(BY_BRAND) if algorithm == "attribute_based" else plan(algorithm)
    limits = ClusterLimits(mebibytes=10_000_000)
    limits.check(wanted, DOCUMENTS_MAX[algorithm], 4)
    with pytest.raises(ClusterTooLarge, match=algorithm):
        limits.check(wanted, DOCUMENTS_MAX[algorithm] + 1, 4)
    with pytest.raises(ClusterTooLarge, match="STERNA_EXECUTOR_CLUSTER_MIB"):
        ClusterLimits(mebibytes=1).check(wanted, 10_000, 384)


BY_BRAND = {
    "collection_ids": ["col_1"],
    "cluster_type": "attribute",
    "attribute_config": {"attributes": ["brand"]},
}
_GOOD = {"feature_uris": [URI], "clustering_method": "kmeans"}


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({}, "collection_ids"),
        ({"collection_ids": ["col_1"]}, "vector_config"),
        ({**BY_BRAND, "filters": {"AND": []}}, "filters"),
        ({**BY_BRAND, "attribute_config": {"attributes": []}}, "attribute_config.attributes"),
        (
            {
                **BY_BRAND,
                "attribute_config": {"attributes": ["a", "b"], "hierarchical_grouping": True},
            },
            "attribute_config.hierarchical_grouping",
        ),
        ({**_GOOD, "clustering_method": "guess"}, "vector_config.clustering_method"),
        ({**_GOOD, "feature_uris": ["words"]}, "vector_config.feature_uris"),
        ({**_GOOD, "feature_uris": []}, "vector_config.feature_uris"),
        ({**_GOOD, "sample_size": 100}, "vector_config.sample_size"),
        ({**_GOOD, "algorithm_params": {"n_clusters": 0}}, "vector_config.algorithm_params"),
        ({**_GOOD, "kmeans_parameters": {"bogus": 1}}, "vector_config.kmeans_parameters"),
        ({**_GOOD, "feature_weights": {URI: 2}}, "vector_config.feature_weights"),
        ({**_GOOD, "effective_feature_method": "mode"}, "vector_config.effective_feature_method"),
        (
            {
                **_GOOD,
                "feature_uris": [URI, "sterna://other@v1/embedding"],
                "multi_feature_strategy": "independent",
            },
            "vector_config.multi_feature_strategy",
        ),
    ],
)
def test_a_definition_that_cannot_be_computed_names_the_place(
    definition: dict[str, Any], place: str
):
    if "clustering_method" in definition:
        definition = {"collection_ids": ["col_1"], "vector_config": definition}
    with pytest.raises(NotComputable) as refused:
        plan_of(definition)
    assert refused.value.details == {"place": place}


_ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers(-1, 3) | some.sampled_from(["", "kmeans", URI]),
    lambda inner: (
        some.lists(inner, max_size=2)
        | some.dictionaries(some.sampled_from(["n_clusters", URI]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(
    some.fixed_dictionaries(
        {"collection_ids": some.lists(some.none() | some.just("col_1")) | some.none()},
        optional={
            **dict.fromkeys(("filters", "cluster_type"), _ANYTHING),
            "attribute_config": _ANYTHING
            | some.dictionaries(
                some.sampled_from(["attributes", "hierarchical_grouping"]), _ANYTHING
            ),
            "vector_config": _ANYTHING
            | some.dictionaries(
                some.sampled_from(
                    [
                        "algorithm_params",
                        "clustering_method",
                        "effective_feature_method",
                        "feature_uri",
                        "feature_uris",
                        "feature_weights",
                        "multi_feature_strategy",
                        "sample_size",
                    ]
                ),
                _ANYTHING,
            ),
        },
    )
)
def test_any_definition_is_a_plan_or_refused_by_name(definition: dict[str, Any]):
    try:
        assert plan_of(definition).collection_ids == ("col_1",)
    except NotComputable as error:
        assert error.place[0] in {"collection_ids", "filters", "attribute_config", "vector_config"}


def test_parameters_that_change_no_result_are_left_aside_and_open_ones_have_their_defaults():
    told = {"n_clusters": 4, "verbose": 3, "n_jobs": -1, "copy_x": True, "random_state": None}
    found = plan("kmeans", **told).parameters
    assert msgspec.to_builtins(found)["n_clusters"] == 4
    assert msgspec.to_builtins(found)["random_state"] == 42
