import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

from sterna_core.errors import Transient

T = TypeVar("T")


class DaemonThread:
    """Runs one function after the other beside the event loop.

    Nobody waits for it when the process ends; a function whose caller is gone is let run to its
    end before the next is begun, since a thread cannot be stopped.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._free = asyncio.Lock()

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """Run a function and give what it gives; raises what it raises, Transient for too long."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def settle(result: T | None, error: BaseException | None) -> None:
            self._free.release()
            if done.cancelled():
                return
            if error is None:
                done.set_result(result)  # type: ignore[arg-type]  # None is a T where T says so
            else:
                done.set_exception(error)

        def body() -> None:
            try:
                result, error = context.run(work), None
            except Exception as raised:  # ruff: ignore[blind-except]  # it is raised by the caller
                result, error = None, raised
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits

        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
                threading.Thread(target=body, name=self._name, daemon=True).start()
                return await done
        except TimeoutError:
            raise Transient("Computing takes too long here.", code="computation_timeout") from None
