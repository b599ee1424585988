"""The outbox of messages to people. The same rows come out in whatever order partitions are read."""

import asyncpg

from sterna_api.projections.notification import Notification
from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.migration.notifications import Notifications
from sterna_core.notice.events import NoticeAttempted

_SQL = Statements("notices.sql")


async def put_notices(
    connection: asyncpg.Connection,
    migration_id: str,
    wanted: Notifications | None,
    notification: Notification,
) -> None:
    """Let whoever a migration names be told of something, where they are to be told of it."""
    if wanted is None or notification.type not in wanted.on_events:
        return
    places = [("email", address) for address in wanted.email]
    if wanted.slack_channel is not None:
        places.append(("slack", wanted.slack_channel))
    n = notification
    for channel, recipient in places:
        await connection.execute(
            _SQL["insert_notice"], n.org_id, migration_id, n.event_id, channel, recipient, n.at
        )


async def project_notice(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Write down what became of an attempt."""
    event = occurrence.event
    assert isinstance(event, NoticeAttempted)
    if event.result == "delivered":
        status = "delivered"
    else:
        status = "pending" if event.next_attempt_at is not None else "failed"
    await connection.execute(
        _SQL["record_notice"],
        occurrence.org_id,
        event.migration_id,
        event.event_id,
        event.channel,
        event.recipient,
        status,
        event.attempt,
        event.next_attempt_at or event.at,
        event.reason,
        event.at,
    )
