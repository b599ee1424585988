import asyncio
import time
from typing import Any

from sterna_cli.client.answers import Connection, ConnectionList
from sterna_cli.client.failure import ApiUnreachable
from sterna_cli.client.session import Session, decoder

_CONNECTION = decoder(Connection)
_CONNECTIONS = decoder(ConnectionList)
_TEST_SECONDS = 90.0
_PAUSE_SECONDS = 0.2


class Connections:
    """`/v1/connections`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, body: dict[str, Any]) -> Connection:
        """Make a connection; it is tested at once."""
        made: Connection = await self._session.post("/v1/connections", body, _CONNECTION)
        return made

    async def list(self, limit: int = 100) -> ConnectionList:
        """Give the newest connections."""
        found: ConnectionList = await self._session.get(
            "/v1/connections", _CONNECTIONS, {"limit": str(limit)}
        )
        return found

    async def get(self, connection_id: str) -> Connection:
        """Give one connection."""
        found: Connection = await self._session.get(f"/v1/connections/{connection_id}", _CONNECTION)
        return found

    async def test(self, connection_id: str) -> Connection:
        """Have the connection tested again."""
        tested: Connection = await self._session.post(
            f"/v1/connections/{connection_id}/test", {}, _CONNECTION
        )
        return tested

    async def tested(self, connection_id: str) -> Connection:
        """Wait until a test that is under way has ended."""
        deadline = time.monotonic() + _TEST_SECONDS
        while (connection := await self.get(connection_id)).status == "testing":
            if time.monotonic() > deadline:
                raise ApiUnreachable(
                    f"connection {connection_id} was not tested within {_TEST_SECONDS:.0f} s",
                    code="test_unfinished",
                )
            await asyncio.sleep(_PAUSE_SECONDS)
        return connection
