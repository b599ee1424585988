from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.namespace_store.vector import Vector


class Document(Struct, frozen=True, gc=False):
    """A document as a whole: writing it replaces the payload and every vector it had.

    Vectors stand under the text of their feature URI; a document need not have one for each feature
    of its space. The objects of buckets are kept in the same shape, on a shelf of their own:
    `document_id` is the object's id and `collection_id` its bucket's.
    """

    document_id: str
    collection_id: str
    payload: dict[str, Any] = {}
    vectors: dict[str, Vector] = {}


def size_of(document: Document) -> int:
    """Give the bytes of a document: those of its payload as JSON, and of its vectors."""
    vectors = sum(len(each.packed) for each in document.vectors.values())
    return len(msgspec.json.encode(document.payload)) + vectors
