import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import starmap
from typing import Any

import asyncpg

from sterna_core.errors import Unreachable
from sterna_core.journal.snapshot import EntrySnapshot, Snapshot
from sterna_core.journal.terms import Position
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.queries import load_queries

_SECONDS = 30.0


class PostgresSnapshots:
    """Keeps the snapshots of a journal's partitions in PostgreSQL."""

    def __init__(self, pool: "asyncpg.Pool[Any]", topic: str) -> None:
        self._pool = pool
        self._topic = topic
        self._queries = load_queries("sterna_api.decider", "snapshots.sql")

    async def create_tables(self) -> None:
        """Make the tables if they are not there; raises Unreachable."""
        async with self._transaction() as connection:
            await connection.execute(self._queries["create_positions"])
            await connection.execute(self._queries["create_entries"])

    async def load(self, partition: int) -> Snapshot | None:
        """Give what was saved last; raises Unreachable."""
        async with self._transaction(isolation="repeatable_read") as connection:
            at = await connection.fetchrow(self._queries["load_position"], self._topic, partition)
            if at is None:
                return None
            rows = await connection.fetch(self._queries["load_entries"], self._topic, partition)
        return Snapshot(
            partition=partition,
            position=Position(at["next_offset"], at["term"], at["owner"]),
            source_offset=at["source_offset"],
            last_record=at["last_record"],
            schema=at["schema"],
            entries=tuple(starmap(EntrySnapshot, rows)),
        )

    async def save(self, snapshot: Snapshot, *, since: int | None) -> bool:
        """Save a whole snapshot, or what has changed since the one saved at offset `since`.

        Gives false, and changes nothing, where the one kept is not of that offset. Raises
        Unreachable.
        """
        place = (self._topic, snapshot.partition)
        async with self._transaction() as connection:
            await connection.execute(self._queries["lock_partition"], *place)
            if since is None:
                await connection.execute(self._queries["delete_entries"], *place)
            else:
                kept = await connection.fetchrow(self._queries["load_position"], *place)
                if kept is None or kept["next_offset"] != since:
                    return False
            await connection.execute(
                self._queries["save_entries"],
                *place,
                [entry.org_id for entry in snapshot.entries],
                [entry.aggregate_id for entry in snapshot.entries],
                [entry.body for entry in snapshot.entries],
            )
            await connection.execute(
                self._queries["save_position"],
                *place,
                snapshot.position.next_offset,
                snapshot.position.term,
                snapshot.position.owner,
                snapshot.source_offset,
                snapshot.last_record,
                snapshot.schema,
            )
        return True

    @asynccontextmanager
    async def _transaction(
        self, isolation: str = "read_committed"
    ) -> "AsyncGenerator[asyncpg.pool.PoolConnectionProxy[Any]]":
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._pool.acquire() as connection,
                connection.transaction(isolation=isolation),
            ):
                yield connection
        except DRIVER_ERRORS as error:
            raise Unreachable("The database of snapshots does not answer.") from error
