"""How many buckets a comparison has, and which of them are meant."""

from collections.abc import Iterable

from sterna_executor.databases.postgresql.hashed_rows import Selected

FEWEST_BITS = 4
MOST_BITS = 16
"""A scan keeps three figures for each bucket: 65,536 buckets are 2 MB for each range."""

ROWS_PER_BUCKET = 2048
MOST_FINE_BITS = 22
ROWS_PER_FINE_BUCKET = 32


def bucket_bits(estimated_rows: int) -> int:
    """Give how many bits number the buckets of a table: 1,024 to 2,048 rows each, within limits."""
    wanted = (max(estimated_rows, 1) - 1) // ROWS_PER_BUCKET
    return min(max(wanted.bit_length(), FEWEST_BITS), MOST_BITS)


def fine_bits(rows: int, coarse_bits: int, coarse_selected: int) -> int:
    """Give the bits of a second level, for `rows` rows in `coarse_selected` of the first's buckets.

    Fine buckets are parts of coarse ones, and there are so many that each has a few rows.
    """
    rows_per_coarse = max(rows, 1) // max(coarse_selected, 1)
    extra = (rows_per_coarse // ROWS_PER_FINE_BUCKET).bit_length()
    return min(coarse_bits + extra, max(MOST_FINE_BITS, coarse_bits))


def select_buckets(bits: int, numbers: Iterable[int]) -> Selected:
    """Mark some of `2 ** bits` buckets."""
    bitmap = bytearray(2**bits // 8 or 1)
    for number in numbers:
        bitmap[number >> 3] |= 1 << (number & 7)
    return Selected(bits, bytes(bitmap))
