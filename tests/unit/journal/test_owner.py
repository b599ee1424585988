"""The runtime on a log that loses, delays and hides: the same promises as the pure protocol."""

import asyncio
import random
from collections.abc import Sequence
from uuid import uuid4

import pytest

from sterna_api.decider.membership import FixedMembership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_core.clock import system_clock
from sterna_core.errors import Misconfigured
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.decision import DecisionReader
from sterna_core.journal.log import AppendUnknown
from sterna_core.journal.memory import InMemoryLog, InMemoryWriter
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.snapshot import InMemorySnapshots
from sterna_core.journal.tally import TALLY, Add, Added, Hand
from sterna_core.journal.task_record import read_task
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics

CODEC = Codec([TALLY])
TOPICS = Topics(prefix="t", partitions=1, task_partitions=2)
SETTINGS = DeciderSettings(retry_seconds=0.005, yield_seconds=0.02, snapshot_seconds=0.05)
DEADLINE_SECONDS = 30


class FaultyLog(InMemoryLog):
    """Appends batches of the journal by chance: late, or not at all, or without saying so."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.late: set[asyncio.Task[int]] = set()

    async def open_writer(self, topic: str, partition: int) -> "FaultyWriter":
        return FaultyWriter(self, topic, partition)


class FaultyWriter(InMemoryWriter):
    async def append(self, records: Sequence[OutgoingRecord]) -> int:
        log = self._log
        assert isinstance(log, FaultyLog)
        await asyncio.sleep(log.chance.uniform(0, 0.003))
        match log.chance.randrange(8):
            case 0:
                await super().append(records)
            case 1:
                log.late.add(asyncio.create_task(self._append_later(records)))
            case 2:
                pass
            case _:
                return await super().append(records)
        raise AppendUnknown("By chance.")

    async def _append_later(self, records: Sequence[OutgoingRecord]) -> int:
        assert isinstance(self._log, FaultyLog)
        await asyncio.sleep(self._log.chance.uniform(0, 0.05))
        return await super().append(records)


def decider(log: InMemoryLog, snapshots: InMemorySnapshots) -> Decider:
    ports = DeciderPorts(log, log, snapshots, CODEC, TOPICS, system_clock)
    return Decider(ports, FixedMembership([0]), SETTINGS)


async def send_all(client: CommandClient, workers: int, each: int) -> list[int]:
    befores = []

    async def work() -> None:
        for _ in range(each):
            outcome = await client.send(
                "tally_1",
                "org_test",
                Add(1),
                command_id=str(uuid4()),
                actor="key_test",
                now=system_clock(),
                deadline_seconds=DEADLINE_SECONDS,
            )
            (event,) = outcome.events
            assert isinstance(event, Added)
            befores.append(event.before)

    await asyncio.gather(*(work() for _ in range(workers)))
    return befores


@pytest.mark.parametrize("seed", range(3))
async def test_two_owners_of_one_partition_on_a_bad_log_answer_every_command_once(seed: int):
    log, snapshots = FaultyLog(seed), InMemorySnapshots()
    client = CommandClient(log, log, CODEC, TOPICS)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(client.run())
        deciders = [decider(log, snapshots) for _ in range(2)]
        for each in deciders:
            group.create_task(each.run())
        befores = await send_all(client, workers=6, each=10)
        await asyncio.gather(*log.late)
        befores += await send_all(client, workers=1, each=1)
        for each in deciders:
            each.stop()
        reading.cancel()
    assert sorted(befores) == list(range(61))
    decisions = DecisionReader({0: Position()}).feed(log.records(TOPICS.events, 0))
    assert [d.source_offset for d in decisions] == list(range(61))
    assert [e.before for d in decisions for e in d.events(CODEC)] == list(range(61))  # type: ignore[attr-defined]


async def test_a_takeover_goes_on_from_a_snapshot_and_publishes_every_open_task():
    log, snapshots = InMemoryLog(), InMemorySnapshots()
    client = CommandClient(log, log, CODEC, TOPICS)
    for number in range(2):
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(client.run())
            one = decider(log, snapshots)
            group.create_task(one.run())
            assert await send_all(client, workers=1, each=5) == list(
                range(5 * number, 5 * number + 5)
            )
            outcome = await client.send(
                "tally_1",
                "org_test",
                Hand("a"),
                command_id=str(uuid4()),
                actor="key_test",
                now=system_clock(),
                deadline_seconds=DEADLINE_SECONDS,
            )
            assert outcome.rejected is None
            await published(log, number + 1)
            one.stop()
            reading.cancel()
        kept = await snapshots.load(0)
        assert kept is not None
        assert kept.position.next_offset == len(log.records(TOPICS.events, 0))


async def published(log: InMemoryLog, tasks: int) -> None:
    def found() -> list[str]:
        return [read_task(r).key for p in range(2) for r in log.records(TOPICS.tasks, p)]

    async with asyncio.timeout(DEADLINE_SECONDS):
        while len(found()) < tasks:
            await log.wait(0.1)
    assert found() == ["a"] * tasks


async def test_a_journal_whose_commands_are_gone_is_refused_with_a_clear_error():
    log, snapshots = InMemoryLog(), InMemorySnapshots()
    client = CommandClient(log, log, CODEC, TOPICS)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(client.run())
        one = decider(log, snapshots)
        group.create_task(one.run())
        await send_all(client, workers=1, each=2)
        one.stop()
        reading.cancel()
    log.records(TOPICS.commands, 0).clear()
    with pytest.RaisesGroup(Misconfigured, flatten_subgroups=True):
        await asyncio.wait_for(decider(log, snapshots).run(), DEADLINE_SECONDS)


async def test_a_snapshot_of_another_journal_is_not_used():
    snapshots = InMemorySnapshots()
    for _ in range(2):
        log = InMemoryLog()
        client = CommandClient(log, log, CODEC, TOPICS)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(client.run())
            one = decider(log, snapshots)
            group.create_task(one.run())
            assert await send_all(client, workers=1, each=3) == [0, 1, 2]
            one.stop()
            reading.cancel()
