"""Snapshots in PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from servers import PostgresTestServer
from sterna_api.decider.snapshots import PostgresSnapshots
from sterna_core.errors import Unreachable
from sterna_core.journal.codec import Codec
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.snapshot import entry_snapshot, restore, snapshot_of
from sterna_core.journal.tally import TALLY, Add

CODEC = Codec([TALLY])


@pytest.fixture
async def pool(postgres_server: PostgresTestServer) -> AsyncIterator[asyncpg.Pool]:
    url = await postgres_server.create_database()
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as made:
        yield made


def decided() -> LocalDecider:
    decider = LocalDecider([TALLY])
    for number in range(4):
        decider.send(f"tally_{number % 2}", Add(1))
    return decider


async def test_what_was_saved_is_loaded(pool: asyncpg.Pool):
    store = PostgresSnapshots(pool, "t.events")
    await store.create_tables()
    await store.create_tables()
    assert await store.load(0) is None
    decider = decided()
    fold = decider._tenure.fold
    assert await store.save(snapshot_of(fold), since=None)
    saved_at = fold.next_offset
    decider.send("tally_1", Add(5))
    changed = [entry_snapshot(fold.entries["org_test", "tally_1"])]
    assert await store.save(snapshot_of(fold, changed), since=saved_at)
    kept = await store.load(0)
    assert kept is not None
    restored = restore(kept, CODEC)
    assert restored is not None
    assert restored.entries == fold.entries
    assert restored.position == fold.position
    assert await store.load(1) is None
    assert await PostgresSnapshots(pool, "other.events").load(0) is None


async def test_a_saver_that_was_overtaken_changes_nothing(pool: asyncpg.Pool):
    store = PostgresSnapshots(pool, "t.events")
    await store.create_tables()
    decider = decided()
    fold = decider._tenure.fold
    assert not await store.save(snapshot_of(fold, ()), since=3)
    assert await store.save(snapshot_of(fold), since=None)
    before = await store.load(0)
    assert not await store.save(snapshot_of(fold, ()), since=fold.next_offset - 1)
    assert await store.load(0) == before


async def test_a_database_that_is_away_is_unreachable(pool: asyncpg.Pool):
    store = PostgresSnapshots(pool, "t.events")
    await pool.close()
    with pytest.raises(Unreachable):
        await store.load(0)
