from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.log_rows import LEVELS
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.migration.narrate import LogPhase
from sterna_core.tasks.telemetry import Level

_SQL = Statements("reading.sql")
_PAGE_LINES = 500


class StoredLine(Struct, frozen=True):
    """One line of a log as it is kept; see LogRow."""

    source: int
    position: int
    place: int
    closes: bool
    at: UtcDatetime
    level: int | None
    phase: LogPhase | None
    document: bytes


class FollowState(Struct, frozen=True):
    """A migration and how far its two sources are projected, all as of one moment."""

    status: str
    """Where more is to come although nobody asks for it, this is its phase."""
    event_offset: int
    """Of the last event that the status follows from."""
    updated_at: UtcDatetime
    events_next: int
    telemetry_next: int


class LogLines:
    """The logs of migrations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self,
        org_id: str,
        migration_id: str,
        *,
        level: Level | None,
        phase: LogPhase | None,
        since: datetime | None,
        limit: int,
    ) -> list[msgspec.Raw]:
        """Give lines as JSON, oldest first: those after `since`, or the newest."""
        lowest = LEVELS.index(level or "debug")
        key = (org_id, migration_id, lowest, phase)
        if since is None:
            rows = await self._database.fetch(_SQL["newest_log_lines"], *key, limit)
        else:
            rows = await self._database.fetch(_SQL["log_lines_since"], *key, since, limit)
        return [msgspec.Raw(row["document"].encode()) for row in rows]

    async def follow_state(
        self, org_id: str, migration_id: str, *, events_partition: int, telemetry_partition: int
    ) -> FollowState | None:
        """Give what a follower must know; None for a migration that is not there."""
        row = await self._database.fetchrow(
            _SQL["follow_state"], org_id, migration_id, events_partition, telemetry_partition
        )
        return FollowState(*row.values()) if row else None

    async def pages(
        self,
        org_id: str,
        migration_id: str,
        source: int,
        *,
        start: tuple[int, int],
        end: int,
    ) -> AsyncIterator[StoredLine]:
        """Give the lines of one source from (position, place) on, before position `end`."""
        position, place = start
        while position < end:
            rows = await self._database.fetch(
                _SQL["log_page"],
                org_id,
                migration_id,
                source,
                position,
                place,
                end,
                _PAGE_LINES,
            )
            for row in rows:
                yield StoredLine(
                    source=source,
                    position=row["position"],
                    place=row["place"],
                    closes=row["closes"],
                    at=row["at"],
                    level=row["level"],
                    phase=row["phase"],
                    document=row["document"].encode(),
                )
            if len(rows) < _PAGE_LINES:
                return
            position, place = rows[-1]["position"], rows[-1]["place"] + 1
