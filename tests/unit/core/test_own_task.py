import asyncio

import pytest

from sterna_core.own_task import in_own_task


async def test_a_cancellation_that_meets_a_failure_is_not_lost():
    failing, tries = asyncio.Event(), 0

    async def fail() -> None:
        await failing.wait()
        raise OSError("away")

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(3600))

    async def again_and_again() -> None:
        nonlocal tries
        while True:
            tries += 1
            try:
                await in_own_task(work())
            except* OSError:
                failing.clear()

    task = asyncio.create_task(again_and_again())
    for _ in range(10):
        await asyncio.sleep(0)
    failing.set()
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    task.cancel()
    assert done
    assert task.cancelled()
    assert tries == 1


async def test_what_the_work_gives_or_raises_comes_through():
    async def give() -> int:
        return 7

    async def refuse() -> int:
        raise LookupError("nothing")

    assert await in_own_task(give()) == 7
    with pytest.raises(LookupError, match="nothing"):
        await in_own_task(refuse())


async def test_a_cancellation_is_raised_when_the_work_has_ended():
    begun, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            ended = True

    task = asyncio.create_task(in_own_task(work()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
