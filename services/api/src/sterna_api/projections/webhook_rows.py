"""Webhooks and the outbox. The same rows come out in whatever order partitions are read."""

from datetime import datetime

import asyncpg

from sterna_api.projections.notification import Notification
from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_api.projections.webhook_notices import disabled_notice, test_notice
from sterna_core.webhook import events as ev
from sterna_core.webhook.event_type import covers

_SQL = Statements("rows.sql")
_Key = tuple[str, str]


async def project_webhook(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the rows of a webhook and of what is sent to it up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ev.WebhookCreated() as event:
            await connection.execute(
                _SQL["insert_webhook"],
                *key,
                event.url,
                list(event.events),
                event.description,
                event.sealed_secret,
                event.at,
                event.by,
                event.about,
            )
            await _ask_for(connection, key, event.events, event.at)
        case ev.WebhookUpdated() as event:
            await _update(connection, key, event)
        case ev.SecretRotated() as event:
            await connection.execute(
                _SQL["rotate_secret"], *key, event.at, event.sealed_secret, event.previous_until
            )
        case ev.WebhookTested() as event:
            await insert_notification(connection, test_notice(occurrence, event))
            await connection.execute(
                _SQL["insert_delivery"], *key, event.event_id, "pending", event.at
            )
        case ev.DeliveryAttempted() as event:
            await _record_attempt(connection, key, event)
        case ev.DeliveryRetried() as event:
            await connection.execute(_SQL["retry_delivery"], *key, event.event_id, event.at)
        case ev.WebhookDisabled() as event:
            await connection.execute(_SQL["disable_webhook"], *key, event.at, event.reason)
            await connection.execute(_SQL["close_period"], *key, event.at, True)
            await connection.execute(_SQL["discard_deliveries"], *key)
            await _reconcile(connection, key, event.at)
            await project_notification(connection, disabled_notice(occurrence, event))
        case ev.WebhookEnabled() as event:
            await connection.execute(_SQL["enable_webhook"], *key)
            row = await connection.fetchrow(_SQL["webhook_patterns"], *key)
            assert row is not None
            await _ask_for(connection, key, row["events"], event.at)
        case ev.WebhookDeleted():
            await connection.execute(_SQL["delete_webhook"], *key)
            await connection.execute(_SQL["delete_periods"], *key)
            await connection.execute(_SQL["delete_deliveries"], *key)


async def project_notification(connection: asyncpg.Connection, notification: Notification) -> None:
    """Put what happened into the outbox of every webhook that asked for it at that time."""
    n = notification
    await insert_notification(connection, n)
    for row in await connection.fetch(_SQL["read_patterns"], n.org_id, n.at, None, n.about):
        if any(covers(pattern, n.type) for pattern in row["events"]):
            status = "discarded" if row["disabled_since"] else "pending"
            await connection.execute(
                _SQL["insert_delivery"], n.org_id, row["webhook_id"], n.event_id, status, n.at
            )


async def insert_notification(connection: asyncpg.Connection, notification: Notification) -> None:
    """Keep what is sent."""
    n = notification
    await connection.execute(
        _SQL["insert_notification"],
        n.org_id,
        n.event_id,
        n.type,
        n.at,
        n.body,
        n.addressee,
        n.about,
    )


async def _update(connection: asyncpg.Connection, key: _Key, event: ev.WebhookUpdated) -> None:
    patterns = list(event.events) if event.events is not None else None
    await connection.execute(
        _SQL["update_webhook"], *key, event.at, event.url, patterns, event.description
    )
    row = await connection.fetchrow(_SQL["webhook_patterns"], *key)
    assert row is not None
    if patterns is not None and row["disabled_at"] is None:
        await connection.execute(_SQL["close_period"], *key, event.at, False)
        await _ask_for(connection, key, patterns, event.at)


async def _ask_for(
    connection: asyncpg.Connection,
    key: _Key,
    patterns: list[str] | tuple[str, ...],
    at: datetime,
) -> None:
    await connection.execute(_SQL["open_period"], *key, at, list(patterns))
    await _reconcile(connection, key, at)


async def _reconcile(connection: asyncpg.Connection, key: _Key, since: datetime) -> None:
    """Bring into line what happened after a moment but was read before the webhook's event."""
    org_id, webhook_id = key
    for row in await connection.fetch(_SQL["read_notifications_since"], org_id, since):
        asked = await connection.fetch(
            _SQL["read_patterns"], org_id, row["at"], webhook_id, row["about"]
        )
        wanted = any(covers(pattern, row["type"]) for each in asked for pattern in each["events"])
        if wanted:
            await connection.execute(
                _SQL["insert_delivery"], *key, row["event_id"], "pending", row["at"]
            )
        else:
            await connection.execute(_SQL["retract_delivery"], *key, row["event_id"])


async def _record_attempt(
    connection: asyncpg.Connection, key: _Key, event: ev.DeliveryAttempted
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
