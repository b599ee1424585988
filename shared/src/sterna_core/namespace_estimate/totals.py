"""From a sample of each part to the whole: stratified estimates with their intervals."""

import math
from collections.abc import Sequence

from msgspec import Struct

from sterna_core.namespace_estimate.figures import Interval

_Z = 1.96
"""Bounds that hold 95 of 100 samples."""


class Stratum(Struct, frozen=True):
    """A part of a population, with what was measured of some of its members."""

    size: int
    values: tuple[float, ...]


def total(strata: Sequence[Stratum]) -> Interval | None:
    """Give the sum over all members (Cochran 1977, 5.3); None where nothing was measured.

    A part that nothing was measured of is taken for an average one. Nothing is below what was seen.
    """
    measured = [each for each in strata if each.values]
    if not measured:
        return None
    seen = math.fsum(value for each in measured for value in each.values)
    everything = [value for each in measured for value in each.values]
    value = half_squared = 0.0
    for each in strata:
        sample = each.values or tuple(everything)
        size = max(each.size, len(each.values))
        value += size * math.fsum(sample) / len(sample)
        left = 1 - len(each.values) / size if size else 0.0
        spread = _variance(sample if len(sample) > 1 else everything)
        half_squared += size * size * left * spread / len(sample)
    half = _Z * math.sqrt(half_squared)
    return Interval(value=value, low=max(min(seen, value), value - half), high=value + half)


def mean(values: Sequence[float]) -> Interval | None:
    """Give the mean of what some measurements say, with its bounds; None without any."""
    if not values:
        return None
    value = math.fsum(values) / len(values)
    half = _Z * math.sqrt(_variance(values) / len(values))
    return Interval(value=value, low=max(0.0, value - half), high=value + half)


def times(interval: Interval, factor: float) -> Interval:
    """Give so many times a figure."""
    return Interval(
        value=interval.value * factor, low=interval.low * factor, high=interval.high * factor
    )


def plus(one: Interval, other: Interval) -> Interval:
    """Add two figures; the bounds are those of the worst and of the best of both."""
    return Interval(
        value=one.value + other.value, low=one.low + other.low, high=one.high + other.high
    )


def product(one: Interval, other: Interval) -> Interval:
    """Multiply two figures that are not below 0."""
    return Interval(
        value=one.value * other.value, low=one.low * other.low, high=one.high * other.high
    )


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    middle = math.fsum(values) / len(values)
    return math.fsum((each - middle) ** 2 for each in values) / (len(values) - 1)
