import asyncio
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from sterna_core.journal.log import AppendUnknown, RecordTooLarge
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import RECORD_BYTES_MAX
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.producer import discard_producer, start_producer, stop_producer

_BATCH_BYTES = 256 * 1024


class KafkaSender:
    """Appends single records for many tasks at once; those of a partition share batches.

    A broker that is away for a while is waited for. A producer that has failed for good, or has
    had no answer for twice the deadline, is replaced; what it was sending is then not known.
    Use as a context manager.
    """

    def __init__(self, access: KafkaAccess, *, send_seconds: float = 10.0) -> None:
        self._access = access
        self._send_seconds = send_seconds
        self._producer: AIOKafkaProducer | None = None
        self._changing = asyncio.Lock()
        self._answered_at = 0.0

    async def __aenter__(self) -> Self:
        """Connect; raises Unreachable."""
        await self._ready_producer()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        async with self._changing:
            producer, self._producer = self._producer, None
            if producer is not None:
                await stop_producer(producer)

    async def send(self, topic: str, partition: int, record: OutgoingRecord) -> int:
        """Append a record and give its offset.

        Raises AppendUnknown when the deadline has passed, RecordTooLarge, Unreachable.
        """
        if record.size_bytes() > RECORD_BYTES_MAX:
            raise RecordTooLarge(f"A record is larger than {RECORD_BYTES_MAX} bytes.")
        producer = await self._ready_producer()
        try:
            async with asyncio.timeout(self._send_seconds):
                future = await producer.send(
                    topic,
                    record.value,
                    record.key,
                    partition=partition,
                    headers=list(record.headers),
                )
                offset: int = (await future).offset
        except Exception as error:  # whatever went wrong, the record may be in the log
            await self._replace_if_broken(producer)
            raise AppendUnknown("Kafka did not say whether it took a record.") from error
        self._answered_at = asyncio.get_running_loop().time()
        return offset

    async def _ready_producer(self) -> AIOKafkaProducer:
        producer = self._producer
        if producer is not None:
            return producer
        async with self._changing:
            if self._producer is None:
                self._producer = await start_producer(self._access, batch_bytes=_BATCH_BYTES)
                self._answered_at = asyncio.get_running_loop().time()
            return self._producer

    async def _replace_if_broken(self, producer: AIOKafkaProducer) -> None:
        silent_for = asyncio.get_running_loop().time() - self._answered_at
        failed = producer._sender.sender_task.done()  # ruff: ignore[private-member-access]  # it shows nowhere else
        if not failed and silent_for < 2 * self._send_seconds:
            return
        async with self._changing:
            if self._producer is producer:
                self._producer = None
                await discard_producer(producer)
