from collections.abc import Mapping, Sequence

from sterna_core.extractors.cache.vector_cache import Space
from sterna_core.extractors.vector import Vector, from_bytes, to_bytes


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
