"""Intervals of paired differences: what they promise for whatever differences there are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.retrieval.paired import paired_interval
from sterna_core.retrieval.quality import values_by_query

_DIFFERENCES = some.lists(some.floats(-1.0, 1.0), min_size=1, max_size=60)
_CONFIDENCES = some.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@settings(max_examples=25, deadline=None)
@given(_DIFFERENCES, _CONFIDENCES, some.integers(0, 5))
def test_the_mean_lies_inside_and_the_opposite_differences_have_the_opposite_interval(
    differences: list[float], confidence: float, seed: int
) -> None:
    found = paired_interval(differences, confidence=confidence, seed=seed)
    assert found.lower <= found.mean <= found.upper
    assert min(differences) - 1e-9 <= found.lower
    assert found.upper <= max(differences) + 1e-9
    assert found == paired_interval(differences, confidence=confidence, seed=seed)
    opposite = paired_interval([-each for each in differences], confidence=confidence, seed=seed)
    assert (opposite.mean, opposite.lower, opposite.upper) == pytest.approx(
        (-found.mean, -found.upper, -found.lower), abs=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(some.integers(1, 200), some.floats(-1.0, 1.0), some.integers(0, 5))
def test_runs_that_differ_everywhere_alike_leave_no_doubt(
    pairs: int, difference: float, seed: int
) -> None:
    found = paired_interval([difference] * pairs, seed=seed)
    assert (found.lower, found.mean, found.upper) == (difference,) * 3


def test_identical_runs_differ_by_nothing() -> None:
    found = paired_interval([0.0] * 40)
    assert (found.lower, found.mean, found.upper) == (0.0, 0.0, 0.0)


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(7)
    held = 0
    for trial in range(60):
        sample = drawn.normal(0.1, 0.3, size=60)
        found = paired_interval(list(sample), confidence=0.9, seed=trial)
        held += found.lower <= 0.1 <= found.upper
    assert 48 <= held <= 59


def test_more_pairs_and_less_confidence_make_it_narrower() -> None:
    drawn = np.random.default_rng(3)
    many = [float(each) for each in drawn.normal(0.0, 0.2, size=400)]
    width = [
        found.upper - found.lower
        for found in (
            paired_interval(many[:40]),
            paired_interval(many),
            paired_interval(many, confidence=0.8),
        )
    ]
    assert width == sorted(width, reverse=True)
    assert len(set(width)) == 3


def test_without_a_pair_there_is_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="no pair"):
        paired_interval([])


def test_recall_and_reciprocal_rank_come_with_ndcg_and_an_empty_ranking_is_worth_nothing() -> None:
    judgements = {"q": {"a": 1, "b": 1}, "empty": {"a": 1}}
    found = values_by_query(judgements, {"q": {"c": 3.0, "a": 2.0}, "empty": {}}, at=(1, 2))
    assert found["recall@1"] == pytest.approx({"q": 0.0, "empty": 0.0})
    assert found["recall@2"] == pytest.approx({"q": 0.5, "empty": 0.0})
    assert found["mrr"] == pytest.approx({"q": 0.5, "empty": 0.0})
    assert set(found) == {"mrr", "ndcg@1", "ndcg@2", "recall@1", "recall@2"}
