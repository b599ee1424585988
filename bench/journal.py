"""What one migration's events say about where its time went."""

from datetime import datetime
from typing import TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from sterna_core.journal.topics import Topics
from sterna_core.migration import events as ev

_ANSWER_MS = 500
Event = TypeVar("Event")
_DECODER = msgspec.json.Decoder(ev.AnyEvent)


class Course(Struct, frozen=True, kw_only=True):
    """Where the time of a migration went, in seconds.

    `rows_seconds` is from the first chunk given out to the last one in the target;
    `chunk_work_seconds` what executors spent on chunks, all together; `chunk_bus_seconds` the
    rest of the time between giving a chunk out and its report, all together.
    """

    phases_seconds: dict[str, float]
    rows_seconds: float
    chunks: int
    chunk_work_seconds: float
    chunk_bus_seconds: float
    completed_at: datetime


async def course_of(bootstrap: str, migration_id: str) -> Course:
    """Read the course of a migration that is completed from the journal."""
    return _course(await events_of(bootstrap, migration_id, _DECODER))


async def events_of(
    bootstrap: str, migration_id: str, decoder: msgspec.json.Decoder[Event]
) -> list[Event]:
    """Read what has happened to one migration."""
    topics = Topics()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        numbers = consumer.partitions_for_topic(topics.events) or set(range(topics.partitions))
        partitions = [TopicPartition(topics.events, number) for number in numbers]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Event] = []
        while [each for each in partitions if await consumer.position(each) < ends[each]]:
            batches = await consumer.getmany(timeout_ms=_ANSWER_MS)
            for record in (record for batch in batches.values() for record in batch):
                headers = dict(record.headers)
                if headers.get("ce_subject") == migration_id.encode() and _is_event(headers):
                    found.append(decoder.decode(record.value))
    finally:
        await consumer.stop()
    return found


def _is_event(headers: dict[str, bytes]) -> bool:
    return not headers["ce_type"].startswith(b"command.")


def _course(events: list[ev.AnyEvent]) -> Course:
    dispatched: dict[str, datetime] = {}
    phases: dict[str, float] = {}
    work, waited, copied = 0.0, 0.0, []
    first: datetime | None = None
    ended = events[0].at
    for event in events:
        match event:
            case ev.PhaseCompleted():
                phases[event.phase] = event.seconds
            case ev.TaskDispatched():
                dispatched[event.task_id] = event.at
            case ev.ChunkCopied():
                given = dispatched[event.task_id]
                first = first or given
                copied.append(event.at)
                work += event.seconds
                waited += (event.at - given).total_seconds() - event.seconds
            case ev.MigrationCompleted():
                ended = event.at
    assert first is not None
    return Course(
        phases_seconds=phases,
        rows_seconds=(max(copied) - first).total_seconds(),
        chunks=len(copied),
        chunk_work_seconds=work,
        chunk_bus_seconds=waited,
        completed_at=ended,
    )
