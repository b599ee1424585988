from typing import Literal

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.notice.commands import NoticeChannel

NoticeStatus = Literal["pending", "delivered", "failed"]

_SQL = Statements("notices.sql")


class NoticeLine(Struct, frozen=True):
    """What became of telling somebody of one event, so far."""

    event_id: str
    type: str | None
    created_at: UtcDatetime | None
    channel: NoticeChannel
    recipient: str
    status: NoticeStatus
    attempts: int
    next_attempt_at: UtcDatetime | None
    last_reason: str | None
    last_attempt_at: UtcDatetime | None


class Notices:
    """What people are told of migrations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        org_id: str,
        migration_id: str,
        status: NoticeStatus | None,
        *,
        limit: int,
        offset: int,
    ) -> Page[NoticeLine]:
        """Give some of what people were and will be told of a migration, newest first."""
        rows = await self._database.fetch(
            _SQL["notices"], org_id, migration_id, status, limit, offset
        )
        items = [
            NoticeLine(
                event_id=row["event_id"],
                type=row["type"],
                created_at=row["at"],
                channel=row["channel"],
                recipient=row["recipient"],
                status=row["status"],
                attempts=row["attempts"],
                next_attempt_at=row["due_at"] if row["status"] == "pending" else None,
                last_reason=row["last_reason"],
                last_attempt_at=row["last_attempt_at"],
            )
            for row in rows
        ]
        total = await self._database.count(_SQL["notices_count"], org_id, migration_id, status)
        return Page(items, total, limit, offset)
