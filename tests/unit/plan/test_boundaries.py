from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.boundaries import MAX_CHUNKS, boundaries

PAGES = st.integers(0, 2**32 - 2)
BYTES = st.integers(0, 2**45)
ROWS = st.integers(0, 2**40)
CHUNK_BYTES = st.integers(8192, 2**34)
BATCH_ROWS = st.one_of(st.none(), st.integers(1, 10**9))


@given(st.integers(0, 5_000), BYTES, ROWS, CHUNK_BYTES, BATCH_ROWS)
def test_every_page_is_in_exactly_one_range_and_so_are_pages_added_later(
    pages: int, stored: int, rows: int, chunk_bytes: int, batch_rows: int | None
):
    cut = boundaries(
        pages=pages, stored_bytes=stored, rows=rows, chunk_bytes=chunk_bytes, batch_rows=batch_rows
    )
    ranges = list(cut.ranges())
    assert ranges[0].first == 0
    assert [each.end for each in ranges[:-1]] == [each.first for each in ranges[1:]]
    assert ranges[-1].end is None
    assert all(each.end is None or each.end > each.first for each in ranges)
    assert ranges[-1].first < max(pages, 1), "no range is empty"


@given(PAGES, BYTES, ROWS, CHUNK_BYTES, BATCH_ROWS)
def test_a_table_of_any_size_has_a_bounded_number_of_ranges(
    pages: int, stored: int, rows: int, chunk_bytes: int, batch_rows: int | None
):
    cut = boundaries(
        pages=pages, stored_bytes=stored, rows=rows, chunk_bytes=chunk_bytes, batch_rows=batch_rows
    )
    assert 1 <= cut.chunks <= MAX_CHUNKS
    assert cut.pages_per_chunk >= 1
    assert (cut.chunks - 1) * cut.pages_per_chunk <= pages <= cut.chunks * cut.pages_per_chunk


def test_a_range_has_about_the_bytes_asked_for_with_what_is_stored_beside_the_pages():
    pages = 10_000
    plain = boundaries(pages=pages, stored_bytes=pages * 8192, rows=0, chunk_bytes=8_192_000)
    toasted = boundaries(pages=pages, stored_bytes=pages * 81_920, rows=0, chunk_bytes=8_192_000)
    assert plain.pages_per_chunk == 1_000
    assert toasted.pages_per_chunk == 100


def test_the_rows_the_user_sets_bound_a_range():
    cut = boundaries(pages=1_000, stored_bytes=8_192_000, rows=100_000, batch_rows=5_000)
    assert cut.pages_per_chunk == 50
    assert cut.chunks == 20
