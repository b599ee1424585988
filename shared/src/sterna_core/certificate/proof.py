"""What a comparison leaves behind: digests of both sides, bucket by bucket, and how to repeat it."""

from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_core.certificate.merkle import DIGEST_BYTES, leaf_hash, merkle_root

LEAF_BITS_MAX = 8
"""A table has at most 256 leaves: its buckets are put together by the lowest bits."""

_NOTHING = sha256().digest()


class TableProof(Struct, frozen=True, kw_only=True):
    """The digests of a table's two sides, and how its rows were hashed.

    `leaves` are those of the target, one SHA-256 after another: leaf `i` is over the lines
    `bucket rows sum` of the buckets whose lowest `leaf_bits` bits are `i`, in their order. The
    roots are Merkle roots, in hexadecimal, over the leaves of each side. `canon`, `oldest_major`
    and `same_encoding` say by which functions rows are hashed, `bucket_bits` into how many
    buckets (as a power of two) they fall.
    """

    canon: Literal["value", "text"]
    oldest_major: int
    same_encoding: bool
    bucket_bits: Annotated[int, Meta(ge=0, le=32)]
    leaf_bits: Annotated[int, Meta(ge=0, le=LEAF_BITS_MAX)]
    source_root: str
    target_root: str
    leaves: bytes = b""


def leaf_bits(bucket_bits: int) -> int:
    """Give into how many leaves, as a power of two, so many buckets are put together."""
    return min(bucket_bits, LEAF_BITS_MAX)


def joined_leaves(digests: dict[int, bytes], bits: int) -> bytes:
    """Put the digests of `2 ** bits` leaves in order; one that is missing has no rows."""
    return b"".join(digests.get(number, _NOTHING) for number in range(1 << bits))


def root_of_leaves(leaves: bytes) -> str:
    """Give the Merkle root, in hexadecimal, over digests that stand one after another."""
    digests = [
        leaf_hash(leaves[start : start + DIGEST_BYTES])
        for start in range(0, len(leaves), DIGEST_BYTES)
    ]
    return merkle_root(digests).hex()
