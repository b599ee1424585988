import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sterna_core.journal.log import Bounds, RecordTooLarge
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.topics import RECORD_BYTES_MAX

_READ_RECORDS_MAX = 1_000


class InMemoryLog:
    """A log in this process: the fake of Kafka, and a RecordSender too."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[int, list[StoredRecord]]] = defaultdict(dict)
        self._appended = asyncio.Event()

    def records(self, topic: str, partition: int) -> list[StoredRecord]:
        """Give what stands in a partition; the list is the log itself."""
        return self._topics[topic].setdefault(partition, [])

    async def append(self, topic: str, partition: int, records: Sequence[OutgoingRecord]) -> int:
        """Append records and give the offset of the first."""
        stored = self.records(topic, partition)
        first = len(stored)
        stored.extend(
            StoredRecord(partition, first + place, record.key, record.value, record.headers)
            for place, record in enumerate(records)
        )
        appended, self._appended = self._appended, asyncio.Event()
        appended.set()
        return first

    async def send(self, topic: str, partition: int, record: OutgoingRecord) -> int:
        """Append one record."""
        if record.size_bytes() > RECORD_BYTES_MAX:
            raise RecordTooLarge("The record is too large.")
        return await self.append(topic, partition, [record])

    async def bounds(self, topic: str, partitions: Iterable[int]) -> dict[int, Bounds]:
        """Give where partitions begin and end."""
        return {p: Bounds(0, len(self.records(topic, p))) for p in partitions}

    async def open_tail(self, topic: str, offsets: Mapping[int, int]) -> "InMemoryTail":
        """Begin to read partitions at offsets."""
        return InMemoryTail(self, topic, offsets)

    async def open_writer(self, topic: str, partition: int) -> "InMemoryWriter":
        """Make a writer for a partition."""
        return InMemoryWriter(self, topic, partition)

    async def wait(self, wait_seconds: float) -> None:
        """Wait until something is appended, or for so long."""
        try:
            async with asyncio.timeout(wait_seconds):
                await self._appended.wait()
        except TimeoutError:
            return


class InMemoryTail:
    """Reads an `InMemoryLog`."""

    def __init__(self, log: InMemoryLog, topic: str, offsets: Mapping[int, int]) -> None:
        self._log = log
        self._topic = topic
        self._offsets = dict(offsets)

    async def read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        """Give the next records of all partitions."""
        found = self._next()
        if not found and wait_seconds > 0:
            await self._log.wait(wait_seconds)
            found = self._next()
        return found

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _next(self) -> list[StoredRecord]:
        found: list[StoredRecord] = []
        for partition, offset in self._offsets.items():
            records = self._log.records(self._topic, partition)
            page = records[offset : offset + _READ_RECORDS_MAX]
            self._offsets[partition] = offset + len(page)
            found.extend(page)
        return found


class InMemoryWriter:
    """Writes batches to an `InMemoryLog`."""

    def __init__(self, log: InMemoryLog, topic: str, partition: int) -> None:
        self._log = log
        self._topic = topic
        self._partition = partition

    async def append(self, records: Sequence[OutgoingRecord]) -> int:
        """Append records as one batch."""
        return await self._log.append(self._topic, self._partition, records)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
