from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from sterna_executor.tasks.any_task import AnyTask

Report = Callable[[Struct], Awaitable[None]]
"""Sends a report; returns when it is on the log."""


class Engine(Protocol):
    """Carries out tasks on some kind of store."""

    async def carry_out(self, task: AnyTask, report: Report) -> None:
        """Do a task and report what became of it.

        Raises SternaError where it could not be done; then nothing of it was committed, or a
        repeat finds what was. A snapshot is held until the call is cancelled.
        """
        ...
