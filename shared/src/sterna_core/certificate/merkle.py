"""Merkle trees over SHA-256, as RFC 6962 builds them: leaves and nodes are hashed apart."""

from collections.abc import Sequence
from hashlib import sha256

DIGEST_BYTES = 32
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """Hash what a leaf stands for."""
    return sha256(_LEAF + content).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over the hashes of leaves, in their order; of none it is SHA-256 of nothing."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(_NODE + merkle_root(leaves[:left]) + merkle_root(leaves[left:])).digest()
