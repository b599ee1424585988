"""Rows from one server to another as the bytes of COPY, never parsed and never all in memory."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from sterna_core.errors import DataRejected
from sterna_core.migration.plan import CopyFormat
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import (
    DRIVER_ERRORS,
    Role,
    translate,
    translated,
    unreachable,
)
from sterna_executor.databases.postgresql.group_error import foremost

BUFFER_BYTES = 128 * 1024
"""Small reads from the network are put together up to this size."""

QUEUED_BUFFERS = 8
"""How many buffers the reader may be ahead of the writer."""

STALL_SECONDS = 900.0
"""How long nothing may come or go before a server is taken for hung; a lost one is found sooner."""

OnBytes = Callable[[int], None]


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
    flow = _Flow(on_bytes)
    try:
        async with asyncio.TaskGroup() as group:
            # asyncpg may wait for ever to write to a socket that was lost: these two know better.
            lost = [
                group.create_task(_lost(source, "source")),
                group.create_task(_lost(target, "target")),
                group.create_task(flow.watch(stall_seconds)),
            ]
            sending = group.create_task(_send(source, query, inlet, flow))
            if first is not None:
                await first
            taking = group.create_task(_take(target, inlet, flow))
            rows_sent, rows_taken = await sending, await taking
            for watch in lost:
                watch.cancel()
    except BaseExceptionGroup as group_error:
        raise foremost(group_error) from None
    return Piped(rows_sent, rows_taken, flow.bytes)


class _Flow:
    """A bounded queue of buffers between the two COPYs."""

    def __init__(self, on_bytes: OnBytes | None) -> None:
        self.bytes = 0
        self._queue: asyncio.Queue[bytes | bytearray | None] = asyncio.Queue(QUEUED_BUFFERS)
        self._parts: list[bytes | bytearray] = []
        self._held = 0
        self._on_bytes = on_bytes
        self._moves = 0

    async def put(self, data: bytes | bytearray) -> None:
        """Take what was read; wait where the writer is behind."""
        self._parts.append(data)
        self._held += len(data)
        self._moves += 1
        if self._held >= BUFFER_BYTES:
            await self._flush()

    async def end(self) -> None:
        """Say that nothing more comes."""
        if self._parts:
            await self._flush()
        await self._queue.put(None)

    def __aiter__(self) -> "_Flow":
        return self

    async def __anext__(self) -> bytes | bytearray:
        buffer = await self._queue.get()
        self._moves += 1
        if buffer is None:
            raise StopAsyncIteration
        return buffer

    async def watch(self, stall_seconds: float | None) -> None:
        """Raise Unreachable once nothing has moved for too long."""
        while stall_seconds is not None:
            moves = self._moves
            await asyncio.sleep(stall_seconds)
            if moves == self._moves:
                # A full queue means that the target takes nothing.
                raise unreachable("target" if self._queue.full() else "source", "timeout")

    async def _flush(self) -> None:
        buffer = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._held = 0
        await self._queue.put(buffer)
        self.bytes += len(buffer)
        if self._on_bytes is not None:
            self._on_bytes(self.bytes)


async def _send(source: Connection, query: str, inlet: Inlet, flow: _Flow) -> int:
    with translated("source"):
        status = await source.copy_from_query(query, output=flow.put, format=inlet.copy_format)
    await flow.end()
    return _rows(status)


async def _take(target: Connection, inlet: Inlet, flow: _Flow) -> int:
    try:
        status = await target.copy_to_table(
            inlet.table,
            schema_name=inlet.schema,
            columns=list(inlet.columns),
            source=flow,
            format=inlet.copy_format,
        )
    except asyncpg.PostgresError as error:
        refused = translate(error, "target")
        if isinstance(refused, DataRejected):
            refused.details |= _place(error.context or "", inlet)
        raise refused from None
    except DRIVER_ERRORS as error:
        raise translate(error, "target") from None
    return _rows(status)


def _place(context: str, inlet: Inlet) -> dict[str, int | str]:
    """Take from the context of a refused row its line and its column, and nothing of its values.

    The words around them are in the language of the server.
    """
    for text in context.splitlines():
        found = re.match(rf"COPY {re.escape(inlet.table)}, \D{{0,30}}(\d+)", text)
        if found is None:
            continue
        rest = text[found.end() :]
        named = [name for name in inlet.columns if re.match(rf", \S+ {re.escape(name)}(:|$)", rest)]
        column = {"column": max(named, key=len)} if named else {}
        return {"line": int(found[1]), **column}
    return {}


async def _lost(connection: Connection, role: Role) -> None:
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
