"""A deadline for every test, so that one that hangs fails by its name."""

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

_SHARE = 0.9
"""Of the time after which stacks are printed, which says less of what a task waits for."""


def limit_seconds(stacks_after_seconds: float) -> float | None:
    """Give how long a test may take, from when stacks are printed; None where they never are."""
    return stacks_after_seconds * _SHARE or None


def bounded(test: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """Let an asynchronous test raise TimeoutError where it hangs; give others as they are."""
    if not inspect.iscoroutinefunction(test):
        return test

    @functools.wraps(test)
    async def run(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*arguments, **named)

    return run
