import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog

from sterna_core.clock import Clock
from sterna_core.errors import Transient
from sterna_core.journal.log import RecordSender
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics, key_of, partition_for
from sterna_core.tasks.task import Task
from sterna_core.tasks.telemetry import AnyTelemetry, Figures, Phase

QUEUE_RECORDS = 1_000

_log = structlog.get_logger(__name__)


class Telemetry:
    """Sends figures and log lines, never holding up the work: what does not fit is dropped."""

    def __init__(
        self,
        sender: RecordSender,
        topics: Topics,
        executor_id: str,
        clock: Clock,
        *,
        interval_seconds: float,
    ) -> None:
        self._sender = sender
        self._topics = topics
        self._executor_id = executor_id
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._queue: asyncio.Queue[AnyTelemetry] = asyncio.Queue(QUEUE_RECORDS)

    def meter(self, task: Task, phase: Phase, table: str | None) -> Callable[[int, int], None]:
        """Give a function that takes a task's rows and bytes so far, as often as it likes."""
        last = time.monotonic()

        def tell(rows: int, bytes_: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < self._interval_seconds:
                return
            last = now
            self.offer(
                Figures(
                    org_id=task.org_id,
                    migration_id=task.migration_id,
                    timestamp=self._clock(),
                    task_id=task.task_id,
                    executor_id=self._executor_id,
                    phase=phase,
                    table=table,
                    rows=rows,
                    bytes=bytes_,
                )
            )

        return tell

    def offer(self, message: AnyTelemetry) -> None:
        """Send a message if there is room."""
        if not self._queue.full():
            self._queue.put_nowait(message)

    async def run(self) -> None:
        """Send what was offered, for ever."""
        while True:
            message = await self._queue.get()
            key = key_of(message.org_id, message.migration_id)
            kind = str(message.__struct_config__.tag).encode()
            record = OutgoingRecord(
                key,
                msgspec.json.encode(message),
                (
                    ("ce_specversion", b"1.0"),
                    ("ce_type", kind),
                    ("ce_subject", message.migration_id.encode()),
                    ("ce_orgid", message.org_id.encode()),
                    ("content-type", b"application/json"),
                ),
            )
            partition = partition_for(key, self._topics.telemetry_partitions)
            try:
                await self._sender.send(self._topics.telemetry, partition, record)
            except Transient as error:
                _log.warning("telemetry.dropped", code=error.code)
