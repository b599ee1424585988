"""How sure a difference between two ways of retrieving is, query by query."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

RESAMPLES = 10_000
_AT_ONCE = 500
"""Resamples that are drawn at once: of 1,000 queries they are 4 MB."""


class Interval(Struct, frozen=True):
    """A mean, and between which bounds it lies with the confidence that was asked for."""

    mean: float
    lower: float
    upper: float


def paired_interval(
    differences: Sequence[float], *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Give the mean of paired differences with its bootstrap percentile interval.

    The same differences and seed give the same interval, and the opposite differences the opposite
    one. Raises ValueError where there is no pair.
    """
    if not differences:
        raise ValueError("there is no pair to compare")
    values = np.asarray(differences, dtype=np.float64)
    mean = float(values.mean())
    if (values == values[0]).all():
        return Interval(float(values[0]), float(values[0]), float(values[0]))
    drawn = np.random.default_rng(seed)
    means = np.concatenate(
        [
            values[drawn.integers(0, len(values), size=(_AT_ONCE, len(values)))].mean(axis=1)
            for _ in range(RESAMPLES // _AT_ONCE)
        ]
    )
    tail = (1.0 - confidence) / 2.0
    lower, upper = (float(each) for each in np.quantile(means, (tail, 1.0 - tail)))
    return Interval(mean, min(lower, mean), max(upper, mean))
