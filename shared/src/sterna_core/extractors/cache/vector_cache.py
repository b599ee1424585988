"""Vectors that were made before, so that whoever needs them again need not make them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from msgspec import Struct

from sterna_core.extractors.extractor import Description
from sterna_core.extractors.vector import Vector, from_bytes, to_bytes


class Space(Struct, frozen=True):
    """What vectors are of: an output of an extractor's version with its parameters."""

    extractor: str
    version: str
    parameters: Mapping[str, Any]
    output: str
    digest: bytes
    """Identifies all of the above."""


def space_of(description: Description) -> Space:
    """Give the space of an extractor's first output."""
    return Space(
        extractor=description.name,
        version=description.version,
        parameters=description.parameters,
        output=description.output().name,
        digest=description.space(),
    )


def content_hash(text: str) -> bytes:
    """Identify a text by its SHA-256."""
    return sha256(text.encode()).digest()


class VectorCache(Protocol):
    """Keeps vectors by their space and the hash of their text. Every method raises Transient."""

    async def find(self, space: Space, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        """Give the vectors that are known, by the hash of their text, bit for bit."""
        ...

    async def keep(self, space: Space, vectors: Mapping[bytes, Vector]) -> None:
        """Keep vectors; those that are there already stay as they are."""
        ...

    async def forget(self, *, unused_seconds: float, most: int) -> int:
        """Forget vectors that nobody has asked for in so long, at most so many; gives how many."""
        ...


class InMemoryVectorCache:
    """Vectors of one process, which are never too old."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bytes], bytes] = {}

    async def find(self, space: Space, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        """Give the vectors that are known, by the hash of their text, bit for bit."""
        places = {each: self._kept.get((space.digest, each)) for each in hashes}
        return {each: from_bytes(data) for each, data in places.items() if data is not None}

    async def keep(self, space: Space, vectors: Mapping[bytes, Vector]) -> None:
        """Keep vectors; those that are there already stay as they are."""
        for each, vector in vectors.items():
            self._kept.setdefault((space.digest, each), to_bytes(vector))

    async def forget(self, *, unused_seconds: float, most: int) -> int:
        """Forget vectors, where even those that were asked for just now are too old."""
        gone = list(self._kept)[:most] if unused_seconds <= 0.0 else []
        for each in gone:
            del self._kept[each]
        return len(gone)
