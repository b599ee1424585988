"""What the journal asks of a log, of Kafka and of the fake alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from sterna_core.journal.log import Bounds, Log, RecordSender, RecordTooLarge
from sterna_core.journal.memory import InMemoryLog
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.topics import RECORD_BYTES_MAX, Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender

WAIT_SECONDS = 10.0


@dataclass
class Subject:
    log: Log
    sender: RecordSender
    topic: str


@pytest.fixture(params=["memory", "kafka"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "memory":
        log = InMemoryLog()
        yield Subject(log, log, "t.events")
        return
    access = KafkaAccess(request.getfixturevalue("kafka_bootstrap"))
    topics = Topics(prefix=f"t{uuid4().hex[:12]}", partitions=2, task_partitions=1)
    await provision_topics(access, topics)
    async with KafkaLog(access) as kafka, KafkaSender(access) as sender:
        yield Subject(kafka, sender, topics.events)


def record(number: int, value: bytes = b"{}") -> OutgoingRecord:
    return OutgoingRecord(b"key", value, (("ce_number", b"%d" % number),))


def numbers(records: list[StoredRecord]) -> list[int]:
    return [int(dict(record.headers)["ce_number"]) for record in records]


async def read(subject: Subject, offsets: dict[int, int], count: int) -> list[StoredRecord]:
    tail = await subject.log.open_tail(subject.topic, offsets)
    found: list[StoredRecord] = []
    try:
        while len(found) < count:
            page = await tail.read(WAIT_SECONDS)
            assert page
            found.extend(page)
    finally:
        await tail.close()
    return found


async def test_a_batch_stands_in_the_log_as_it_was_written(subject: Subject):
    writer = await subject.log.open_writer(subject.topic, 1)
    assert await writer.append([record(1), record(2)]) == 0
    assert await writer.append([record(3)]) == 2
    await writer.close()
    found = await read(subject, {1: 0}, 3)
    assert numbers(found) == [1, 2, 3]
    assert [r.offset for r in found] == [0, 1, 2]
    assert {(r.partition, r.key, r.value) for r in found} == {(1, b"key", b"{}")}


async def test_records_of_many_senders_each_learn_their_offset(subject: Subject):
    offsets = [await subject.sender.send(subject.topic, 0, record(n)) for n in range(5)]
    assert offsets == list(range(5))


async def test_a_tail_begins_where_it_is_told_and_waits_for_more(subject: Subject):
    for number in range(4):
        await subject.sender.send(subject.topic, 0, record(number))
    assert numbers(await read(subject, {0: 2}, 2)) == [2, 3]
    tail = await subject.log.open_tail(subject.topic, {0: 4})
    assert list(await tail.read(0.05)) == []
    await subject.sender.send(subject.topic, 0, record(4))
    assert numbers(list(await tail.read(WAIT_SECONDS))) == [4]
    await tail.close()


async def test_a_tail_reads_several_partitions_each_in_order(subject: Subject):
    for number in range(6):
        await subject.sender.send(subject.topic, number % 2, record(number))
    found = await read(subject, {0: 0, 1: 1}, 5)
    assert numbers([r for r in found if r.partition == 0]) == [0, 2, 4]
    assert numbers([r for r in found if r.partition == 1]) == [3, 5]


async def test_bounds_say_where_partitions_begin_and_end(subject: Subject):
    await subject.sender.send(subject.topic, 1, record(0))
    assert await subject.log.bounds(subject.topic, [0, 1]) == {0: Bounds(0, 0), 1: Bounds(0, 1)}


async def test_a_record_of_the_largest_size_goes_through_and_a_larger_one_is_refused(
    subject: Subject,
):
    largest = RECORD_BYTES_MAX - record(0, b"").size_bytes()
    await subject.sender.send(subject.topic, 0, record(0, b"x" * largest))
    (found,) = await read(subject, {0: 0}, 1)
    assert found.value == b"x" * largest
    with pytest.raises(RecordTooLarge):
        await subject.sender.send(subject.topic, 0, record(1, b"x" * (largest + 1)))


async def test_a_batch_of_four_mebibytes_goes_through(subject: Subject):
    writer = await subject.log.open_writer(subject.topic, 0)
    batch = [record(n, b"x" * 500_000) for n in range(8)]
    assert await writer.append(batch) == 0
    await writer.close()
    assert numbers(await read(subject, {0: 0}, 8)) == list(range(8))
