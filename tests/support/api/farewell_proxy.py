"""A TCP proxy that says in the name of a PostgreSQL that it goes, and does not go yet."""

import asyncio

from tests.support.proxy import Proxy

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
FAREWELL = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


class FarewellProxy(Proxy):
    """Forwards to a server, until it says farewell to every client that is there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._clients: list[asyncio.StreamWriter] = []

    async def say_farewell(self) -> None:
        """Let every client that is there hear that the server goes; new ones are served."""
        for client in self._clients:
            client.write(FAREWELL)
            await client.drain()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._clients.append(answer)
        await super()._serve(client, answer)

    def _end(self) -> None:
        for client in self._clients:
            client.transport.abort()
