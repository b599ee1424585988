from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.buckets import (
    MOST_FINE_BITS,
    ROWS_PER_FINE_BUCKET,
    fine_bits,
    select_buckets,
)


@given(rows=st.integers(0, 10**12), bits=st.integers(0, 16), selected=st.integers(1, 2**16))
def test_fine_buckets_are_parts_of_coarse_ones_and_fit_into_a_query(
    rows: int, bits: int, selected: int
) -> None:
    fine = fine_bits(rows, bits, selected)
    assert bits <= fine <= MOST_FINE_BITS
    if fine < MOST_FINE_BITS:
        assert (rows // selected) // 2 ** (fine - bits) < ROWS_PER_FINE_BUCKET


@given(numbers=st.sets(st.integers(0, 255)))
def test_a_selection_holds_just_what_was_selected(numbers: set[int]) -> None:
    selected = select_buckets(8, numbers)
    bits = {number for number in range(256) if selected.bitmap[number // 8] >> (number % 8) & 1}
    assert bits == numbers
    assert len(selected.bitmap) == 32
