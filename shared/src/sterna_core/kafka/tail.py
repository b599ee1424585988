import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from sterna_core.errors import Terminal, Unreachable
from sterna_core.journal.record import StoredRecord
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.ending import ended

START_SECONDS = 15.0
CLOSE_SECONDS = 3.0
_FETCH_WAIT_SECONDS = 0.5
_ONE_PARTITION_FETCH_WAIT_SECONDS = 5.0
_PARTITION_FETCH_BYTES = 1024 * 1024
_READ_RECORDS_MAX = 500


class RecordsGone(Terminal):
    """Records that are wanted are no longer kept, or not there yet."""

    code = "records_gone"


class KafkaTail:
    """Reads partitions of one topic in order, through a consumer that belongs to no group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    @classmethod
    async def open(cls, access: KafkaAccess, topic: str, offsets: Mapping[int, int]) -> "KafkaTail":
        """Begin to read at offsets; raises Unreachable."""
        # A partition that is read out while the broker holds a fetch for others waits until it ends.
        alone = len(offsets) == 1
        wait = _ONE_PARTITION_FETCH_WAIT_SECONDS if alone else _FETCH_WAIT_SECONDS
        consumer = await start_consumer(access, fetch_wait_seconds=wait)
        partitions = {TopicPartition(topic, p): offset for p, offset in offsets.items()}
        consumer.assign(list(partitions))
        for partition, offset in partitions.items():
            consumer.seek(partition, offset)
        return cls(consumer)

    async def read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        """Give the next records, none after the wait.

        With the broker away there are none; reading goes on by itself when it is back. Raises
        RecordsGone, or Unreachable where the consumer has failed.
        """
        try:
            found = await self._consumer.getmany(
                timeout_ms=int(wait_seconds * 1000), max_records=_READ_RECORDS_MAX
            )
        except OffsetOutOfRangeError:
            raise RecordsGone("Records that are wanted are not kept any more.") from None
        except KafkaError as error:
            raise Unreachable("Kafka cannot be read.") from error
        if not found and self._consumer._fetcher.error_future.done():  # ruff: ignore[private-member-access]
            # The consumer does not say so: it would give nothing for ever.
            raise Unreachable("The consumer's fetcher has ended.")
        return [
            StoredRecord(record.partition, record.offset, record.key, record.value, record.headers)
            for records in found.values()
            for record in records
        ]

    async def close(self) -> None:
        """Let go of the consumer, within a few seconds."""
        await stop_consumer(self._consumer)


async def start_consumer(
    access: KafkaAccess, *, fetch_wait_seconds: float = _FETCH_WAIT_SECONDS
) -> AIOKafkaConsumer:
    """Start a consumer that commits nothing and begins nowhere by itself; raises Unreachable.

    `fetch_wait_seconds` is how long the broker holds a fetch while there is nothing to give.
    """
    consumer = AIOKafkaConsumer(
        **access.arguments(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=int(fetch_wait_seconds * 1000),
        max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            await consumer.start()
    except (KafkaError, TimeoutError, OSError) as error:
        await stop_consumer(consumer)
        raise Unreachable("Kafka does not answer.") from error
    except asyncio.CancelledError:
        await stop_consumer(consumer)
        raise
    return consumer


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, whatever it is doing, within a few seconds."""
    if not await ended(consumer.stop(), CLOSE_SECONDS):
        # It may have stopped half-way; its connections must not stay behind.
        await ended(consumer._client.close(), CLOSE_SECONDS)  # ruff: ignore[private-member-access]
