import asyncio

import structlog

from sterna_core.errors import Transient
from sterna_core.extractors.cache.vector_cache import VectorCache

LOOK_SECONDS = 3600.0
VECTORS_AT_ONCE = 10_000
DAY_SECONDS = 24 * 3600.0
_log = structlog.get_logger()


class VectorRetention:
    """Forgets vectors that nobody has asked for in so many days."""

    def __init__(self, cache: VectorCache, days: int) -> None:
        self._cache = cache
        self._seconds = days * DAY_SECONDS

    async def run(self) -> None:
        """Forget what is too old now and then, for ever; a database that is away is asked later."""
        while True:
            try:
                await self.forget()
            except Transient as error:
                _log.warning("vectors.not_forgotten", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def forget(self) -> int:
        """Forget what is too old now; gives how many vectors that were. Raises Transient."""
        vectors = 0
        while gone := await self._cache.forget(unused_seconds=self._seconds, most=VECTORS_AT_ONCE):
            vectors += gone
        if vectors:
            _log.info("vectors.forgotten", vectors=vectors)
        return vectors
