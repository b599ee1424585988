import asyncio

import asyncpg
import pytest

from sterna_core.errors import Fenced, Unreachable
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.connection import application_name_for
from sterna_executor.databases.postgresql.copy_chunk import copy_chunk
from sterna_executor.databases.postgresql.flow import BUFFER_BYTES, QUEUED_BUFFERS
from sterna_executor.databases.postgresql.pool import ConnectionPool
from support.tasks import granted
from support.transfer.moving import DEADLINE_SECONDS, GATE, Moving, endpoint_of
from support.transfer.severing_proxy import Cut, SeveringProxy

ROWS = 5000
SOCKETS_BYTES = 16_000_000
SESSIONS = (
    "select count(*) = 0 from pg_stat_activity"
    " where application_name = $1 and datname = current_database() and state <> 'idle'"
)
KILL = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where application_name = $1 and datname = current_database()"
)


@pytest.fixture
async def gated(moving: Moving) -> TableSpec:
    """A table that is read up to its row 4,000 and no further while the gate is closed."""
    await moving.both("create table public.wide (id int, filler text)")
    await moving.on(
        "source",
        f"insert into public.wide select n, repeat('x', 400) from generate_series(1, {ROWS}) n",
    )
    waits = f"case when id = 4000 then {GATE.format(value='4000')} else id end"
    return await moving.table("wide", transformed={"id": waits})


@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_session_killed_in_the_middle_leaves_nothing_and_the_next_attempt_copies_all(
    moving: Moving, gated: TableSpec, side: str
) -> None:
    async with moving.snapshot() as snapshot:
        work = moving.chunk(gated, snapshot)
        async with moving.gate_closed(), asyncio.timeout(DEADLINE_SECONDS):
            copying = asyncio.create_task(moving.copy(moving.assignment("tsk_a"), work))
            await moving.at_gate()
            await moving.ask(side, KILL, application_name_for(moving.migration_id))
            with pytest.raises(Unreachable) as lost:
                await copying
        assert lost.value.code == f"{side}_unreachable"
        await moving.until("target", SESSIONS, application_name_for(moving.migration_id))
        assert await moving.rows("target", gated) == []
        assert await moving.receipts() == 0
        again = await moving.copy(moving.assignment("tsk_a"), work)
    assert (again.rows, again.repeated) == (ROWS, False)
    assert await moving.same(gated)


async def test_a_cancelled_copy_commits_nothing_and_stops_what_ran(
    moving: Moving, gated: TableSpec
) -> None:
    async with moving.snapshot() as snapshot:
        work = moving.chunk(gated, snapshot)
        async with moving.gate_closed(), asyncio.timeout(DEADLINE_SECONDS):
            copying = asyncio.create_task(moving.copy(moving.assignment("tsk_a"), work))
            await moving.at_gate()
            copying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await copying
            for side in ("source", "target"):
                await moving.until(side, SESSIONS, application_name_for(moving.migration_id))
        assert await moving.rows("target", gated) == []
        assert await moving.receipts() == 0
        assert (await moving.copy(moving.assignment("tsk_a"), work)).rows == ROWS


async def test_a_raised_fence_ends_a_copy_in_flight(moving: Moving, gated: TableSpec) -> None:
    async with moving.snapshot() as snapshot:
        work = moving.chunk(gated, snapshot)
        async with moving.gate_closed(), asyncio.timeout(DEADLINE_SECONDS):
            copying = asyncio.create_task(moving.copy(moving.assignment("tsk_a"), work))
            await moving.at_gate()
            async with moving.target.session() as target:
                await bookkeeping.raise_fence(
                    target, moving.migration_id, 1, granted, grace_seconds=0.05
                )
            with pytest.raises(Unreachable):
                await copying
        with pytest.raises(Fenced):
            await moving.copy(moving.assignment("tsk_a"), work)
    assert await moving.rows("target", gated) == []
    assert await moving.receipts() == 0


async def test_a_raised_fence_waits_for_a_copy_that_ends_in_time(
    moving: Moving, gated: TableSpec
) -> None:
    async with moving.snapshot() as snapshot, asyncio.timeout(DEADLINE_SECONDS):
        work = moving.chunk(gated, snapshot)
        async with moving.gate_closed():
            copying = asyncio.create_task(moving.copy(moving.assignment("tsk_a"), work))
            await moving.at_gate()
            raising = asyncio.create_task(raise_fence(moving))
            await moving.until(
                "target",
                "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database() and query like '%for update%')",
            )
        assert (await copying).rows == ROWS
        await raising
    assert await moving.same(gated)


async def test_a_target_that_takes_nothing_holds_the_source_back(moving: Moving) -> None:
    await moving.both("create table public.wide (id int, filler text)")
    await moving.on(
        "source",
        "insert into public.wide select n, repeat('x', 1000) from generate_series(1, 60000) n",
    )
    table = await moving.table("wide")
    read = 0

    def progress(_: int, size: int) -> None:
        nonlocal read
        read = size

    locking = await asyncpg.connect(moving.target_url)
    async with moving.snapshot() as snapshot, asyncio.timeout(DEADLINE_SECONDS):
        work = moving.chunk(table, snapshot)
        await locking.execute("begin; lock table public.wide in access exclusive mode")
        copying = asyncio.create_task(copy_chunk(moving.assignment(), work, progress))
        await moving.until(
            "source",
            "select exists (select from pg_stat_activity where wait_event = 'ClientWrite'"
            " and application_name = $1 and datname = current_database())",
            application_name_for(moving.migration_id),
        )
        await locking.close()
        # The queue, and what the system keeps for two sockets.
        assert read < 2 * QUEUED_BUFFERS * BUFFER_BYTES + SOCKETS_BYTES
        assert (await copying).rows == 60000
    assert read > 60_000_000


async def raise_fence(moving: Moving) -> None:
    async with moving.target.session() as target:
        await bookkeeping.raise_fence(target, moving.migration_id, 1, granted)


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_commit_whose_answer_is_lost_is_looked_up(moving: Moving, cut: Cut) -> None:
    await moving.both("create table public.numbers (id int)")
    await moving.on("source", "insert into public.numbers select n from generate_series(1, 3000) n")
    table = await moving.table("numbers")
    real = endpoint_of(moving.target_url)
    pool = ConnectionPool()
    async with (
        SeveringProxy(real.host, real.port, cut).listening() as proxy,
        moving.snapshot() as snapshot,
        asyncio.timeout(DEADLINE_SECONDS),
    ):
        through = moving.side(
            "target", endpoint_of(moving.target_url, host="127.0.0.1", port=proxy.port), pool
        )
        work = moving.chunk(table, snapshot)
        if cut == "after":
            copied = await moving.copy(moving.assignment("tsk_a", target=through), work)
            assert (copied.rows, copied.repeated) == (3000, False)
        else:
            with pytest.raises(Unreachable) as lost:
                await moving.copy(moving.assignment("tsk_a", target=through), work)
            assert lost.value.code == "target_unreachable"
            assert await moving.rows("target", table) == []
        again = await moving.copy(moving.assignment("tsk_a", target=through), work)
        assert (again.rows, again.repeated) == (3000, cut == "after")
        assert proxy.cuts == 1
        await pool.close()
    assert await moving.same(table)
    assert await moving.receipts() == 1
