import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from sterna_core.journal.log import AppendUnknown
from sterna_core.journal.record import OutgoingRecord
from sterna_core.kafka.producer import discard_producer, stop_producer


class KafkaWriter:
    """Appends batches to one partition through a producer of its own."""

    def __init__(
        self, producer: AIOKafkaProducer, topic: str, partition: int, *, append_seconds: float
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._append_seconds = append_seconds
        self._certain = True

    async def append(self, records: Sequence[OutgoingRecord]) -> int:
        """Append records as one batch, whole or not at all; gives the offset of the first.

        Raises AppendUnknown after the deadline or any error: then the batch may stand in the log,
        or come to stand there later, and this writer is of no use any more.
        """
        if not self._certain:
            raise AppendUnknown("The writer was of no use any more.")
        batch = self._producer.create_batch()
        for record in records:
            added = batch.append(
                timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
            )
            if added is None:
                raise ValueError("the records are more than a batch holds")
        batch.close()
        # Whatever ends the wait, also a cancellation: what became of the batch is not known.
        self._certain = False
        try:
            async with asyncio.timeout(self._append_seconds):
                future = await self._producer.send_batch(
                    batch, self._topic, partition=self._partition
                )
                first_offset: int = (await future).offset
        except Exception as error:  # whatever went wrong, the batch may be in the log
            raise AppendUnknown("Kafka did not say whether it took a batch.") from error
        if first_offset < 0:
            raise AppendUnknown("Kafka took a batch and did not say where.")
        self._certain = True
        return first_offset

    async def close(self) -> None:
        """Let go of the producer, within a few seconds."""
        await (stop_producer if self._certain else discard_producer)(self._producer)
