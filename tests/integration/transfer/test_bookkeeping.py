import asyncio

import pytest

from sterna_core.errors import Fenced, TargetConflict
from sterna_executor.databases.postgresql import bookkeeping, fence
from sterna_executor.databases.postgresql.connection import Connection
from support.tasks import granted
from support.transfer.moving import Moving

SCHEMA_EXISTS = "select to_regnamespace('_sterna') is not null"


async def create(moving: Moving, migration_id: str, epoch: int = 0) -> None:
    async with moving.target.session() as target:
        await bookkeeping.create(target, migration_id, epoch)


async def remove(moving: Moving, migration_id: str) -> None:
    async with moving.target.session() as target:
        await bookkeeping.remove(target, migration_id)


async def test_several_may_create_the_bookkeeping_at_once(moving: Moving) -> None:
    await remove(moving, moving.migration_id)
    await asyncio.gather(*(create(moving, f"mig_{number // 2}") for number in range(6)))
    assert await moving.value("target", "select count(*) from _sterna.fence") == 3


async def test_the_last_migration_to_leave_removes_the_schema(moving: Moving) -> None:
    await create(moving, "mig_other")
    await remove(moving, moving.migration_id)
    assert await moving.value("target", SCHEMA_EXISTS)
    await remove(moving, "mig_other")
    assert not await moving.value("target", SCHEMA_EXISTS)
    await remove(moving, "mig_other")


async def test_one_may_leave_while_another_comes(moving: Moving) -> None:
    for number in range(5):
        await asyncio.gather(
            remove(moving, f"mig_{number}"),
            create(moving, f"mig_{number + 1}"),
            remove(moving, moving.migration_id),
        )
        async with moving.target.session() as target, target.transaction():
            await fence.check(target, f"mig_{number + 1}", 0)


async def test_a_schema_that_is_not_ours_is_left_alone(moving: Moving) -> None:
    await remove(moving, moving.migration_id)
    await moving.on("target", "create schema _sterna", "create table _sterna.fence (mine int)")
    with pytest.raises(TargetConflict):
        await create(moving, "mig_1")
    await remove(moving, "mig_1")
    assert await moving.value("target", "select to_regclass('_sterna.fence') is not null")


async def test_late_work_of_an_epoch_that_is_over_cannot_create_it_again(moving: Moving) -> None:
    await remove(moving, moving.migration_id)
    async with moving.target.session() as target:
        await bookkeeping.raise_fence(target, "mig_1", 2, granted)
        with pytest.raises(Fenced):
            await bookkeeping.create(target, "mig_1", 1)
        await bookkeeping.create(target, "mig_1", 2)


async def test_a_fence_is_never_lowered(moving: Moving) -> None:
    async with moving.target.session() as target:
        await bookkeeping.raise_fence(target, moving.migration_id, 3, granted)
        await bookkeeping.raise_fence(target, moving.migration_id, 3, granted)
        with pytest.raises(Fenced):
            await bookkeeping.raise_fence(target, moving.migration_id, 2, granted)
        async with target.transaction():
            await fence.check(target, moving.migration_id, 3)


async def test_work_without_any_fence_is_over(moving: Moving) -> None:
    async with moving.target.session() as target:
        await fenced(target, "mig_unknown")
        await bookkeeping.remove(target, moving.migration_id)
        await fenced(target, moving.migration_id)


async def fenced(target: Connection, migration_id: str) -> None:
    with pytest.raises(Fenced):
        async with target.transaction():
            await fence.check(target, migration_id, 0)


async def test_raising_one_migrations_fence_leaves_another_at_work(moving: Moving) -> None:
    await create(moving, "mig_other")
    async with moving.target.session() as working, working.transaction():
        await fence.check(working, moving.migration_id, 0)
        async with moving.target.session() as target:
            await bookkeeping.raise_fence(target, "mig_other", 1, granted, grace_seconds=0.05)
        await fence.check(working, moving.migration_id, 0)
