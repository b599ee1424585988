"""From samples to wholes."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sterna_core.namespace_estimate.totals import Stratum, total

_values = st.lists(st.floats(0, 1e6), max_size=30)
_strata = st.lists(st.tuples(st.integers(0, 1_000), _values), max_size=5).map(
    lambda each: [Stratum(size, tuple(values)) for size, values in each]
)


@given(_strata)
def test_a_total_lies_between_its_bounds_and_is_no_less_than_what_was_seen(
    strata: list[Stratum],
) -> None:
    found = total(strata)
    if not any(each.values for each in strata):
        assert found is None
        return
    assert found is not None
    assert 0 <= found.low <= found.value <= found.high
    assert found.high * (1 + 1e-9) >= sum(value for each in strata for value in each.values)


@given(st.lists(_values.filter(len), min_size=1, max_size=5))
def test_what_was_measured_as_a_whole_is_known(values: list[list[float]]) -> None:
    found = total([Stratum(len(each), tuple(each)) for each in values])
    assert found is not None
    whole = sum(map(sum, values))
    for figure in (found.low, found.value, found.high):
        assert abs(figure - whole) <= 1e-6 * max(1.0, whole)


def test_the_bounds_hold_the_truth_in_most_samples() -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(200):
        parts = [[chance.gauss(middle, 20) for _ in range(400)] for middle in (50, 400)]
        found = total([Stratum(400, tuple(chance.sample(part, 40))) for part in parts])
        assert found is not None
        held += found.low <= sum(map(sum, parts)) <= found.high
    assert held >= 180
