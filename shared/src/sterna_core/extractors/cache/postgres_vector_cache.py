import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from sterna_core.errors import MissingRight
from sterna_core.extractors.cache.vector_cache import Space, VectorCacheAway
from sterna_core.extractors.vector import Vector, from_bytes, to_bytes
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.queries import load_queries
from sterna_core.postgres.schema_steps import apply_steps, read_steps
from sterna_core.secrets.secret import Secret

SCHEMA = "sterna_vectors"
POOL_SIZE = 4
CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0
CLOSE_SECONDS = 5.0
USED_SECONDS = 24 * 3600.0
"""How exactly it is known when a vector was last asked for."""

_PACKAGE = "sterna_core.extractors.cache"


class PostgresVectorCache:
    """Keeps vectors in PostgreSQL as the bytes of their float32 numbers."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", *, used_seconds: float = USED_SECONDS
    ) -> None:
        self._pool = pool
        self._used_seconds = used_seconds
        self._queries = load_queries(_PACKAGE, "vectors.sql")

    async def find(self, space: Space, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        """Give the vectors that are known, by the hash of their text; raises VectorCacheAway."""
        wanted = list(hashes)
        rows = await self._fetch("find", space.digest, wanted)
        if rows:
            await self._fetch("use", space.digest, wanted, self._used_seconds)
        return {row["content_hash"]: from_bytes(row["vector"]) for row in rows}

    async def keep(self, space: Space, vectors: Mapping[bytes, Vector]) -> None:
        """Keep vectors; those that are there already stay as they are; raises VectorCacheAway."""
        await self._fetch(
            "name_space",
            space.digest,
            space.extractor,
            space.version,
            msgspec.json.encode(space.parameters).decode(),
            space.output,
        )
        data = [to_bytes(vector) for vector in vectors.values()]
        await self._fetch("keep", space.digest, list(vectors), data)

    async def forget(self, *, unused_seconds: float, most: int) -> int:
        """Forget vectors that nobody has asked for in so long; raises VectorCacheAway."""
        rows = await self._fetch("forget", unused_seconds, most)
        gone: int = rows[0][0]
        return gone

    async def _fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await self._pool.fetch(
                self._queries[statement], *arguments
            )
        except DRIVER_ERRORS:
            raise VectorCacheAway from None
        return rows


@asynccontextmanager
async def open_vector_cache(
    url: Secret, *, schema: str = SCHEMA, pool_size: int = POOL_SIZE
) -> AsyncGenerator[PostgresVectorCache]:
    """Open the vectors that a database keeps, in tables of their own.

    Raises VectorCacheAway, and MissingRight where the tables cannot be made.
    """
    try:
        pool = await asyncpg.create_pool(
            url.reveal(),
            min_size=1,
            max_size=pool_size,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings={"search_path": schema, "application_name": "sterna-vectors"},
        )
    except DRIVER_ERRORS:
        raise VectorCacheAway from None
    try:
        await _prepare(pool, schema)
        yield PostgresVectorCache(pool)
    finally:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _prepare(pool: "asyncpg.Pool[asyncpg.Record]", schema: str) -> None:
    try:
        async with pool.acquire() as connection:
            await apply_steps(connection, schema, read_steps(_PACKAGE))
    except asyncpg.InsufficientPrivilegeError:
        raise MissingRight(
            f"The user of the database may not make the schema {schema} or tables in it."
        ) from None
    except DRIVER_ERRORS:
        raise VectorCacheAway from None
