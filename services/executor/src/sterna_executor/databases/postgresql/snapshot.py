"""Snapshots of the source that several sessions share."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import SnapshotLost
from sterna_core.group_error import foremost
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.identifiers import literal
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.connection import (
    CONNECT_TIMEOUT_SECONDS,
    Connection,
    close,
    connect,
)
from sterna_executor.databases.postgresql.errors import translated

HEARTBEAT_SECONDS = 5.0
HEARTBEAT_TIMEOUT_SECONDS = 15.0

_BEGIN = "begin isolation level repeatable read read only"
# Not known any more, or not importable any more; an empty name is an internal error.
_GONE = {"22023", "42704", "55000", "58P01", "XX000"}


@dataclass(frozen=True, slots=True)
class HeldSnapshot:
    """An exported snapshot; `lost` is set when the session that holds it has died."""

    snapshot_id: str
    lost: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def hold_snapshot(
    endpoint: Endpoint,
    password: Secret,
    *,
    application_name: str,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    heartbeat_timeout_seconds: float = HEARTBEAT_TIMEOUT_SECONDS,
    connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
) -> AsyncGenerator[HeldSnapshot]:
    """Export a snapshot of the source and hold it until the block ends.

    It has a connection of its own beside those of the pool, so that it waits for nobody. A
    heartbeat finds out that the session died where the network does not say so.
    """
    connection = await connect(
        endpoint,
        password,
        role="source",
        application_name=application_name,
        timeout_seconds=connect_timeout_seconds,
    )
    try:
        with translated("source"):
            async with asyncio.timeout(heartbeat_timeout_seconds):
                await connection.execute(_BEGIN)
                snapshot_id = await connection.fetchval("select pg_catalog.pg_export_snapshot()")
        held = HeldSnapshot(snapshot_id)
        # The heartbeat does nothing while it waits, and asyncpg tells at once of a closed socket.
        connection.add_termination_listener(lambda _: held.lost.set())
        try:
            async with asyncio.TaskGroup() as group:
                heart = group.create_task(
                    _beat(connection, held, heartbeat_seconds, heartbeat_timeout_seconds)
                )
                try:
                    yield held
                finally:
                    heart.cancel()
        except BaseExceptionGroup as errors:
            raise foremost(errors) from None  # what the block raised
    finally:
        await close(connection)


async def read_under(connection: Connection, snapshot_id: str, *, in_order: bool = False) -> None:
    """Begin a transaction on the source that sees exactly what the snapshot shows.

    With `in_order`, rows come in the order in which they are stored: no worker helps. Raises SnapshotLost where the snapshot is no longer held.
    """
    alone = "; set local max_parallel_workers_per_gather = 0" if in_order else ""
    await _set(
        connection, f"{_BEGIN}; set transaction snapshot {literal(snapshot_id)}{alone}", snapshot_id
    )


async def look_under(connection: Connection, snapshot_id: str) -> None:
    """Let a transaction that has just begun see what the snapshot shows; raises SnapshotLost."""
    await _set(connection, f"set transaction snapshot {literal(snapshot_id)}", snapshot_id)


async def _set(connection: Connection, statement: str, snapshot_id: str) -> None:
    with translated("source"):
        try:
            await connection.execute(statement)
        except asyncpg.PostgresError as error:
            if error.sqlstate in _GONE:
                raise SnapshotLost(
                    "the snapshot of the source is gone; a new one is needed",
                    details={"snapshot_id": snapshot_id},
                ) from None
            raise


async def _beat(
    connection: Connection,
    held: HeldSnapshot,
    heartbeat_seconds: float,
    heartbeat_timeout_seconds: float,
) -> None:
    while not held.lost.is_set():
        try:
            async with asyncio.timeout(heartbeat_timeout_seconds):
                await connection.fetchval("select 1")
        except DRIVER_ERRORS:
            held.lost.set()
            return
        try:
            async with asyncio.timeout(heartbeat_seconds):
                await held.lost.wait()
        except TimeoutError:
            continue  # still held: time for the next beat
