from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core import ids
from sterna_core.clock import UtcDatetime
from sterna_core.migration.narrate import Entry, LogEntry, LogPhase, narrate
from sterna_core.namespace_migration.narrate import narrate as narrate_namespace
from sterna_core.tasks.telemetry import Level, LogLine

_SQL = Statements("rows.sql")
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
EVENTS_SOURCE = 0
TELEMETRY_SOURCE = 1
_COLUMNS = (
    "org_id",
    "migration_id",
    "source",
    "position",
    "place",
    "closes",
    "at",
    "level",
    "phase",
    "document",
)


class LogRow(Struct, frozen=True):
    """One line of a migration's log, at its place in the log it comes from.

    `place` counts the lines of one record, and `closes` marks the last. `level` None is progress.
    """

    org_id: str
    migration_id: str
    source: int
    position: int
    place: int
    closes: bool
    at: UtcDatetime
    level: int | None
    phase: LogPhase | None
    document: bytes


def rows_of_event(occurrence: Occurrence) -> list[LogRow]:
    """Give the lines that an event adds."""
    event: Any = occurrence.event
    of_namespace = occurrence.aggregate_id.startswith(ids.NAMESPACE_MIGRATION)
    entries = narrate_namespace(event) if of_namespace else narrate(event)
    return [
        _row(occurrence, event.at, entry, place, closes=place + 1 == len(entries))
        for place, entry in enumerate(entries)
    ]


def row_of_telemetry(line: LogLine, position: int) -> LogRow:
    """Give the line that a record of telemetry is."""
    entry = LogEntry(
        timestamp=line.timestamp,
        level=line.level,
        message=line.message,
        phase=line.phase,
        table=line.table,
        records=line.records,
        code=line.code,
    )
    return LogRow(
        org_id=line.org_id,
        migration_id=line.migration_id,
        source=TELEMETRY_SOURCE,
        position=position,
        place=0,
        closes=True,
        at=line.timestamp,
        level=LEVELS.index(line.level),
        phase=line.phase,
        document=msgspec.json.encode(entry),
    )


def _row(occurrence: Occurrence, at: Any, entry: Entry, place: int, *, closes: bool) -> LogRow:
    return LogRow(
        org_id=occurrence.org_id,
        migration_id=occurrence.aggregate_id,
        source=EVENTS_SOURCE,
        position=occurrence.offset,
        place=place,
        closes=closes,
        at=at,
        level=LEVELS.index(entry.level) if isinstance(entry, LogEntry) else None,
        phase=entry.phase,
        document=msgspec.json.encode(entry),
    )


async def insert_log_rows(connection: asyncpg.Connection, rows: Sequence[LogRow]) -> None:
    """Append lines."""
    if rows:
        await connection.copy_records_to_table(
            "log_lines",
            columns=_COLUMNS,
            records=[(*msgspec.structs.astuple(row)[:-1], row.document.decode()) for row in rows],
        )


async def delete_late_log_rows(connection: asyncpg.Connection, migration_ids: set[str]) -> None:
    """Remove lines of migrations that were deleted with their logs, before these came."""
    if migration_ids:
        await connection.execute(_SQL["delete_late_log_lines"], sorted(migration_ids))
