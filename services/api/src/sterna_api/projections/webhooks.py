from typing import Literal

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.webhook.events import DisabledReason

DeliveryStatus = Literal["pending", "delivered", "failed", "discarded"]

_SQL = Statements("reading.sql")


class WebhookLine(Struct, frozen=True):
    """What is shown of a webhook; its secret was shown once."""

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    created_at: UtcDatetime
    disabled_at: UtcDatetime | None
    disabled_reason: DisabledReason | None
    updated_at: UtcDatetime | None
    previous_until: UtcDatetime | None
    about: str | None


class DeliveryLine(Struct, frozen=True):
    """What became of one event for one webhook, so far; the delivery's id is the event's."""

    id: str
    event_id: str
    type: str | None
    created_at: UtcDatetime | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: UtcDatetime | None
    last_status: int | None
    last_reason: str | None
    last_attempt_at: UtcDatetime | None


class Webhooks:
    """The webhooks of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, webhook_id: str) -> WebhookLine | None:
        """Give a webhook, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["webhook"], org_id, webhook_id)
        return WebhookLine(*row.values()) if row else None

    async def page(self, org_id: str, *, limit: int, offset: int) -> Page[WebhookLine]:
        """Give some webhooks, newest first."""
        rows = await self._database.fetch(_SQL["webhooks"], org_id, limit, offset)
        items = [WebhookLine(*row.values()) for row in rows]
        total = await self._database.count(_SQL["webhooks_count"], org_id)
        return Page(items, total, limit, offset)

    async def deliveries(
        self,
        org_id: str,
        webhook_id: str,
        status: DeliveryStatus | None,
        *,
        limit: int,
        offset: int,
    ) -> Page[DeliveryLine]:
        """Give some of what was and will be sent to a webhook, newest first."""
        rows = await self._database.fetch(
            _SQL["deliveries"], org_id, webhook_id, status, limit, offset
        )
        items = [
            DeliveryLine(
                id=row["event_id"],
                event_id=row["event_id"],
                type=row["type"],
                created_at=row["at"],
                status=row["status"],
                attempts=row["attempts"],
                next_attempt_at=row["due_at"] if row["status"] == "pending" else None,
                last_status=row["last_status"],
                last_reason=row["last_reason"],
                last_attempt_at=row["last_attempt_at"],
            )
            for row in rows
        ]
        total = await self._database.count(_SQL["deliveries_count"], org_id, webhook_id, status)
        return Page(items, total, limit, offset)

    async def has_delivery(self, org_id: str, webhook_id: str, event_id: str) -> bool:
        """Tell whether something was or will be sent to a webhook."""
        row = await self._database.fetchrow(_SQL["delivery_exists"], org_id, webhook_id, event_id)
        return row is not None
