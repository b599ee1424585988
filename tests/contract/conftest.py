from collections.abc import AsyncIterator

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service


@pytest.fixture(scope="session")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """One service for all contract tests; each test makes what it needs."""
    async with Service(await postgres_server.create_database()) as running:
        yield running


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    """The administrator of the first organisation; executors are left as they were found."""
    yield service.client()
    service.executors.behave()
