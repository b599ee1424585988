import asyncio

import pytest
from tests.deadline import bounded, limit_seconds


async def test_a_test_that_hangs_fails():
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await bounded(hang, 0.01)()


async def test_every_test_is_bounded_unless_stacks_are_never_printed(
    request: pytest.FixtureRequest,
):
    seconds = limit_seconds(float(request.config.getini("faulthandler_timeout")))
    assert (seconds is None) == (not hasattr(request.function, "__wrapped__"))
    assert limit_seconds(0.0) is None
