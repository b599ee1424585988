"""A TCP proxy that cuts a connection to PostgreSQL at its COMMIT."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

COMMIT = b"commit\0"
_READ_BYTES = 256 * 1024

Cut = Literal["before", "after"]


class SeveringProxy:
    """Forwards to a server; the first COMMIT is lost, or its answer is.

    `before`: the server never sees the COMMIT. `after`: it answers, and the answer is lost.
    """

    def __init__(self, host: str, port: int, cut: Cut) -> None:
        self._host, self._port, self._cut = host, port, cut
        self.cuts = 0
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["SeveringProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reply, server = await asyncio.open_connection(self._host, self._port)
        cutting = asyncio.Event()
        back = asyncio.ensure_future(self._back(reply, answer, cutting))
        try:
            while data := await client.read(_READ_BYTES):
                if data.endswith(COMMIT) and not self.cuts:
                    self.cuts += 1
                    cutting.set()
                    if self._cut == "after":
                        server.write(data)
                        await server.drain()
                        await back  # the server has answered
                    return
                server.write(data)
                await server.drain()
        except ConnectionError:
            pass  # either side went away, which is what this is for
        finally:
            back.cancel()
            for writer in (server, answer):
                writer.transport.abort()

    async def _back(
        self, reply: asyncio.StreamReader, answer: asyncio.StreamWriter, cutting: asyncio.Event
    ) -> None:
        try:
            while data := await reply.read(_READ_BYTES):
                if cutting.is_set():
                    return
                answer.write(data)
                await answer.drain()
        except ConnectionError:
            pass


class MuteProxy:
    """Forwards to a server until it is muted: then it keeps connections open and says nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._talking = asyncio.Event()
        self._talking.set()
        self.port = 0

    def mute(self) -> None:
        self._talking.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["MuteProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._talking.set()
            server.close()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reply, server = await asyncio.open_connection(self._host, self._port)
        await asyncio.gather(self._forward(client, server), self._forward(reply, answer))

    async def _forward(self, read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
        try:
            while data := await read.read(_READ_BYTES):
                await self._talking.wait()
                write.write(data)
                await write.drain()
        except ConnectionError:
            pass
        finally:
            write.transport.abort()
