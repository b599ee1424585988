"""Which buckets of a comparison are meant, and how these are divided further."""

from collections.abc import Iterable

from sterna_executor.databases.postgresql.hashed_rows import Selected

MOST_FINE_BITS = 22
"""A selection of fine buckets goes into a query as a bitmap: 512 KiB with as many bits."""

ROWS_PER_FINE_BUCKET = 32


def fine_bits(rows: int, coarse_bits: int, coarse_selected: int) -> int:
    """Give the bits of a second level, for `rows` rows in `coarse_selected` of the first's buckets.

    Fine buckets are parts of coarse ones, and there are so many that each has a few rows.
    """
    rows_per_coarse = max(rows, 1) // max(coarse_selected, 1)
    extra = (rows_per_coarse // ROWS_PER_FINE_BUCKET).bit_length()
    return max(min(coarse_bits + extra, MOST_FINE_BITS), coarse_bits)


def select_buckets(bits: int, numbers: Iterable[int]) -> Selected:
    """Mark some of `2 ** bits` buckets."""
    bitmap = bytearray(max(2**bits // 8, 1))
    for number in numbers:
        bitmap[number >> 3] |= 1 << (number & 7)
    return Selected(bits, bytes(bitmap))
