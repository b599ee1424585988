import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from sterna_core.errors import Unreachable
from sterna_core.journal.log import Bounds
from sterna_core.journal.topics import BATCH_BYTES_MAX
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.producer import start_producer
from sterna_core.kafka.tail import KafkaTail, start_consumer, stop_consumer
from sterna_core.kafka.writer import KafkaWriter

_BOUNDS_SECONDS = 15.0


class KafkaLog:
    """Kafka as the journal's log. Use as a context manager."""

    def __init__(self, access: KafkaAccess, *, append_seconds: float = 10.0) -> None:
        self._access = access
        self._append_seconds = append_seconds
        self._inspector: AIOKafkaConsumer | None = None
        self._inspecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Connect; raises Unreachable."""
        self._inspector = await start_consumer(self._access)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._inspector is not None:
            await stop_consumer(self._inspector)

    async def bounds(self, topic: str, partitions: Iterable[int]) -> Mapping[int, Bounds]:
        """Give where partitions begin and end now; raises Unreachable."""
        wanted = [TopicPartition(topic, partition) for partition in partitions]
        inspector = self._inspector
        if inspector is None:
            raise RuntimeError("the log is not open")
        try:
            async with self._inspecting, asyncio.timeout(_BOUNDS_SECONDS):
                first = await inspector.beginning_offsets(wanted)
                end = await inspector.end_offsets(wanted)
        except (KafkaError, TimeoutError) as error:
            raise Unreachable("Kafka does not say where a topic ends.") from error
        return {p.partition: Bounds(first[p], end[p]) for p in wanted}

    async def open_tail(self, topic: str, offsets: Mapping[int, int]) -> KafkaTail:
        """Begin to read partitions at offsets; raises Unreachable."""
        return await KafkaTail.open(self._access, topic, offsets)

    async def open_writer(self, topic: str, partition: int) -> KafkaWriter:
        """Make a writer with a producer of its own; raises Unreachable."""
        producer = await start_producer(self._access, batch_bytes=BATCH_BYTES_MAX)
        return KafkaWriter(producer, topic, partition, append_seconds=self._append_seconds)
