"""How documents lie in points: the owner's payload under one key, vectors by names of their own."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid5

from qdrant_client import models

from sterna_core.ids import NAMESPACE
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.vector import Vector

ID = "document_id"
COLLECTION = "collection_id"
PAYLOAD = "payload"
EXACT = "exact"
"""Vectors as they were written, where the cosine needs another length of them."""
_UNIT_WITHIN = 1e-6


class Layout(Protocol):
    """How documents are made of points, and found by their ids."""

    def document(self, record: models.Record | models.ScoredPoint, *, whole: bool) -> Document:
        """Make a document, with its vectors if it is to be whole."""
        ...

    def ids(self, names: Sequence[str]) -> models.Filter:
        """Give the filter for documents by their ids."""
        ...

    def collections(self, names: Sequence[str]) -> models.Filter | None:
        """Give the filter for collections; None where all is of one that is among them."""
        ...

    def field(self, steps: Sequence[str]) -> str:
        """Give the path of a field of the payload."""
        ...


class OwnLayout:
    """Points as this store writes them."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = {each.uri: each for each in features}
        self._uris = {vector_name(each.uri): each.uri for each in features}

    def document(self, record: models.Record | models.ScoredPoint, *, whole: bool) -> Document:
        """Make a document of a point."""
        kept = record.payload or {}
        return Document(
            kept[ID], kept[COLLECTION], kept[PAYLOAD], self._vectors(record, kept) if whole else {}
        )

    @staticmethod
    def ids(names: Sequence[str]) -> models.Filter:
        """Find points by the ids that follow from those of documents."""
        return models.Filter(must=[models.HasIdCondition(has_id=list(map(point_id, names)))])

    @staticmethod
    def collections(names: Sequence[str]) -> models.Filter | None:
        """Find points by what they say of their collection."""
        return any_of(COLLECTION, names)

    @staticmethod
    def field(steps: Sequence[str]) -> str:
        """Lead into the owner's payload."""
        return quoted([PAYLOAD, *steps])

    def point(self, document: Document) -> models.PointStruct:
        """Make the point of a document."""
        payload: dict[str, Any] = {
            ID: document.document_id,
            COLLECTION: document.collection_id,
            PAYLOAD: document.payload,
        }
        vectors: dict[str, Any] = {}
        exact: dict[str, str] = {}
        for uri, vector in document.vectors.items():
            name, values = vector_name(uri), vector.values()
            vectors[name] = list(values)
            if self._features[uri].metric == "cosine" and not _fits(values):
                vectors[name] = unit(values)
                exact[name] = base64.b64encode(vector.packed).decode()
        if exact:
            payload[EXACT] = exact
        return models.PointStruct(
            id=point_id(document.document_id), payload=payload, vector=vectors
        )

    def _vectors(
        self, record: models.Record | models.ScoredPoint, kept: Mapping[str, Any]
    ) -> dict[str, Vector]:
        vectors = record.vector if isinstance(record.vector, dict) else {}
        exact = kept.get(EXACT, {})
        return {
            uri: Vector(base64.b64decode(exact[name])) if name in exact else packed(vectors[name])
            for name, uri in self._uris.items()
            if name in vectors
        }


def vector_name(uri: str) -> str:
    """Name the vectors of a feature; a server makes folders of these names."""
    return f"feature_{uuid5(NAMESPACE, uri).hex}"


def point_id(document_id: str) -> str:
    """Give the id of a document's point: the same at every attempt."""
    return str(uuid5(NAMESPACE, f"document\0{document_id}"))


def packed(vector: Any) -> Vector:
    """Read the numbers of a point; the client gives 32-bit numbers in 64 bits."""
    return Vector.of(vector)


def unit(values: Sequence[float]) -> list[float]:
    """Give a vector of the same direction and of length one; zeros stay."""
    length = math.hypot(*values)
    return [each / length for each in values] if length else list(values)


def any_of(field: str, names: Sequence[str]) -> models.Filter:
    """Give the filter for a field with one of some texts."""
    if not names:
        return nothing()
    match = models.MatchAny(any=list(names))
    return models.Filter(must=[models.FieldCondition(key=quoted([field]), match=match)])


def nothing() -> models.Filter:
    """Give the filter that no point fits."""
    return models.Filter(must=[models.HasIdCondition(has_id=[])])


def quoted(steps: Sequence[str]) -> str:
    """Write a path of names."""
    return ".".join(f'"{each}"' for each in steps)


def order_of(position: int | str | UUID) -> tuple[bool, int, str]:
    """Give what the order of points is by: numbers first, then UUIDs."""
    if isinstance(position, int):
        return (False, position, "")
    return (True, 0, str(position))


def point_of(position: str) -> int | str:
    """Read a position as the id of a point."""
    return int(position) if position.isdecimal() else position


def _fits(values: Sequence[float]) -> bool:
    """Tell whether a vector is kept for cosines as it is: it has length one, or none."""
    length = math.hypot(*values)
    return not length or abs(length - 1) <= _UNIT_WITHIN
