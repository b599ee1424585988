import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from sterna_core.namespace_store.postgres.errors import translate
from sterna_core.postgres.driver_errors import DRIVER_ERRORS

Connection: TypeAlias = Any
Pool: TypeAlias = Any

WORK_SECONDS = 120.0
"""How long one call may take, with waiting for a connection: a batch, a page, a search."""

LONG_SECONDS = 6 * 3600.0
"""How long building an index or counting a large space may take."""

SETTINGS = {
    "search_path": "pg_catalog",  # every name is written with its schema
    "synchronous_commit": "on",  # what was reported as written survives a crash
    "jit": "off",
    "client_min_messages": "error",
    "plan_cache_mode": "force_custom_plan",  # the bounds of a span decide how it is read
}
"""What the sessions of a store need; a pool is opened with them."""


class Sessions:
    """The connections of a store, lent for one call, with a deadline."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def plain(self, seconds: float = WORK_SECONDS) -> AsyncGenerator[Connection]:
        """Lend a connection for single statements."""
        try:
            async with asyncio.timeout(seconds), self._pool.acquire() as connection:
                yield connection
        except DRIVER_ERRORS as error:
            raise translate(error) from None

    @asynccontextmanager
    async def transaction(self, seconds: float = WORK_SECONDS) -> AsyncGenerator[Connection]:
        """Lend a connection for what is done as a whole or not at all."""
        async with self.plain(seconds) as connection, connection.transaction():
            yield connection


async def open_pool(size: int, **where: Any) -> Pool:
    """Open a pool of connections; `where` is what asyncpg takes: a url, or host, user and so on."""
    try:
        return await asyncpg.create_pool(
            **where,
            min_size=0,
            max_size=size,
            command_timeout=None,
            server_settings=SETTINGS | {"application_name": "sterna namespaces"},
        )
    except DRIVER_ERRORS as error:
        raise translate(error) from None
