"""What the journal asks of a log: four small ports, with an implementation in memory and on Kafka.

RecordSender   many senders, many records under way; each has its own acknowledgement
BatchWriter    one writer, one batch at a time, appended whole or not at all
Tail           records of one topic from given offsets on, as they come
Log            opens writers and tails, and knows where partitions end
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from sterna_core.errors import Terminal, Transient
from sterna_core.journal.record import OutgoingRecord, StoredRecord


class AppendUnknown(Transient):
    """Records were handed over, and whether they stand in the log is not known."""

    code = "append_unknown"


class RecordTooLarge(Terminal):
    """A record is larger than any topic takes; it was not sent."""

    code = "record_too_large"


class Bounds(Struct, frozen=True):
    """Where a partition begins and ends: `first` is kept still, `end` is yet to come."""

    first: int
    end: int


class RecordSender(Protocol):
    """Appends single records; may be used by many tasks at once."""

    async def send(self, topic: str, partition: int, record: OutgoingRecord) -> int:
        """Append a record and give its offset.

        Raises AppendUnknown after the sender's deadline, RecordTooLarge, Unreachable.
        """
        ...


class BatchWriter(Protocol):
    """Appends batches to one partition; thrown away after an append whose result is unknown."""

    async def append(self, records: Sequence[OutgoingRecord]) -> int:
        """Append records as one batch, whole or not at all; gives the offset of the first.

        Raises AppendUnknown, after which the writer must not be used again.
        """
        ...

    async def close(self) -> None:
        """Let go of the writer, within a stated time, whatever it was doing."""
        ...


class Tail(Protocol):
    """Reads partitions of one topic in order."""

    async def read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        """Give the next records, as many as there are up to a bound; none after the wait."""
        ...

    async def close(self) -> None:
        """Let go of the tail, within a stated time."""
        ...


class Log(Protocol):
    """Opens writers and tails."""

    async def bounds(self, topic: str, partitions: Iterable[int]) -> Mapping[int, Bounds]:
        """Give where partitions begin and end now; raises Unreachable."""
        ...

    async def open_tail(self, topic: str, offsets: Mapping[int, int]) -> Tail:
        """Begin to read partitions at offsets; raises Unreachable."""
        ...

    async def open_writer(self, topic: str, partition: int) -> BatchWriter:
        """Make a writer of its own for a partition; raises Unreachable."""
        ...
