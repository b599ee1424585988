import asyncio
import signal
from types import TracebackType
from typing import Self


class Interrupts:
    """Counts Ctrl-C: the first asks for a pause, the second to leave at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._owner: asyncio.Task[object] | None = None

    def __enter__(self) -> Self:
        self._owner = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # As it was before: Ctrl-C ends the command in order.
        assert self._owner is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._owner.cancel)

    def _interrupt(self) -> None:
        assert self._owner is not None
        if self.asked.is_set():
            self._owner.cancel()
        self.asked.set()
