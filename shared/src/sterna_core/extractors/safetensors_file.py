"""Reads safetensors: the length of a header, the header as JSON, and the numbers as they are."""

import mmap
import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
_TYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}


class _Tensor(Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Give the tensors of a file by name; they stay in the file and are read when they are used."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    header = msgspec.json.decode(data[_LENGTH.size : start], type=dict[str, msgspec.Raw])
    header.pop("__metadata__", None)
    tensors = {}
    for name, raw in header.items():
        tensor = msgspec.json.decode(raw, type=_Tensor)
        first, end = tensor.data_offsets
        dtype = np.dtype(_TYPES[tensor.dtype])
        flat = np.frombuffer(data, dtype, (end - first) // dtype.itemsize, start + first)
        tensors[name] = flat.reshape(tensor.shape)
    return tensors
