from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_core.notice.commands import NoticeChannel
from sterna_core.postgres.queries import load_queries


class DueNotice(Struct, frozen=True):
    """Somebody who is to be told of one event now."""

    org_id: str
    migration_id: str
    event_id: str
    channel: NoticeChannel
    recipient: str
    attempts: int
    """How often it was tried before."""
    type: str
    body: str


class NoticeOutbox:
    """Who is to be told what; several senders may take from it at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        now: datetime,
        *,
        channels: Collection[NoticeChannel],
        for_seconds: float,
        limit: int,
    ) -> Sequence[DueNotice]:
        """Take what is due on these channels; it comes back when nothing is recorded in time.

        Raises DatabaseAway.
        """
        until = now + timedelta(seconds=for_seconds)
        statement = _statements()["claim_notices"]
        rows = await self._database.fetch(statement, now, until, limit, sorted(channels))
        return [DueNotice(*row.values()) for row in rows]


@cache
def _statements() -> dict[str, str]:
    return load_queries(__package__, "outbox.sql")
