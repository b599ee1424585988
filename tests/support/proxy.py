"""A TCP proxy in front of a server; what it does to what is said is up to its kinds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

READ_BYTES = 256 * 1024


class Proxy:
    """Forwards both ways until either side goes away."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Self]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._end()
            server.close()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reply, server = await asyncio.open_connection(self._host, self._port)
        await asyncio.gather(self._forward(client, server), self._forward(reply, answer))

    async def _forward(self, read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
        try:
            while data := await read.read(READ_BYTES):
                await self._pass_on(data, write)
        except ConnectionError:
            pass  # either side went away
        finally:
            write.transport.abort()

    async def _pass_on(self, data: bytes, write: asyncio.StreamWriter) -> None:
        write.write(data)
        await write.drain()

    def _end(self) -> None:
        """Let go of what is kept back."""
