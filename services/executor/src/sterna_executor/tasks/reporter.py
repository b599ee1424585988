import asyncio
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

import structlog
from msgspec import Struct

from sterna_core.clock import Clock
from sterna_core.correlation import current_request_id
from sterna_core.errors import Transient
from sterna_core.journal.command import command_record
from sterna_core.journal.log import RecordSender
from sterna_core.journal.topics import Topics
from sterna_executor.tasks.any_task import AnyTask

RETRY_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class Reporter(Protocol):
    """Tells the deciders what became of a task."""

    async def send(self, task: AnyTask, report: Struct) -> None:
        """Send a report, and return when it is on the log."""
        ...


class BusReporter:
    """Sends reports as commands, again and again until the bus has taken them.

    A report keeps its command id over repeats, so the decider sees it once.
    """

    def __init__(
        self,
        sender: RecordSender,
        topics: Topics,
        executor_id: str,
        clock: Clock,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._sender = sender
        self._topics = topics
        self._actor = f"executor:{executor_id}"
        self._clock = clock
        self._new_id = new_id

    async def send(self, task: AnyTask, report: Struct) -> None:
        """Send a report; waits for a bus that is away, since what was done must be told."""
        partition = self._topics.partition_of(task.org_id, task.migration_id)
        record = command_record(
            report,
            org_id=task.org_id,
            aggregate_id=task.migration_id,
            command_id=self._new_id(),
            actor=self._actor,
            now=self._clock(),
            expect_outcome=False,
            request_id=current_request_id(),
        )
        while True:
            try:
                await self._sender.send(self._topics.commands, partition, record)
            except Transient as error:
                _log.warning("report.delayed", task_id=task.task_id, code=error.code)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return


class MemoryReporter:
    """Keeps reports in a list."""

    def __init__(self) -> None:
        self.reports: list[Any] = []

    async def send(self, task: AnyTask, report: Struct) -> None:
        """Keep a report."""
        del task
        self.reports.append(report)
