"""A repair of a comparison that is over is shut out, however late its executor wakes up."""

import asyncio

import pytest

from sterna_core.errors import Fenced
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.work import RepairTable
from sterna_executor.databases.postgresql import passes
from support.transfer.moving import Moving

SECONDS = 20


async def table_with_a_difference(moving: Moving) -> TableSpec:
    await moving.both("create table public.t (id int primary key, note text)")
    await moving.on("source", "insert into public.t values (1, 'new')")
    await moving.on("target", "insert into public.t values (1, 'old')")
    return await moving.table("t", key=("id",))


async def test_a_late_repair_of_an_earlier_comparison_writes_nothing(moving: Moving) -> None:
    table = await table_with_a_difference(moving)
    async with moving.snapshot() as snapshot:
        assert (await moving.compare(table, snapshot, pass_number=1)).differing_buckets
        await moving.compare(table, snapshot, pass_number=2, generation=2)

        with pytest.raises(Fenced):
            await moving.repair(table, snapshot, pass_number=1)

        assert not await moving.same(table)
        await moving.repair(table, snapshot, pass_number=2, generation=2)
        assert await moving.same(table)


async def test_a_late_comparison_is_refused_when_a_later_one_has_begun(moving: Moving) -> None:
    table = await table_with_a_difference(moving)
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, pass_number=2)

        with pytest.raises(Fenced):
            await moving.compare(table, snapshot, pass_number=1)


async def test_a_comparison_waits_until_a_repair_at_work_is_over(moving: Moving) -> None:
    table = await table_with_a_difference(moving)
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, pass_number=1)
        repair = RepairTable(
            table=table,
            pass_number=1,
            bucket_bits=4,
            snapshot_id=snapshot.snapshot_id,
            generation=1,
        )
        async with asyncio.timeout(SECONDS), moving.target.session() as target:
            await target.execute("begin")
            await passes.enter(target, moving.migration_id, repair)
            later = asyncio.create_task(moving.compare(table, snapshot, pass_number=2))
            await moving.until(
                "target",
                "select exists (select from pg_locks where not granted and locktype in"
                " ('transactionid', 'tuple'))",
            )
            assert not later.done()
            await target.execute("update public.t set note = 'new'")
            await target.execute("commit")
            assert (await later).differing_buckets == 0
