import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from sterna_api.projections.database import Database
from sterna_api.projections.feed import EventsFeed, Feed, TelemetryFeed
from sterna_api.projections.offsets import Offsets, ProjectionTaken, Source
from sterna_core.errors import SternaError, Transient
from sterna_core.journal.codec import Codec
from sterna_core.journal.log import Log
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics
from sterna_core.own_task import in_own_task
from sterna_core.postgres.driver_errors import DRIVER_ERRORS

_LOCK = "select pg_try_advisory_lock(hashtextextended('sterna projector of ' || $1, 0))"
_ALIVE = "select 1"
_STANDBY_SECONDS = 1.0
_ALIVE_SECONDS = 3.0
_RETRY_SECONDS = 0.5
_FLAWS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    SternaError,
    LookupError,
    ValueError,
    TypeError,
)
"""What one bad item can raise, as opposed to a database that is away."""

_log = structlog.get_logger()
_Open = Callable[[Mapping[int, Position]], Feed]


class Projector:
    """Keeps the projections up to date with the log; of several, one works and the others wait.

    The lock only says who works. That nothing is written twice rests on the offsets, which move
    by compare-and-set in the transaction of the rows they stand for.
    """

    def __init__(self, database: Database, log: Log, topics: Topics, codec: Codec) -> None:
        self._database = database
        self._log = log
        self._topics = topics
        self._codec = codec

    async def run(self) -> None:
        """Project for ever; goes on after the database or the log was away."""
        while True:
            try:
                await in_own_task(self._take_turn())
            except* (Transient, *DRIVER_ERRORS) as faults:
                names = sorted({type(fault).__name__ for fault in _leaves(faults)})
                _log.warning("projector.interrupted", causes=names)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _take_turn(self) -> None:
        async with self._database.session() as connection:
            await self._wait_for_turn(connection)
            await self._lead(connection)

    async def _wait_for_turn(self, connection: asyncpg.Connection) -> None:
        waited = False
        while not await connection.fetchval(_LOCK, self._database.schema):
            if not waited:
                _log.info("projector.standby")
            waited = True
            await asyncio.sleep(_STANDBY_SECONDS)
        _log.info("projector.at_work")

    async def _lead(self, connection: asyncpg.Connection) -> None:
        claimant = f"projector-{uuid4().hex}"
        async with asyncio.TaskGroup() as group:
            group.create_task(_hold(connection))
            group.create_task(self.project_events(claimant))
            group.create_task(self.project_telemetry(claimant))

    async def project_events(self, claimant: str) -> None:
        """Project the journal until something goes wrong."""
        await self._project(
            "events",
            claimant,
            self._topics.partitions,
            lambda positions: EventsFeed(self._log, self._topics, self._codec, positions),
        )

    async def project_telemetry(self, claimant: str) -> None:
        """Project telemetry until something goes wrong."""
        await self._project(
            "telemetry",
            claimant,
            self._topics.telemetry_partitions,
            lambda positions: TelemetryFeed(self._log, self._topics, positions),
        )

    async def _project(
        self, source: Source, claimant: str, partitions: int, open_feed: _Open
    ) -> None:
        offsets = Offsets(source, claimant, self._database.channel)
        async with self._database.session() as connection:
            await offsets.claim(connection, range(partitions))
            async with open_feed(offsets.positions) as feed:
                while True:
                    batch = await feed.read()
                    await write_batch(connection, feed, offsets, batch)


async def write_batch(
    connection: asyncpg.Connection, feed: Feed, offsets: Offsets, batch: Sequence[Any]
) -> None:
    """Write a batch and move on, in one transaction; what is flawed in it is set aside."""
    positions = feed.positions
    try:
        async with connection.transaction():
            moved = await offsets.move(connection, positions)
            await feed.apply(connection, batch)
    except ProjectionTaken:
        raise
    except _FLAWS:
        async with connection.transaction():
            moved = await offsets.move(connection, positions)
            for item in batch:
                await _write_item(connection, feed, item)
    offsets.confirm(moved)


async def _write_item(connection: asyncpg.Connection, feed: Feed, item: Any) -> None:
    try:
        async with connection.transaction():
            await feed.apply(connection, [item])
    except _FLAWS as flaw:
        await feed.set_aside(connection, item, type(flaw).__name__)


async def _hold(connection: asyncpg.Connection) -> None:
    """Notice when the session that holds the lock is gone."""
    while True:
        await asyncio.sleep(_ALIVE_SECONDS)
        await connection.execute(_ALIVE)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    found: list[BaseException] = []
    for each in group.exceptions:
        found.extend(_leaves(each) if isinstance(each, BaseExceptionGroup) else [each])
    return found
