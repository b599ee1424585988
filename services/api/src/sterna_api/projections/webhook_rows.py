"""Webhooks and the outbox. The same rows come out in whatever order partitions are read."""

import asyncpg
from msgspec import Struct

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.webhook.event_type import covers
from sterna_core.webhook.events import (
    DeliveryAttempted,
    WebhookCreated,
    WebhookDeleted,
    WebhookDisabled,
)

_SQL = Statements("rows.sql")


class Notification(Struct, frozen=True):
    """Something that webhooks can be told; the body is sent as it stands."""

    org_id: str
    event_id: str
    type: str
    at: UtcDatetime
    body: str


async def project_webhook(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the rows of a webhook and of what is sent to it up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case WebhookCreated() as event:
            await connection.execute(
                _SQL["insert_webhook"],
                *key,
                event.url,
                list(event.events),
                event.description,
                event.sealed_secret,
                event.at,
                event.by,
            )
            await _catch_up(connection, key, event)
        case DeliveryAttempted() as event:
            await _record_attempt(connection, key, event)
        case WebhookDisabled() as event:
            await connection.execute(_SQL["disable_webhook"], *key, event.at)
            await connection.execute(_SQL["discard_deliveries"], *key)
        case WebhookDeleted():
            await connection.execute(_SQL["delete_webhook"], *key)
            await connection.execute(_SQL["delete_deliveries"], *key)


async def project_notification(connection: asyncpg.Connection, notification: Notification) -> None:
    """Put what happened into the outbox of every webhook that asked for it at that time."""
    n = notification
    await connection.execute(
        _SQL["insert_notification"], n.org_id, n.event_id, n.type, n.at, n.body
    )
    for row in await connection.fetch(_SQL["read_webhook_patterns"], n.org_id, n.at):
        disabled_at = row["disabled_at"]
        if disabled_at is not None and disabled_at <= n.at:
            continue
        if any(covers(pattern, n.type) for pattern in row["events"]):
            status = "pending" if disabled_at is None else "discarded"
            await connection.execute(
                _SQL["insert_delivery"], n.org_id, row["webhook_id"], n.event_id, status, n.at
            )


async def _catch_up(
    connection: asyncpg.Connection, key: tuple[str, str], event: WebhookCreated
) -> None:
    """Fill the outbox with what happened after the webhook's creation but was read before it."""
    for row in await connection.fetch(_SQL["read_notifications_since"], key[0], event.at):
        if any(covers(pattern, row["type"]) for pattern in event.events):
            await connection.execute(
                _SQL["insert_delivery"], *key, row["event_id"], "pending", row["at"]
            )


async def _record_attempt(
    connection: asyncpg.Connection, key: tuple[str, str], event: DeliveryAttempted
) -> None:
    if await connection.fetchval(_SQL["webhook_exists"], *key) is None:
        return
    if event.result == "delivered":
        status = "delivered"
    else:
        status = "pending" if event.next_attempt_at is not None else "failed"
    await connection.execute(
        _SQL["record_attempt"],
        *key,
        event.event_id,
        status,
        event.attempt,
        event.next_attempt_at or event.at,
        event.status,
        event.reason,
        event.at,
    )
