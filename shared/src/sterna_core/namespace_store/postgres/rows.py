"""Documents as the bytes of COPY, and rows as documents."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_SHORT = struct.Struct(">h")
_LENGTH = struct.Struct(">i")
_COLUMNS_AND_LENGTH = struct.Struct(">hi")
_FEATURE = struct.Struct(">ihi")
_DIMENSIONS = struct.Struct(">hh")
_VECTOR_HEAD = 4
"""A vector's bytes begin with its dimensions and two bytes that are not used."""


def documents_copy(rows: Iterable[tuple[str, str, bytes]]) -> bytes:
    """Give the rows of documents: id, collection, payload."""
    parts = [_HEADER]
    for document_id, collection_id, payload in rows:
        name, collection = document_id.encode(), collection_id.encode()
        parts += (
            _COLUMNS_AND_LENGTH.pack(3, len(name)),
            name,
            _LENGTH.pack(len(collection)),
            collection,
            _LENGTH.pack(len(payload)),
            payload,
        )
    parts.append(_END)
    return b"".join(parts)


def vectors_copy(rows: Iterable[tuple[str, int, bytes]]) -> bytes | None:
    """Give the rows of vectors: id, feature's number, the server's bytes; None where there are none."""
    parts = [_HEADER]
    for document_id, feature, packed in rows:
        name = document_id.encode()
        parts += (
            _COLUMNS_AND_LENGTH.pack(3, len(name)),
            name,
            _FEATURE.pack(2, feature, len(packed)),
            packed,
        )
    if len(parts) == 1:
        return None
    parts.append(_END)
    return b"".join(parts)


def vector_rows(
    documents: Iterable[Document], numbers: Mapping[str, int]
) -> Iterator[tuple[str, int, bytes]]:
    """Give the vectors of documents in the server's bytes; `numbers` are those of features."""
    for document in documents:
        for uri, vector in document.vectors.items():
            packed = _DIMENSIONS.pack(vector.dimensions, 0) + vector.packed
            yield document.document_id, numbers[uri], packed


def documents_of(rows: Iterable[Any], uris: Sequence[str]) -> list[Document]:
    """Make documents of rows: id, collection, payload, and a vector or null for each feature.

    A row without a payload is none.
    """
    decode = msgspec.json.decode
    return [
        Document(
            name,
            collection,
            decode(payload),
            {
                uri: Vector(vector[_VECTOR_HEAD:])
                for uri, vector in zip(uris, vectors, strict=True)
                if vector is not None
            },
        )
        for name, collection, payload, *vectors in rows
        if payload is not None
    ]


def planned_rows(plan: str) -> int:
    """Give how many rows the planner of queries takes a plan to give."""
    return int(msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"])
