import asyncio

import pytest

from sterna_core.errors import SnapshotLost
from sterna_executor.databases.postgresql.snapshot import hold_snapshot, read_under
from support.transfer.moving import DEADLINE_SECONDS, Moving, endpoint_of
from support.transfer.severing_proxy import MuteProxy

HOLDER = (
    "select pid from pg_stat_activity where application_name = 'holder'"
    " and datname = current_database()"
)


async def test_readers_see_what_the_holder_sees(moving: Moving) -> None:
    await moving.on("source", "create table public.numbers as select 1 as id")
    async with moving.snapshot() as held:
        await moving.on("source", "insert into public.numbers values (2)")
        async with moving.source.session() as source:
            await read_under(source, held.snapshot_id)
            assert await source.fetchval("select count(*) from public.numbers") == 1
        assert not held.lost.is_set()


async def test_the_holder_finds_out_at_once_that_its_session_died(moving: Moving) -> None:
    async with moving.snapshot() as held, asyncio.timeout(DEADLINE_SECONDS):
        await moving.ask("source", f"select pg_terminate_backend(pid) from ({HOLDER}) as holder")
        await held.lost.wait()
        async with moving.source.session() as source:
            with pytest.raises(SnapshotLost):
                await read_under(source, held.snapshot_id)


async def test_the_holder_finds_out_that_nobody_answers(moving: Moving) -> None:
    real = endpoint_of(moving.source_url)
    async with (
        MuteProxy(real.host, real.port).listening() as proxy,
        hold_snapshot(
            endpoint_of(moving.source_url, host="127.0.0.1", port=proxy.port),
            moving.source.password,
            application_name="holder",
            heartbeat_seconds=0.01,
            heartbeat_timeout_seconds=1.0,
        ) as held,
        asyncio.timeout(DEADLINE_SECONDS),
    ):
        proxy.mute()
        await held.lost.wait()


@pytest.mark.parametrize("name", ["", "00000003-00000001-1", "../../etc/passwd", "'; select 1 --"])
async def test_a_snapshot_that_never_was_is_lost(moving: Moving, name: str) -> None:
    async with moving.source.session() as source:
        with pytest.raises(SnapshotLost):
            await read_under(source, name)


async def test_giving_a_snapshot_up_ends_its_session(moving: Moving) -> None:
    async with moving.snapshot():
        assert len(await moving.ask("source", HOLDER)) == 1
    await moving.until("source", f"select not exists ({HOLDER})")


async def test_what_fails_under_a_snapshot_is_not_wrapped(moving: Moving) -> None:
    with pytest.raises(LookupError):
        async with moving.snapshot():
            raise LookupError
