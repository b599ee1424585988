"""How well what is wanted is found: rankings held against judgements of relevance."""

from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, Measure, R, nDCG

from sterna_core.extractors.vector import Matrix

Judgements = Mapping[str, Mapping[str, int]]
"""For each query, documents with their grade; what is not named is not relevant."""
Rankings = Mapping[str, Mapping[str, float]]
"""For each query, the documents that were found, with their scores."""


def rank_exactly(
    queries: Mapping[str, Any], ids: Sequence[str], vectors: Matrix, *, most: int
) -> dict[str, dict[str, float]]:
    """Find for each query's vector the documents nearest to it, by looking at every one.

    Vectors have the length 1; of equal scores the document that comes first in `ids` wins.
    """
    rankings = {}
    for query, vector in queries.items():
        scores = vectors @ vector
        best = np.argsort(-scores, kind="stable")[:most]
        rankings[query] = {ids[place]: float(scores[place]) for place in best}
    return rankings


def ndcg_by_query(judgements: Judgements, rankings: Rankings, *, at: int = 10) -> dict[str, float]:
    """Give nDCG of each judged query; one without a ranking has found nothing, and gets 0."""
    return values_by_query(judgements, rankings, at=(at,))[f"ndcg@{at}"]


def values_by_query(
    judgements: Judgements, rankings: Rankings, *, at: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Give `ndcg@k` and `recall@k` for each k, and `mrr`, each by query as `ndcg_by_query` does."""
    names: dict[str, Measure] = {"mrr": RR}
    for k in at:
        names |= {f"ndcg@{k}": nDCG @ k, f"recall@{k}": R @ k}
    known = {
        query: dict(found) for query, found in rankings.items() if found and query in judgements
    }
    wanted = {query: dict(grades) for query, grades in judgements.items()}
    values = {name: dict.fromkeys(judgements, 0.0) for name in names}
    called = {measure: name for name, measure in names.items()}
    for each in ir_measures.iter_calc(list(called), wanted, known):
        values[called[each.measure]][each.query_id] = float(each.value)
    return values


def mean(values: Mapping[str, float]) -> float:
    """Give the mean over queries; raises ValueError where there is none."""
    if not values:
        raise ValueError("there is no query to measure by")
    return sum(values.values()) / len(values)
