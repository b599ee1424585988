from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_core.postgres.queries import load_queries

_FILE = "outbox.sql"


class DueDelivery(Struct, frozen=True):
    """One event for one webhook, to be sent now."""

    org_id: str
    webhook_id: str
    event_id: str
    attempts: int
    """How often it was sent before."""
    url: str
    sealed_secret: str
    body: str
    previous_sealed_secret: str | None
    """The secret before, while receivers may still know only that one."""


class Outbox:
    """What is to be sent; several senders may take from it at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql: dict[str, str] | None = None

    async def claim(
        self, now: datetime, *, for_seconds: float, limit: int
    ) -> Sequence[DueDelivery]:
        """Take what is due; it comes back when nothing is recorded of it in time.

        Raises DatabaseAway.
        """
        until = now + timedelta(seconds=for_seconds)
        rows = await self._database.fetch(self._statement("claim_due"), now, until, limit)
        return [DueDelivery(*row.values()) for row in rows]

    def _statement(self, name: str) -> str:
        if self._sql is None:
            self._sql = load_queries("sterna_api.webhooks", _FILE)
        return self._sql[name]
