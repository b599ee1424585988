"""A TCP proxy that says in the name of a PostgreSQL that it goes, and does not go yet."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_READ_BYTES = 64 * 1024
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
FAREWELL = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


class FarewellProxy:
    """Forwards to a server, until it says farewell to every client that is there."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._clients: list[asyncio.StreamWriter] = []
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["FarewellProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for client in self._clients:
                client.transport.abort()

    async def say_farewell(self) -> None:
        """Let every client hear that the server goes; new ones are served as before."""
        leaving, self._clients = self._clients, []
        for client in leaving:
            client.write(FAREWELL)
            await client.drain()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reply, server = await asyncio.open_connection(self._host, self._port)
        self._clients.append(answer)
        await asyncio.gather(_forward(client, server), _forward(reply, answer))


async def _forward(read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
    try:
        while data := await read.read(_READ_BYTES):
            write.write(data)
            await write.drain()
    except ConnectionError:
        pass  # either side went away
    finally:
        write.transport.abort()
