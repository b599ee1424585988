import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from sterna_core.errors import Unreachable
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.secrets.secret import Secret

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0
CLOSE_SECONDS = 5.0
LIVE_SCHEMA = "sterna"
_APPLICATION = "sterna-api"


class DatabaseAway(Unreachable):
    """The database of the projections does not answer."""

    code = "database_unavailable"

    def __init__(self) -> None:
        super().__init__("The database of the projections does not answer; try again soon.")


class Database:
    """The PostgreSQL of the projections: a pool for reading, and sessions of one's own."""

    def __init__(self, url: Secret, *, schema: str = LIVE_SCHEMA, pool_size: int = 10) -> None:
        self._url = url
        self.schema = schema
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    def with_schema(self, schema: str) -> "Database":
        """Give the same database with another schema, not open."""
        return Database(self._url, schema=schema, pool_size=self._pool_size)

    @property
    def channel(self) -> str:
        """Name the channel on which projectors announce how far they are."""
        return f"{self.schema}_positions"

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """Give the pool itself; it must be open."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    async def open(self) -> None:
        """Open the pool; raises DatabaseAway."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url.reveal(),
                min_size=1,
                max_size=self._pool_size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=self._settings(),
            )
        except DRIVER_ERRORS:
            raise DatabaseAway from None

    async def close(self) -> None:
        """Close the pool within a stated time."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Read rows; raises DatabaseAway."""
        try:
            rows: list[asyncpg.Record] = await self.pool.fetch(statement, *arguments)
        except DRIVER_ERRORS:
            raise DatabaseAway from None
        return rows

    async def fetchrow(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        """Read the first row, if there is one; raises DatabaseAway."""
        rows = await self.fetch(statement, *arguments)
        return rows[0] if rows else None

    async def count(self, statement: str, *arguments: Any) -> int:
        """Read one number; raises DatabaseAway."""
        rows = await self.fetch(statement, *arguments)
        number: int = rows[0][0]
        return number

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[asyncpg.Connection, None]:
        """Open a connection of one's own, for writing, locks and listening.

        Raises DatabaseAway where it cannot be opened; what statements raise goes through.
        """
        try:
            connection = await asyncpg.connect(
                self._url.reveal(),
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=self._settings(),
            )
        except DRIVER_ERRORS:
            raise DatabaseAway from None
        try:
            yield connection
        finally:
            await _close(connection)

    def _settings(self) -> dict[str, str]:
        return {"search_path": self.schema, "application_name": _APPLICATION}


async def _close(connection: asyncpg.Connection) -> None:
    try:
        # The driver's own time-out can hang while a statement is being cancelled.
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close()
    except DRIVER_ERRORS:
        connection.terminate()
    except asyncio.CancelledError:
        connection.terminate()
        raise
