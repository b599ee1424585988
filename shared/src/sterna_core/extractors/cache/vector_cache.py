"""Vectors that were made before, so that whoever needs them again need not make them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from sterna_core.errors import Unreachable
from sterna_core.extractors.extractor import Description

if TYPE_CHECKING:  # what only names a cache does without the extra `namespaces`
    from sterna_core.extractors.vector import Vector


class VectorCacheAway(Unreachable):
    """The database of the kept vectors does not answer."""

    code = "vector_cache_unavailable"

    def __init__(self) -> None:
        super().__init__("The database of the kept vectors does not answer; try again soon.")


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

    async def find(self, space: Space, hashes: Sequence[bytes]) -> "dict[bytes, Vector]":
        """Give the vectors that are known, by the hash of their text, bit for bit."""
        ...

    async def keep(self, space: Space, vectors: "Mapping[bytes, Vector]") -> None:
        """Keep vectors; those that are there already stay as they are."""
        ...

    async def forget(self, *, unused_seconds: float, most: int) -> int:
        """Forget vectors that nobody has asked for in so long, at most so many; gives how many."""
        ...
