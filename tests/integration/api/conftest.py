from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.process import ApiProcesses


@pytest.fixture
async def installation(
    kafka_bootstrap: str, postgres_server: PostgresTestServer, tmp_path: Path
) -> AsyncIterator[ApiProcesses]:
    """API processes on real servers."""
    processes = ApiProcesses(kafka_bootstrap, await postgres_server.create_database(), tmp_path)
    yield processes
    await processes.close()
