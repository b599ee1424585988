"""Rows of the source as they come, some at a time: the source is read once, and waits meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sterna_core.errors import SternaError
from sterna_core.group_error import foremost
from sterna_core.migration.plan import CopyFormat
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_frames import Frame, frames_of
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.pipe import STALL_SECONDS, lost

WINDOW_ROWS_MIN = 128
"""So many rows are tried at once where rows were just refused: what follows a row travels again."""

WINDOW_ROWS_MAX = 16_384
"""So many rows are tried at once where none was refused for a while."""

WINDOW_BYTES = 4 * 1024 * 1024
"""What is held of the source at once, beside what is on its way; or one row that is larger."""

_QUEUED_READS = 4

_Read = list[Frame] | SternaError | None


class RowWindows:
    """Gives rows in their order, window by window; windows grow while none is refused."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Read] = asyncio.Queue(_QUEUED_READS)
        self._held: list[Frame] = []
        self._rows = WINDOW_ROWS_MIN
        self._over = False

    async def read(self, source: Connection, query: str, copy_format: CopyFormat) -> None:
        """Read all rows of a query whose first column is the address; an error comes last."""
        frames = frames_of(copy_format)

        async def put(data: bytes | bytearray) -> None:
            if found := frames.feed(data):
                await self._queue.put(found)

        last: _Read = None
        try:
            with translated("source"):
                await source.copy_from_query(query, output=put, format=copy_format)
        except SternaError as error:
            last = error
        await self._queue.put(last)

    async def next(self) -> list[Frame]:
        """Give the next rows; none at the end. Raises what reading raised."""
        size = sum(len(frame.data) for frame in self._held)
        while not self._over and len(self._held) < self._rows and size < WINDOW_BYTES:
            with translated("source"):
                async with asyncio.timeout(STALL_SECONDS):
                    read = await self._queue.get()
            if isinstance(read, SternaError):
                raise read
            self._over = read is None
            self._held += read or []
            size += sum(len(frame.data) for frame in read or [])
        count, size = 0, 0
        for frame in self._held[: self._rows]:
            size += len(frame.data)
            if count and size > WINDOW_BYTES:
                break
            count += 1
        window, self._held = self._held[:count], self._held[count:]
        return window

    def went(self, *, clean: bool) -> None:
        """Tell whether every row of the last window was taken."""
        self._rows = min(self._rows * 2, WINDOW_ROWS_MAX) if clean else WINDOW_ROWS_MIN


@asynccontextmanager
async def row_windows(
    source: Connection, query: str, copy_format: CopyFormat, target: Connection
) -> AsyncGenerator[RowWindows]:
    """Read a query while the block works on its rows; raises where a connection is lost."""
    windows = RowWindows()
    try:
        async with asyncio.TaskGroup() as group:
            watches = [
                group.create_task(lost(source, "source")),
                group.create_task(lost(target, "target")),
            ]
            group.create_task(windows.read(source, query, copy_format))
            yield windows
            for watch in watches:
                watch.cancel()
    except BaseExceptionGroup as errors:
        raise foremost(errors) from None


async def in_pieces(  # ruff: ignore[unused-async]  # a COPY takes an asynchronous iterable
    data: bytes, piece_bytes: int
) -> AsyncGenerator[bytes]:
    """Give bytes piece by piece, as a COPY takes them."""
    for start in range(0, len(data), piece_bytes):
        yield data[start : start + piece_bytes]
