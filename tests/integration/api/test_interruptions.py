"""What is interrupted at the worst of moments ends, or goes on, and says so in our own words."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.farewell_proxy import FarewellProxy

from sterna_api.aggregates import AGGREGATES
from sterna_api.projections.database import Database, DatabaseAway
from sterna_api.projections.projector import Projector
from sterna_api.projections.schema_steps import apply_schema
from sterna_core.errors import Unreachable
from sterna_core.journal.codec import Codec
from sterna_core.journal.memory import InMemoryLog, InMemoryTail
from sterna_core.journal.topics import Topics
from sterna_core.secrets.secret import Secret

END_SECONDS = 10.0
TURNS = 10
"""Turns of the loop in which what was written to a socket of this machine is read."""


class FailingLog(InMemoryLog):
    """Answers whoever begins to read, when it is told to, with being away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.failing = asyncio.Event()

    async def open_tail(self, topic: str, offsets: Mapping[int, int]) -> InMemoryTail:
        self.asked.set()
        await self.failing.wait()
        raise Unreachable("The log is away.")


@pytest.mark.parametrize("turns", range(6))
async def test_a_projector_ends_when_it_is_told_to_whatever_fails_at_that_moment(
    postgres_server: PostgresTestServer, turns: int
):
    database = Database(Secret(await postgres_server.create_database()))
    async with database.session() as connection:
        await apply_schema(connection, database.schema)
    log = FailingLog()
    topics = Topics(partitions=1, task_partitions=1, telemetry_partitions=1)
    projecting = asyncio.create_task(Projector(database, log, topics, Codec(AGGREGATES)).run())
    await log.asked.wait()
    log.failing.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    projecting.cancel()
    ended, _ = await asyncio.wait([projecting], timeout=END_SECONDS)
    projecting.cancel()  # so that a projector that went on ends with the test
    assert ended
    assert projecting.cancelled()


async def test_a_connection_on_which_the_server_said_farewell_is_a_database_that_is_away(
    postgres_server: PostgresTestServer,
):
    url = urlsplit(await postgres_server.create_database())
    async with FarewellProxy(url.hostname, url.port).listening() as proxy:
        netloc = url.netloc.replace(str(url.port), str(proxy.port))
        database = Database(Secret(url._replace(netloc=netloc).geturl()), pool_size=1)
        await database.open()
        try:
            assert await database.count("select 1") == 1
            await proxy.say_farewell()
            for _ in range(TURNS):
                await asyncio.sleep(0)
            with pytest.raises(DatabaseAway):
                await database.count("select 1")
        finally:
            await database.close()
