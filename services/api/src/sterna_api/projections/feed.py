from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

import asyncpg
import msgspec
import structlog

from sterna_api.projections.audit_rows import AuditRow, insert_audit_rows, row_of_refusal
from sterna_api.projections.journal_projection import JournalProjection
from sterna_api.projections.log_rows import (
    LogRow,
    delete_late_log_rows,
    insert_log_rows,
    row_of_telemetry,
)
from sterna_api.projections.resource_rows import ResourceRow, upsert_resource_rows
from sterna_core.errors import Misconfigured
from sterna_core.journal.codec import Codec
from sterna_core.journal.decision import Decision
from sterna_core.journal.log import Log, Tail
from sterna_core.journal.reader import READ_WAIT_SECONDS, JournalReader
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics
from sterna_core.tasks.access import AccessRefused
from sterna_core.tasks.telemetry import LogLine, Resources, TelemetryRecord

_log = structlog.get_logger()
_telemetry: msgspec.json.Decoder[LogLine | Any] = msgspec.json.Decoder(TelemetryRecord)


TelemetryRow = LogRow | AuditRow | ResourceRow


class ProjectionsAhead(Misconfigured):
    """The projections and the journal do not belong together."""

    code = "projections_ahead"


class Feed(Protocol):
    """One source of the projections: reads on from given positions and writes rows."""

    async def __aenter__(self) -> Self:
        """Begin to read."""
        ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    @property
    def positions(self) -> Mapping[int, Position]:
        """Give where reading goes on."""
        ...

    async def read(self) -> Sequence[Any]:
        """Give the next batch; empty after a wait."""
        ...

    async def apply(self, connection: asyncpg.Connection, batch: Sequence[Any]) -> None:
        """Write what a batch led to, in the caller's transaction."""
        ...

    async def set_aside(self, connection: asyncpg.Connection, item: Any, reason: str) -> None:
        """Leave out an item that cannot be applied."""
        ...


class EventsFeed:
    """The journal."""

    def __init__(
        self, log: Log, topics: Topics, codec: Codec, positions: Mapping[int, Position]
    ) -> None:
        self._log = log
        self._topic = topics.events
        self._reader = JournalReader(log, topics.events, positions)
        self._projection = JournalProjection(codec)
        self._loaded = False

    async def __aenter__(self) -> Self:
        """Begin to read; raises Unreachable, ProjectionsAhead."""
        await self._check()
        await self._reader.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._reader.__aexit__(exc_type, exc, traceback)

    async def _check(self) -> None:
        bounds = await self._log.bounds(self._topic, self.positions)
        if any(at.next_offset > bounds[p].end for p, at in self.positions.items()):
            raise ProjectionsAhead(
                "The projections are further than the journal, so they are of another one:"
                " point STERNA_KAFKA_BOOTSTRAP and STERNA_TOPIC_PREFIX at theirs, or run"
                " 'sterna-api rebuild-projections'."
            )

    @property
    def positions(self) -> Mapping[int, Position]:
        """Give where reading goes on."""
        return self._reader.positions

    async def read(self) -> Sequence[Decision]:
        """Give the next decisions; none after a wait."""
        return await self._reader.read()

    async def apply(self, connection: asyncpg.Connection, batch: Sequence[Decision]) -> None:
        """Write what decisions led to."""
        if not self._loaded:
            await self._projection.load(connection)
            self._loaded = True
        try:
            await self._projection.apply(connection, batch)
        except BaseException:
            self._loaded = False  # what was quarantined is rolled back with the rest
            raise

    async def set_aside(self, connection: asyncpg.Connection, item: Decision, reason: str) -> None:
        """Let the aggregate stand still from this decision on."""
        await self._projection.quarantine(connection, item, reason)


class TelemetryFeed:
    """Log lines of executors; what cannot be read is no fact, so it is left out."""

    def __init__(self, log: Log, topics: Topics, positions: Mapping[int, Position]) -> None:
        self._log = log
        self._topic = topics.telemetry
        self._positions = dict(positions)
        self._tail: Tail | None = None

    async def __aenter__(self) -> Self:
        """Begin to read where the topic still goes back to; raises Unreachable."""
        bounds = await self._log.bounds(self._topic, self._positions)
        for partition, position in self._positions.items():
            first = max(position.next_offset, bounds[partition].first)
            self._positions[partition] = Position(first)
        offsets = {p: position.next_offset for p, position in self._positions.items()}
        self._tail = await self._log.open_tail(self._topic, offsets)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._tail is not None:
            await self._tail.close()

    @property
    def positions(self) -> Mapping[int, Position]:
        """Give where reading goes on."""
        return dict(self._positions)

    async def read(self) -> Sequence[TelemetryRow]:
        """Give the next lines and figures; none after a wait."""
        if self._tail is None:
            raise RuntimeError("the feed is not open")
        records = await self._tail.read(READ_WAIT_SECONDS)
        for record in records:
            self._positions[record.partition] = Position(record.offset + 1)
        rows = (read_row(record) for record in records)
        return [row for row in rows if row is not None]

    @staticmethod
    async def apply(connection: asyncpg.Connection, batch: Sequence[TelemetryRow]) -> None:
        """Append the lines, but those of migrations that were deleted with their logs."""
        lines = [row for row in batch if isinstance(row, LogRow)]
        await insert_log_rows(connection, lines)
        await delete_late_log_rows(connection, {row.migration_id for row in lines})
        await insert_audit_rows(connection, [row for row in batch if isinstance(row, AuditRow)])
        resources = [row for row in batch if isinstance(row, ResourceRow)]
        await upsert_resource_rows(connection, resources)

    @staticmethod
    async def set_aside(connection: asyncpg.Connection, item: TelemetryRow, reason: str) -> None:
        """Leave out a line."""
        del connection
        _log.warning("telemetry.left_out", offset=item.position, reason=reason)


def read_line(record: StoredRecord) -> LogRow | None:
    """Read a record of telemetry as a line of a log; None for figures and what is not readable."""
    row = read_row(record)
    return row if isinstance(row, LogRow) else None


def read_row(record: StoredRecord) -> TelemetryRow | None:
    """Read a record of telemetry as what is kept of it, which may be nothing."""
    try:
        told = _telemetry.decode(record.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _log.warning("telemetry.undecodable", partition=record.partition, offset=record.offset)
        return None
    match told:
        case LogLine():
            return row_of_telemetry(told, record.offset)
        case AccessRefused():
            return row_of_refusal(told, record.partition, record.offset)
        case Resources():
            return ResourceRow(record.offset, told)
    return None
