_ROWS_A_BUCKET = 1_000
_MAX_BUCKET_BITS = 16


def bucket_bits(estimated_rows: int) -> int:
    """Choose into how many buckets a table is summed: about a thousand rows each, at most 65,536.

    Gives the exponent of two.
    """
    return min(_MAX_BUCKET_BITS, max(0, (max(0, estimated_rows) // _ROWS_A_BUCKET).bit_length()))
