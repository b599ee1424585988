import asyncio

import structlog

from sterna_core.clock import Clock
from sterna_core.correlation import current_request_id, following_from
from sterna_core.errors import Transient
from sterna_core.journal.aggregate import OutgoingTask
from sterna_core.journal.fold import EntryKey
from sterna_core.journal.log import RecordSender, RecordTooLarge
from sterna_core.journal.task_record import task_record
from sterna_core.journal.topics import Topics

_QUEUE_TASKS_MAX = 10_000
_RETRY_SECONDS = 0.5
_log = structlog.get_logger(__name__)
_Queued = tuple[EntryKey, OutgoingTask, str | None]
"""A task of an aggregate, and the request that it follows from."""


class TaskDispatcher:
    """Publishes the tasks of one partition's aggregates: each once in a term.

    A takeover publishes all of them again, for nobody knows what the last owner came to; an
    executor can therefore meet a task twice.
    """

    def __init__(self, sender: RecordSender, topics: Topics, clock: Clock) -> None:
        self._sender = sender
        self._topics = topics
        self._clock = clock
        self._known: dict[EntryKey, frozenset[str]] = {}
        self._queue: asyncio.Queue[_Queued] = asyncio.Queue(_QUEUE_TASKS_MAX)

    def reset(self) -> None:
        """Forget what was published, at the beginning of a term."""
        self._known.clear()
        while not self._queue.empty():
            self._queue.get_nowait()

    async def update(
        self, key: EntryKey, tasks: tuple[OutgoingTask, ...], request_id: str | None = None
    ) -> None:
        """Publish those of an aggregate's tasks that have not been; waits while too many wait.

        They follow from the request `request_id`.
        """
        known = self._known.pop(key, frozenset())
        if tasks:
            self._known[key] = frozenset(task.key for task in tasks)
        for task in tasks:
            if task.key not in known:
                await self._queue.put((key, task, request_id))

    async def run(self) -> None:
        """Publish, in order, for ever."""
        while True:
            key, task, request_id = await self._queue.get()
            with following_from(request_id):
                while not await self._publish(key, task):  # ruff: ignore[async-busy-wait]  # only asking again tells
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _publish(self, key: EntryKey, task: OutgoingTask) -> bool:
        if task.key not in self._known.get(key, frozenset()):
            return True  # not wanted any more
        org_id, aggregate_id = key
        request_id = current_request_id()
        record = task_record(org_id, aggregate_id, task, self._clock(), request_id)
        partition = task.partition_hint % self._topics.task_partitions
        try:
            await self._sender.send(self._topics.tasks, partition, record)
        except RecordTooLarge:
            _log.exception("task_too_large", aggregate_id=aggregate_id, bytes=record.size_bytes())
        except Transient as error:
            _log.warning("task_not_published", aggregate_id=aggregate_id, code=error.code)
            return False
        return True
