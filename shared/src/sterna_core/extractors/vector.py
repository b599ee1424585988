"""Vectors of float32, and the bytes that they are kept as."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float32]

_KEPT = np.dtype(">f4")


def to_bytes(vector: Vector) -> bytes:
    """Give a vector as big-endian float32, as stores exchange them."""
    return vector.astype(_KEPT, copy=False).tobytes()


def from_bytes(data: bytes) -> Vector:
    """Read a vector that `to_bytes` has written."""
    return np.frombuffer(data, dtype=_KEPT).astype(np.float32, copy=False)


def unit_rows(matrix: Matrix) -> Matrix:
    """Give each row the length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float32))
    lengths[~lengths.astype(bool)] = 1.0
    return np.asarray(matrix / lengths[:, None], dtype=np.float32)


def has_direction(vector: Vector) -> bool:
    """Say whether every number is finite and not all are zero."""
    return bool(np.isfinite(vector).all() and vector.any())
