"""Rows of documents and of vectors in the binary format of PostgreSQL's COPY.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
"""

import struct
from collections.abc import Iterable, Iterator, Mapping

from sterna_core.namespace_store.document import Document

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEADER = _SIGNATURE + bytes(8)
_LENGTH_OF_EXTENSION = len(_SIGNATURE) + 4
_END = b"\xff\xff"
_NO_MORE = -1
_COUNT = struct.Struct(">h")
_LENGTH = struct.Struct(">i")
_COLUMNS_AND_LENGTH = struct.Struct(">hi")
_FEATURE = struct.Struct(">ihi")
_DIMENSIONS = struct.Struct(">hh")
_COLUMNS = 3

VECTOR_HEAD = _DIMENSIONS.size
"""A vector's bytes begin with its dimensions and two bytes that are not used."""

NO_ROWS = _HEADER + _END


def pack_documents(rows: Iterable[tuple[str, str, bytes]]) -> bytes:
    """Give the rows of documents: id, collection, payload."""
    parts = [_HEADER]
    for document_id, collection_id, payload in rows:
        name, collection = document_id.encode(), collection_id.encode()
        parts += (
            _COLUMNS_AND_LENGTH.pack(_COLUMNS, len(name)),
            name,
            _LENGTH.pack(len(collection)),
            collection,
            _LENGTH.pack(len(payload)),
            payload,
        )
    parts.append(_END)
    return b"".join(parts)


def unpack_documents(rows: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Give what was packed."""
    for name, collection, payload in _fields(rows):
        yield name.decode(), collection.decode(), payload


def pack_vectors(rows: Iterable[tuple[str, int, bytes]]) -> bytes:
    """Give the rows of vectors: id of the document, number of the feature, bytes of the vector."""
    parts = [_HEADER]
    for document_id, feature, packed in rows:
        name = document_id.encode()
        parts += (
            _COLUMNS_AND_LENGTH.pack(_COLUMNS, len(name)),
            name,
            _FEATURE.pack(_COUNT.size, feature, len(packed)),
            packed,
        )
    parts.append(_END)
    return b"".join(parts)


def unpack_vectors(rows: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Give what was packed."""
    for name, feature, packed in _fields(rows):
        yield name.decode(), _COUNT.unpack(feature)[0], packed


def vector_rows(
    documents: Iterable[Document], numbers: Mapping[str, int]
) -> Iterator[tuple[str, int, bytes]]:
    """Give the vectors of documents to be packed; `numbers` are those of features."""
    for document in documents:
        for uri, vector in document.vectors.items():
            packed = _DIMENSIONS.pack(vector.dimensions, 0) + vector.packed
            yield document.document_id, numbers[uri], packed


def _fields(rows: bytes) -> Iterator[list[bytes]]:
    size_of, at = _LENGTH.unpack_from, _begin(rows)
    while _COUNT.unpack_from(rows, at)[0] != _NO_MORE:
        at += _COUNT.size
        fields = []
        for _ in range(_COLUMNS):
            (size,) = size_of(rows, at)
            begin = at + _LENGTH.size
            at = begin + size
            fields.append(rows[begin:at])
        yield fields


def _begin(rows: bytes) -> int:
    (extension,) = _LENGTH.unpack_from(rows, _LENGTH_OF_EXTENSION)
    return len(_HEADER) + int(extension)
