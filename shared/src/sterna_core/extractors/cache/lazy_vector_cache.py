import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

import structlog

from sterna_core.errors import MissingRight, Transient
from sterna_core.extractors.cache.vector_cache import Space, VectorCache, VectorCacheAway
from sterna_core.secrets.secret import Secret

if TYPE_CHECKING:  # what only names a cache does without the extra `namespaces`
    from sterna_core.extractors.vector import Vector

REST_SECONDS = 30.0
"""How long a database that did not answer is left alone."""
_POSTGRES = "sterna_core.extractors.cache.postgres_vector_cache"

_log = structlog.get_logger(__name__)


class LazyVectorCache:
    """The vectors that a database keeps, opened when one is asked for first.

    Who embeds nothing needs neither the database nor the extra `namespaces`.
    """

    def __init__(self, url: Secret, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._cache: VectorCache | None = None
        self._rests_until = 0.0

    async def find(self, space: Space, hashes: Sequence[bytes]) -> "dict[bytes, Vector]":
        """Give the vectors that are known; raises VectorCacheAway."""
        return await (await self._opened()).find(space, hashes)

    async def keep(self, space: Space, vectors: "Mapping[bytes, Vector]") -> None:
        """Keep vectors; raises VectorCacheAway."""
        await (await self._opened()).keep(space, vectors)

    async def forget(self, *, unused_seconds: float, most: int) -> int:
        """Forget vectors that nobody has asked for in so long; raises VectorCacheAway.

        Where nothing was asked for yet, nothing is opened for it.
        """
        if self._cache is None:
            return 0
        return await self._cache.forget(unused_seconds=unused_seconds, most=most)

    async def close(self) -> None:
        """Close what was opened."""
        self._cache = None
        await self._stack.aclose()

    async def _opened(self) -> VectorCache:
        async with self._opening:
            if self._cache is None:
                if self._monotonic() < self._rests_until:
                    raise VectorCacheAway
                module = await asyncio.to_thread(import_module, _POSTGRES)
                try:
                    cache: VectorCache = await self._stack.enter_async_context(
                        module.open_vector_cache(self._url)
                    )
                except (Transient, MissingRight) as error:
                    self._rests_until = self._monotonic() + REST_SECONDS
                    _log.warning("vector_cache.not_opened", code=error.code)
                    raise VectorCacheAway from None
                self._cache = cache
            return self._cache
