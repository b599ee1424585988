import asyncio
from collections.abc import Callable
from typing import Protocol
from uuid import uuid4

from sterna_core.clock import Clock
from sterna_core.errors import Fenced
from sterna_core.group_error import foremost
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.log import Log, RecordSender
from sterna_core.journal.outcome import Outcome
from sterna_core.journal.topics import Topics
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.reports import ClaimTask
from sterna_core.namespace_migration.decider import NAMESPACE_MIGRATIONS
from sterna_executor.tasks.any_task import AnyTask

CLAIM_SECONDS = 30.0
"""How long the decider may take to say whether a task is still wanted."""


class Claims(Protocol):
    """Says whether a task is still wanted, as the journal has it now."""

    async def claim(self, task: AnyTask) -> None:
        """Return where it is; raises Fenced where it is not, Transient where nobody answers."""
        ...


class BusClaims:
    """Asks the decider, and waits for its answer on the journal.

    A message about a withdrawal is not enough: an executor that has just started, or was stopped
    for a while, may have a task in its hands that was withdrawn long ago.
    """

    def __init__(
        self,
        log: Log,
        sender: RecordSender,
        topics: Topics,
        executor_id: str,
        clock: Clock,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._log = log
        self._sender = sender
        self._topics = topics
        self._executor_id = executor_id
        self._clock = clock
        self._new_id = new_id
        self._codec = Codec([MIGRATIONS, NAMESPACE_MIGRATIONS])  # making one takes a while

    async def claim(self, task: AnyTask) -> None:
        """Ask about one task."""
        try:
            outcome = await self._ask(task)
        except BaseExceptionGroup as group_error:
            raise foremost(group_error) from None
        if outcome.rejected is not None:
            raise Fenced(
                "The task was withdrawn: nothing was written.",
                details={"reason": outcome.rejected.code},
            )

    async def _ask(self, task: AnyTask) -> Outcome:
        client = CommandClient(self._log, self._sender, self._codec, self._topics)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(client.run())
            claim = ClaimTask(
                task_id=task.task_id, attempt=task.attempt, executor_id=self._executor_id
            )
            outcome = await client.send(
                task.migration_id,
                task.org_id,
                claim,
                command_id=self._new_id(),
                actor=f"executor:{self._executor_id}",
                now=self._clock(),
                deadline_seconds=CLAIM_SECONDS,
            )
            reading.cancel()
        return outcome


class MemoryClaims:
    """Grants everything but the tasks it is told of."""

    def __init__(self, *withdrawn: str) -> None:
        self.withdrawn = set(withdrawn)

    async def claim(self, task: AnyTask) -> None:
        """Look it up."""
        if task.task_id in self.withdrawn:
            raise Fenced("The task was withdrawn: nothing was written.")
