from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from tests.unit.cli.served import Handler, Serve, application_of


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve handlers by path on the loopback address."""
    servers: list[TestServer] = []

    async def start(handlers: dict[str, Handler]) -> str:
        server = TestServer(application_of(handlers))
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()
