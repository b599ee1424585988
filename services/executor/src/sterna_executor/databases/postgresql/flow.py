"""A bounded queue of buffers, from a connection that reads to one that writes."""

import asyncio
from collections.abc import Callable

from sterna_executor.databases.postgresql.errors import unreachable

BUFFER_BYTES = 128 * 1024
"""Small reads from the network are put together up to this size."""

QUEUED_BUFFERS = 8
"""How many buffers the reader may be ahead of the writer."""

OnBytes = Callable[[int], None]
"""Takes how many bytes went through so far."""


class Flow:
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

    def __aiter__(self) -> "Flow":
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
