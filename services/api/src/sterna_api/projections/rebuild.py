"""Builds the projections anew beside the live ones, and puts them in their place."""

import asyncio

import asyncpg
import structlog

from sterna_api.projections.database import Database
from sterna_api.projections.offsets import read_offsets
from sterna_api.projections.positions import EVENTS, TELEMETRY
from sterna_api.projections.projector import Projector
from sterna_api.projections.schema_steps import apply_schema
from sterna_core.errors import Misconfigured
from sterna_core.journal.codec import Codec
from sterna_core.journal.log import Log
from sterna_core.journal.topics import Topics
from sterna_core.postgres.identifiers import qualified, quote

_SUFFIX = "_rebuilt"
_OLD_SUFFIX = "_replaced"
_POLL_SECONDS = 0.1
_END_SECONDS = 30.0
_LOCK = "select pg_try_advisory_lock(hashtextextended('sterna rebuild of ' || $1, 0))"
Offsets = dict[tuple[str, int], int]

_log = structlog.get_logger()


async def rebuild(live: Database, log: Log, topics: Topics, codec: Codec) -> None:
    """Build beside `live` from the whole log, then put that in its place in one transaction.

    Whoever reads or projects goes on meanwhile, and with the new tables afterwards. Raises
    Misconfigured where another rebuild is under way.
    """
    beside = live.with_schema(live.schema + _SUFFIX)
    ends = await _ends(log, topics)
    async with live.session() as connection:
        if not await connection.fetchval(_LOCK, live.schema):
            raise Misconfigured("The projections are being rebuilt already.")
        await apply_schema(connection, live.schema)
        await connection.execute(f"drop schema if exists {quote(beside.schema)} cascade")
        async with beside.session() as other:
            await apply_schema(other, beside.schema)
        projector = asyncio.create_task(Projector(beside, log, topics, codec).run())
        try:
            await _wait_for(beside, ends, projector)
            await _put_in_place(connection, live.schema, beside.schema, log, topics)
        finally:
            projector.cancel()
            _, late = await asyncio.wait([projector], timeout=_END_SECONDS)
            if late:
                _log.warning("rebuild.projector_late", seconds=_END_SECONDS)
    _log.info("projections.rebuilt", schema=live.schema)


async def _ends(log: Log, topics: Topics) -> Offsets:
    """Give where the log ends now."""
    events = await log.bounds(topics.events, range(topics.partitions))
    telemetry = await log.bounds(topics.telemetry, range(topics.telemetry_partitions))
    return {
        **{(EVENTS, partition): each.end for partition, each in events.items()},
        **{(TELEMETRY, partition): each.end for partition, each in telemetry.items()},
    }


async def _wait_for(beside: Database, ends: Offsets, projector: asyncio.Task[None]) -> None:
    """Wait until everything that was there at the beginning is built."""
    async with beside.session() as connection:
        while not _covers(await read_offsets(connection), ends):
            if projector.done():
                projector.result()
            await asyncio.sleep(_POLL_SECONDS)


async def _put_in_place(
    connection: asyncpg.Connection, live: str, beside: str, log: Log, topics: Topics
) -> None:
    while True:
        if await _switch(connection, live, beside, log, topics):
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _switch(
    connection: asyncpg.Connection, live: str, beside: str, log: Log, topics: Topics
) -> bool:
    """Put what was built in its place, unless the live tables are further; tells whether it did.

    Both projectors are kept from committing while this looks and renames. Each finds out
    afterwards: its tables are not there by that name, or somebody else has claimed them.
    """
    async with connection.transaction():
        for schema in (live, beside):
            table = qualified(schema, "projection_offsets")
            await connection.execute(f"lock table {table} in access exclusive mode")
        built = await _offsets_in(connection, beside)
        # Live tables that are further than the log are of another one: nobody catches up with them.
        ends = await _ends(log, topics)
        known = await _offsets_in(connection, live)
        if not _covers(built, {key: min(at, ends.get(key, 0)) for key, at in known.items()}):
            return False
        old = quote(live + _OLD_SUFFIX)
        await connection.execute(f"alter schema {quote(live)} rename to {old}")
        await connection.execute(f"alter schema {quote(beside)} rename to {quote(live)}")
        await connection.execute(f"drop schema {old} cascade")
    return True


async def _offsets_in(connection: asyncpg.Connection, schema: str) -> Offsets:
    table = qualified(schema, "projection_offsets")
    rows = await connection.fetch(f"select source, partition, next_offset from {table}")
    return {(row["source"], row["partition"]): row["next_offset"] for row in rows}


def _covers(built: Offsets, wanted: Offsets) -> bool:
    return all(built.get(key, 0) >= offset for key, offset in wanted.items())
