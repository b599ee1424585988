import asyncio
from functools import partial
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, KafkaError

from sterna_core.correlation import following_from
from sterna_core.journal.envelope import request_id_of
from sterna_core.journal.log import RecordSender
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_executor.tasks.any_task import AnyTask
from sterna_executor.tasks.offsets import Offsets
from sterna_executor.tasks.runner import Runner

POLL_SECONDS = 0.25
POKE_SECONDS = 5.0
COMMIT_SECONDS = 1.0
CLOSE_SECONDS = 5.0
FETCH_WAIT_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class TaskConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Takes tasks from the bus as fast as the runner has room, and commits those that are done.

    It polls while tasks are at work, so that its partitions stay its own for as long as they take.
    """

    def __init__(
        self,
        access: KafkaAccess,
        topics: Topics,
        runner: Runner,
        dead_letters: RecordSender,
        *,
        group: str,
        executor_id: str | None,
        session_seconds: float,
        drain_seconds: float,
    ) -> None:
        self._topics = topics
        self._runner = runner
        self._dead_letters = dead_letters
        self._drain_seconds = drain_seconds
        self._offsets = Offsets()
        self._decoder = msgspec.json.Decoder(AnyTask)
        self._consumer = AIOKafkaConsumer(
            **access.arguments(),
            group_id=group,
            group_instance_id=executor_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 1000 / 4),
            fetch_max_wait_ms=int(FETCH_WAIT_SECONDS * 1000),
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Take tasks until told to stop; then commit and leave. Tasks at work go on."""
        self._consumer.subscribe([self._topics.tasks], listener=self)
        await self._consumer.start()
        try:
            async with asyncio.TaskGroup() as group:
                committing = group.create_task(self._commit_often())
                while not stopping.is_set():
                    await self._poll(group)
                await self._drain()
                committing.cancel()
        finally:
            await self._leave()

    async def _poll(self, group: asyncio.TaskGroup) -> None:
        free = self._runner.free
        if free <= 0:
            await self._wait_for_room()
            return
        found = await self._fetch(POLL_SECONDS, free)
        for records in found.values():
            for record in records:
                await self._take(group, record)

    async def _wait_for_room(self) -> None:
        """Wait for a task to end, and let Kafka know now and then that this consumer lives."""
        self._runner.changed.clear()
        try:
            async with asyncio.timeout(POKE_SECONDS):
                await self._runner.changed.wait()
        except TimeoutError:
            assigned = self._consumer.assignment()
            self._consumer.pause(*assigned)
            await self._fetch(0, 1)
            self._consumer.resume(*assigned)

    async def _fetch(self, wait_seconds: float, limit: int) -> dict[TopicPartition, list[Any]]:
        try:
            found: dict[TopicPartition, list[Any]] = await self._consumer.getmany(
                timeout_ms=int(wait_seconds * 1000), max_records=limit
            )
        except KafkaError as error:
            _log.warning("tasks.unreadable", error=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
            return {}
        return found

    async def _take(self, group: asyncio.TaskGroup, record: Any) -> None:
        partition, offset = record.partition, record.offset
        value: bytes = record.value or b""
        self._offsets.take(partition, offset)
        done = partial(self._offsets.done, partition, offset)
        request_id = request_id_of(dict(record.headers))
        try:
            task = self._decoder.decode(value)
        except msgspec.MsgspecError:
            with following_from(request_id):
                await self._bury(partition, offset, value)
            done()
            return
        with following_from(request_id):  # the task of this loop that is begun keeps it
            self._runner.begin(group, task, done)

    async def _bury(self, partition: int, offset: int, value: bytes) -> None:
        _log.error("task.undecodable", partition=partition, offset=offset)
        headers = (
            ("sterna_topic", self._topics.tasks.encode()),
            ("sterna_partition", str(partition).encode()),
            ("sterna_offset", str(offset).encode()),
            ("sterna_error", b"undecodable"),
        )
        await self._dead_letters.send(
            self._topics.dead_letters, 0, OutgoingRecord(b"", value, headers)
        )

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit()

    async def _commit(self) -> None:
        due = self._offsets.due()
        if not due:
            return
        mine = {each.partition for each in self._consumer.assignment()}
        offsets = {TopicPartition(self._topics.tasks, p): o for p, o in due.items() if p in mine}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, KafkaError) as error:
            # The next commit says the same or more: a task delivered twice does no harm.
            _log.info("tasks.commit_failed", error=type(error).__name__)
            return
        self._offsets.committed({each.partition: offset for each, offset in offsets.items()})

    async def _drain(self) -> None:
        """Let tasks at work come to their end, for a while, and stop the others."""
        try:
            async with asyncio.timeout(self._drain_seconds):
                while self._runner.at_work:
                    self._runner.changed.clear()
                    await self._runner.changed.wait()
        except TimeoutError:
            _log.info("tasks.stopped", count=self._runner.at_work)
        self._runner.stop_all()

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._commit()
                await self._consumer.stop()
        except (TimeoutError, KafkaError) as error:
            _log.warning("tasks.left_abruptly", error=type(error).__name__)

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Forget what is somebody else's from now on."""
        self._offsets.forget({each.partition for each in revoked})

    async def on_partitions_assigned(  # ruff: ignore[no-self-use]  # the listener is an interface
        self, assigned: list[TopicPartition]
    ) -> None:
        """Say what is ours from now on."""
        _log.info("tasks.assigned", partitions=sorted(each.partition for each in assigned))
