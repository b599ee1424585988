"""Rows as documents."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.packed_rows import VECTOR_HEAD
from sterna_core.namespace_store.vector import Vector


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
                uri: Vector(vector[VECTOR_HEAD:])
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
