"""Servers for tests: given by environment variables, from containers, or embedded."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.deadline import bounded, limit_seconds
from tests.servers import (
    GONE_SECONDS,
    Addresses,
    PostgresTestServer,
    SharedServers,
    read_keeper,
    source_of_servers,
)

_FOLDER = pytest.StashKey[Path]()


def pytest_report_header(config: pytest.Config) -> str:
    return f"servers: {source_of_servers()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seconds = limit_seconds(float(config.getini("faulthandler_timeout")))
    for item in items:
        if seconds is not None and isinstance(item, pytest.Function):
            item.obj = bounded(item.obj, seconds)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Wait until the session's servers are gone, so that nothing runs on after the tests."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is None or hasattr(config, "workerinput"):
        return
    keeper = read_keeper(config.stash.get(_FOLDER, None) or factory.getbasetemp())
    if keeper is not None and not keeper.wait_gone(GONE_SECONDS):
        raise RuntimeError(f"the keeper of the test servers ({keeper.pid}) does not end")


@pytest.fixture(scope="session")
def _addresses(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Addresses]:
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if hasattr(request.config, "workerinput") else own
    request.config.stash[_FOLDER] = folder
    servers = SharedServers(folder)
    try:
        yield servers.join()
    finally:
        servers.leave()


@pytest.fixture(scope="session")
def kafka_bootstrap(_addresses: Addresses) -> str:
    """The address of Kafka, `host:port`. It is shared: topics need names of their own."""
    return _addresses.kafka_bootstrap


@pytest.fixture(scope="session")
async def postgres_server(
    _addresses: Addresses, worker_id: str
) -> AsyncIterator[PostgresTestServer]:
    """A PostgreSQL in which tests make databases of their own."""
    server = PostgresTestServer(_addresses.database_url, worker_id)
    yield server
    await server.drop_all()


@pytest.fixture
async def source_database(postgres_server: PostgresTestServer) -> AsyncIterator[str]:
    """The url of a fresh empty database to move from."""
    url = await postgres_server.create_database()
    yield url
    await postgres_server.drop_database(url)


@pytest.fixture
async def target_database(postgres_server: PostgresTestServer) -> AsyncIterator[str]:
    """The url of a fresh empty database to move into."""
    url = await postgres_server.create_database()
    yield url
    await postgres_server.drop_database(url)
