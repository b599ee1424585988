"""A TCP proxy that cuts a connection to PostgreSQL at its COMMIT."""

import asyncio
from typing import Literal

from tests.support.proxy import READ_BYTES, Proxy

COMMIT = b"commit\0"

Cut = Literal["before", "after"]


class SeveringProxy(Proxy):
    """Forwards to a server; the first COMMIT is lost, or its answer is.

    `before`: the server never sees the COMMIT. `after`: it answers, and the answer is lost.
    """

    def __init__(self, host: str, port: int, cut: Cut) -> None:
        super().__init__(host, port)
        self._cut = cut
        self.cuts = 0

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reply, server = await asyncio.open_connection(self._host, self._port)
        cutting = asyncio.Event()
        back = asyncio.ensure_future(self._back(reply, answer, cutting))
        try:
            while data := await client.read(READ_BYTES):
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
            while data := await reply.read(READ_BYTES):
                if cutting.is_set():
                    return
                answer.write(data)
                await answer.drain()
        except ConnectionError:
            pass


class MuteProxy(Proxy):
    """Forwards to a server until it is muted: then it keeps connections open and says nothing."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._talking = asyncio.Event()
        self._talking.set()

    def mute(self) -> None:
        self._talking.clear()

    async def _pass_on(self, data: bytes, write: asyncio.StreamWriter) -> None:
        await self._talking.wait()
        await super()._pass_on(data, write)

    def _end(self) -> None:
        self._talking.set()
