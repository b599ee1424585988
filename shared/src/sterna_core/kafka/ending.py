import asyncio
from collections.abc import Coroutine
from typing import Any


async def ended(ending: Coroutine[Any, Any, None], within_seconds: float) -> bool:
    """Run what ends a client in a task of its own; tells whether it came to its end in time.

    aiokafka awaits tasks that it has cancelled, and their cancellation can come out of `stop` as
    if the caller had been cancelled. Here neither that nor an error reaches the caller.
    """
    task = asyncio.create_task(ending)
    try:
        await asyncio.wait([task], timeout=within_seconds)
    finally:
        task.cancel()
    return task.done() and not task.cancelled() and task.exception() is None
