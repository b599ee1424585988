"""Answers of a copy, without what only the ids have decided in them."""

import math
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from sterna_executor.namespaces.benchmark.side import Answers

_TOLERANCE = 1e-5
"""Up to this scores are the same: two kinds of stores round otherwise."""


def without_ties(before: Answers, after: Answers, new_id: Callable[[str], str]) -> Answers:
    """Give the answers of a copy in the order of its source, where nothing but ties is otherwise.

    Documents that are as near each other are ordered by their ids, which a copy may change; it is
    no worse for that. Of the last ones that are as near, others may have been cut off.
    """
    rankings = dict(after.rankings)
    for query, found in before.rankings.items():
        old = tuple(map(new_id, found))
        if query in rankings and _differ_in_ties_alone(
            old, before.scores[query], rankings[query], after.scores[query]
        ):
            rankings[query] = list(old)
    return replace(after, rankings=rankings)


def _differ_in_ties_alone(
    old: Sequence[str], old_scores: Sequence[float], new: Sequence[str], new_scores: Sequence[float]
) -> bool:
    if len(old) != len(new) or not all(map(_same, old_scores, new_scores)):
        return False
    begin = 0
    for end in range(1, len(old)):
        if not _same(old_scores[end - 1], old_scores[end]):
            if set(old[begin:end]) != set(new[begin:end]):
                return False
            begin = end
    return True


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=_TOLERANCE)
