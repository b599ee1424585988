import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_own_task(work: Coroutine[Any, Any, Result]) -> Result:
    """Carry out work in a task of its own, so that a cancellation always comes to whoever waits.

    A TaskGroup forgets that its task was cancelled where a child fails at the same moment: only the
    failure is raised, and who then tries again never ends (CPython issue 116720, mended in 3.13).
    Raises what the work raises; a cancellation is raised when the work has ended.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that the loop does not complain of it
        raise
    return task.result()
