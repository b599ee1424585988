"""Rows from one server to another as the bytes of COPY, never parsed and never all in memory."""

import asyncio
from collections.abc import AsyncIterable, Awaitable
from dataclasses import dataclass

import asyncpg

from sterna_core.errors import DataRejected
from sterna_core.group_error import foremost
from sterna_core.migration.plan import CopyFormat
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_context import place_in_copy
from sterna_executor.databases.postgresql.errors import Role, translate, translated, unreachable
from sterna_executor.databases.postgresql.flow import Flow, OnBytes

STALL_SECONDS = 900.0
"""How long nothing may come or go before a server is taken for hung; a lost one is found sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """Where rows go: a table of the target and its columns."""

    schema: str
    table: str
    columns: tuple[str, ...]
    copy_format: CopyFormat


@dataclass(frozen=True, slots=True)
class Piped:
    """What went through: the rows that left, the rows that arrived, and the bytes."""

    rows_sent: int
    rows_taken: int
    bytes: int


async def pipe(
    source: Connection,
    query: str,
    target: Connection,
    inlet: Inlet,
    *,
    on_bytes: OnBytes | None = None,
    first: Awaitable[None] | None = None,
    stall_seconds: float | None = STALL_SECONDS,
) -> Piped:
    """Run `query` on one connection and COPY its rows into a table on the other.

    Both connections are in transactions of the caller, which has to give these up where this
    raises. Memory is bounded by the queue, or by the largest row where one is larger than that.
    `first` is what the target does while the source begins. A query that computes long before
    its first row takes `stall_seconds` None.
    """
    flow = Flow(on_bytes)
    try:
        async with asyncio.TaskGroup() as group:
            # asyncpg may wait for ever to write to a socket that was lost: these two know better.
            watches = [
                group.create_task(lost(source, "source")),
                group.create_task(lost(target, "target")),
                group.create_task(flow.watch(stall_seconds)),
            ]
            sending = group.create_task(_send(source, query, inlet, flow))
            if first is not None:
                await first
            taking = group.create_task(take(target, inlet, flow))
            rows_sent, rows_taken = await sending, await taking
            for watch in watches:
                watch.cancel()
    except BaseExceptionGroup as group_error:
        raise foremost(group_error) from None
    return Piped(rows_sent, rows_taken, flow.bytes)


async def _send(source: Connection, query: str, inlet: Inlet, flow: Flow) -> int:
    with translated("source"):
        status = await source.copy_from_query(query, output=flow.put, format=inlet.copy_format)
    await flow.end()
    return _rows(status)


async def take(target: Connection, inlet: Inlet, rows: AsyncIterable[bytes | bytearray]) -> int:
    """COPY rows into a table and count them; a refusal names line and column where it can."""
    try:
        status = await target.copy_to_table(
            inlet.table,
            schema_name=inlet.schema,
            columns=list(inlet.columns),
            source=rows,
            format=inlet.copy_format,
        )
    except asyncpg.PostgresError as error:
        refused = translate(error, "target")
        if isinstance(refused, DataRejected):
            refused.details |= place_in_copy(error.context or "", inlet.table, inlet.columns)
        raise refused from None
    except DRIVER_ERRORS as error:
        raise translate(error, "target") from None
    return _rows(status)


async def lost(connection: Connection, role: Role) -> None:
    """Raise Unreachable once a connection is lost; never returns."""
    gone = asyncio.Event()

    def tell(_: object) -> None:
        gone.set()

    try:
        connection.add_termination_listener(tell)
    except asyncpg.InterfaceError:
        raise unreachable(role, "connection_lost") from None
    try:
        await gone.wait()
    finally:
        connection.remove_termination_listener(tell)
    # The COPY itself says more where it can: let it speak first.
    await asyncio.sleep(0)
    raise unreachable(role, "connection_lost")


def _rows(status: str) -> int:
    return int(status.rpartition(" ")[2])
