"""How much of the old assignments is left in the new ones."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

PAIRS_MAX: Final = 4_000_000
"""Pairs of an old group and a new one, beyond which they are not matched with each other."""


def carry_over(before: Mapping[str, str], now: Mapping[str, str | None]) -> dict[str, float]:
    """Compare the documents that had a group before with their groups now.

    `adjusted_rand_index` is 1 where the groups are the same, whatever they are called, and about 0
    for chance. `share_changed` is the share of documents that are in another group, once each old
    group is called as the new one that has most of it; of no group counts as a group.
    """
    shared = sorted(before.keys() & now.keys())
    figures = {"documents_compared": float(len(shared))}
    if not shared:
        return figures
    old = _numbers([before[each] for each in shared])
    new = _numbers([now[each] for each in shared])
    figures["adjusted_rand_index"] = float(adjusted_rand_score(old, new))
    groups = (max(old) + 1, max(new) + 1)
    if groups[0] * groups[1] <= PAIRS_MAX:
        pairs = np.zeros(groups, dtype=np.int64)
        for (one, other), count in Counter(zip(old, new, strict=True)).items():
            pairs[one, other] = count
        matched = int(pairs[linear_sum_assignment(pairs, maximize=True)].sum())
        figures["share_changed"] = (len(shared) - matched) / len(shared)
    return figures


def _numbers(labels: list[str] | list[str | None]) -> list[int]:
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return [places[each] for each in labels]
