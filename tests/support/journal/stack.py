"""A decider, a client and topics of their own on the session's Kafka."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from sterna_api.decider.membership import FixedMembership, Membership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_core.clock import system_clock
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.outcome import Outcome
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.snapshot import InMemorySnapshots, SnapshotStore
from sterna_core.journal.tally import TALLY
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender

ORG = "org_test"
DEADLINE_SECONDS = 30.0
CODEC = Codec([TALLY])


@dataclass
class JournalStack:
    """What a test needs of the journal on Kafka."""

    access: KafkaAccess
    topics: Topics
    log: KafkaLog
    sender: KafkaSender
    client: CommandClient
    codec: Codec = CODEC
    snapshots: SnapshotStore = field(default_factory=InMemorySnapshots)

    async def send(
        self,
        aggregate_id: str,
        command: Struct,
        *,
        command_id: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Outcome:
        """Send a command and wait for its outcome."""
        return await self.client.send(
            aggregate_id,
            ORG,
            command,
            command_id=command_id or str(uuid4()),
            actor="key_test",
            now=system_clock(),
            deadline_seconds=deadline_seconds,
        )

    @asynccontextmanager
    async def decider(
        self,
        *,
        membership: Membership | None = None,
        settings: DeciderSettings | None = None,
        clock: Callable[[], datetime] = system_clock,
    ) -> AsyncGenerator[Decider]:
        """Run a decider of all partitions."""
        decider = Decider(
            DeciderPorts(self.log, self.sender, self.snapshots, self.codec, self.topics, clock),
            membership or FixedMembership(range(self.topics.partitions)),
            settings or DeciderSettings(),
        )
        task = asyncio.create_task(decider.run())
        try:
            yield decider
        finally:
            decider.stop()
            await asyncio.wait_for(task, DEADLINE_SECONDS)

    async def records(self, topic: str) -> list[StoredRecord]:
        """Read a topic from its beginning to its present end."""
        count = {
            self.topics.tasks: self.topics.task_partitions,
            self.topics.dead_letters: 1,
        }.get(topic, self.topics.partitions)
        bounds = await self.log.bounds(topic, range(count))
        left = {p: bound.end for p, bound in bounds.items() if bound.end > bound.first}
        found: list[StoredRecord] = []
        tail = await self.log.open_tail(topic, {p: bounds[p].first for p in bounds})
        async with asyncio.timeout(DEADLINE_SECONDS):
            while left:
                for record in await tail.read(0.2):
                    found.append(record)
                    if record.offset + 1 >= left.get(record.partition, 0):
                        left.pop(record.partition, None)
        await tail.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))


@asynccontextmanager
async def journal_stack(
    bootstrap: str,
    *,
    partitions: int = 2,
    prefix: str | None = None,
    send_seconds: float = 10.0,
    codec: Codec = CODEC,
) -> AsyncGenerator[JournalStack]:
    """Make topics, and a client that waits for outcomes."""
    access = KafkaAccess(bootstrap)
    topics = Topics(
        prefix=prefix or f"t{uuid4().hex[:12]}",
        partitions=partitions,
        task_partitions=2,
        telemetry_partitions=1,
    )
    await provision_topics(access, topics)
    async with (
        KafkaLog(access, append_seconds=send_seconds) as log,
        KafkaSender(access, send_seconds=send_seconds) as sender,
    ):
        client = CommandClient(log, sender, codec, topics)
        reading = asyncio.create_task(client.run())
        try:
            await asyncio.wait_for(client.ready(), DEADLINE_SECONDS)
            yield JournalStack(access, topics, log, sender, client, codec)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def until(condition: Callable[[], bool], deadline_seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(deadline_seconds):
        while not condition():  # ruff: ignore[async-busy-wait]  # the condition signals nothing
            await asyncio.sleep(0.02)


async def until_read(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that has to be read holds."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():  # ruff: ignore[async-busy-wait]  # as above
            await asyncio.sleep(0.1)


@asynccontextmanager
async def owner_process(
    stack: JournalStack, instance: str, *, session_seconds: float
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run owners in a process of its own, which is killed in the end whatever its state."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("owner_process.py")),
        stack.access.bootstrap,
        stack.topics.prefix,
        str(stack.topics.partitions),
        instance,
        str(session_seconds),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
