import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def stoppable(work: Coroutine[Any, Any, Result]) -> Result:
    """Carry out work that SIGTERM ends in order: servers that it started are stopped first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
