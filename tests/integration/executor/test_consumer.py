"""Taking tasks from a real broker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
import pytest

from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender
from sterna_core.migration.reports import ReportObjectBuilt
from sterna_core.tasks.task import Task
from sterna_executor.tasks.consumer import TaskConsumer
from sterna_executor.tasks.engine import Report
from sterna_executor.tasks.reporter import MemoryReporter
from sterna_executor.tasks.runner import Runner
from support.tasks import task

SECONDS = 30


class Counting:
    """Reports at once, and counts what it was given; holds back what it is told to."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.at_work = 0
        self.most_at_work = 0
        self.held: set[str] = set()
        self.changed = asyncio.Condition()

    async def carry_out(self, task: Task, report: Report) -> None:
        async with self.changed:
            self.given.append(task.task_id)
            self.at_work += 1
            self.most_at_work = max(self.at_work, self.most_at_work)
            self.changed.notify_all()
        try:
            while task.task_id in self.held:
                async with self.changed:
                    await self.changed.wait()
        finally:
            self.at_work -= 1
        await report(
            ReportObjectBuilt(
                task_id=task.task_id, attempt=task.attempt, executor_id="exec", seconds=0.0
            )
        )

    async def release(self) -> None:
        async with self.changed:
            self.held.clear()
            self.changed.notify_all()

    async def until_given(self, count: int) -> None:
        async with asyncio.timeout(SECONDS), self.changed:
            await self.changed.wait_for(lambda: len(set(self.given)) >= count)


class Bus:
    """Topics of its own on the shared broker."""

    def __init__(self, bootstrap: str) -> None:
        self.access = KafkaAccess(bootstrap=bootstrap)
        self.topics = Topics(prefix=f"t{uuid4().hex[:10]}", partitions=1, task_partitions=4)

    async def publish(self, sender: KafkaSender, tasks: list[Task]) -> None:
        for number, each in enumerate(tasks):
            record = OutgoingRecord(b"", msgspec.json.encode(each), ())
            await sender.send(self.topics.tasks, number % 4, record)

    @asynccontextmanager
    async def consuming(
        self, sender: KafkaSender, engine: Counting, *, max_concurrency: int = 4
    ) -> AsyncGenerator[Runner]:
        runner = Runner(
            engine,
            MemoryReporter(),
            "exec",
            max_concurrency=max_concurrency,
            max_snapshots=4,
        )
        consumer = TaskConsumer(
            self.access,
            self.topics,
            runner,
            sender,
            group=self.topics.prefix,
            executor_id=None,
            session_seconds=6.0,
            drain_seconds=1.0,
        )
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run(stopping))
            try:
                yield runner
            finally:
                stopping.set()


@pytest.fixture
async def bus(kafka_bootstrap: str) -> Bus:
    found = Bus(kafka_bootstrap)
    await provision_topics(found.access, found.topics)
    return found


async def test_every_task_is_run_and_never_more_at_once_than_allowed(bus: Bus) -> None:
    engine = Counting()
    async with KafkaSender(bus.access) as sender:
        await bus.publish(sender, [task(number) for number in range(40)])
        async with bus.consuming(sender, engine, max_concurrency=3):
            await engine.until_given(40)

    assert sorted(engine.given) == sorted({f"tsk_{number}" for number in range(40)})
    assert engine.most_at_work <= 3


async def test_what_was_not_done_is_delivered_again_to_the_next(bus: Bus) -> None:
    first, second = Counting(), Counting()
    first.held = {"tsk_0"}
    async with KafkaSender(bus.access) as sender:
        await bus.publish(sender, [task(number) for number in range(8)])
        async with bus.consuming(sender, first):
            await first.until_given(8)
        async with bus.consuming(sender, second):
            await second.until_given(1)

    assert "tsk_0" in second.given


async def test_a_task_that_nobody_can_read_is_buried_and_does_not_stop_the_others(
    bus: Bus,
) -> None:
    engine = Counting()
    async with KafkaSender(bus.access) as sender:
        await sender.send(bus.topics.tasks, 0, OutgoingRecord(b"", b"{broken", ()))
        await bus.publish(sender, [task(1)])
        async with bus.consuming(sender, engine):
            await engine.until_given(1)
    async with KafkaLog(bus.access) as log:
        bounds = await log.bounds(bus.topics.dead_letters, [0])

    assert bounds[0].end == 1
