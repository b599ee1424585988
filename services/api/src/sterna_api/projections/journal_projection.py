from collections.abc import Sequence

import asyncpg
import structlog

from sterna_api.projections.api_key_rows import project_api_key
from sterna_api.projections.audit_rows import AuditRow, insert_audit_rows, row_of_decision
from sterna_api.projections.certificates import project_table_proof
from sterna_api.projections.checkpoint_rows import project_checkpoint
from sterna_api.projections.connection_rows import project_connection
from sterna_api.projections.deletion_rows import project_deletion
from sterna_api.projections.error_rows import project_error
from sterna_api.projections.log_rows import LogRow, insert_log_rows, rows_of_event
from sterna_api.projections.migration_rows import MigrationRows, project_plan
from sterna_api.projections.namespace_migration_rows import NamespaceMigrationRows
from sterna_api.projections.namespace_notification_of import namespace_notifications_of
from sterna_api.projections.namespace_rows import project_namespace, project_namespace_name
from sterna_api.projections.notice_rows import project_notice, put_notices
from sterna_api.projections.notification_of import notifications_of
from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_api.projections.webhook_rows import project_notification, project_webhook
from sterna_core import ids
from sterna_core.journal.codec import Codec
from sterna_core.journal.decision import Decision
from sterna_core.journal.envelope import Undecodable
from sterna_core.journal.outcome import JournalEvent

_SQL = Statements("rows.sql")
_log = structlog.get_logger()


class JournalProjection:
    """Turns decisions into rows. All of a batch goes into the caller's transaction."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._quarantined: set[tuple[str, str]] = set()

    async def load(self, connection: asyncpg.Connection) -> None:
        """Learn what stands still."""
        rows = await connection.fetch(_SQL["read_quarantined"])
        self._quarantined = {(row["org_id"], row["aggregate_id"]) for row in rows}

    async def apply(self, connection: asyncpg.Connection, decisions: Sequence[Decision]) -> None:
        """Write what a batch of decisions led to."""
        migrations = MigrationRows(connection)
        namespace_migrations = NamespaceMigrationRows(connection)
        lines: list[LogRow] = []
        asked: list[AuditRow] = []
        for decision in decisions:
            audit_row = row_of_decision(decision)
            if audit_row is not None:
                asked.append(audit_row)
            for occurrence in await self._occurrences(connection, decision):
                if occurrence.aggregate_id.startswith(ids.NAMESPACE_MIGRATION):
                    copied = await namespace_migrations.fold(occurrence)
                    lines.extend(rows_of_event(occurrence))
                    for told in namespace_notifications_of(occurrence, copied) if copied else ():
                        await project_notification(connection, told)
                    continue
                await _project(connection, occurrence, migrations, lines)
        await migrations.flush()
        await namespace_migrations.flush()
        await insert_log_rows(connection, lines)
        await namespace_migrations.forget()
        for deletion in migrations.deletions:
            await project_deletion(connection, deletion)
        await insert_audit_rows(connection, asked)

    async def _occurrences(
        self, connection: asyncpg.Connection, decision: Decision
    ) -> list[Occurrence]:
        if (decision.org_id, decision.aggregate_id) in self._quarantined:
            return []
        try:
            events = decision.events(self._codec)
        except Undecodable as error:
            await self.quarantine(connection, decision, error.code)
            return []
        return [
            Occurrence(
                decision.org_id,
                decision.aggregate_id,
                decision.partition,
                record.offset,
                record.sequence,
                event,
                decision.request_id,
            )
            for record, event in zip(decision.records, events, strict=True)
            if not isinstance(event, JournalEvent)
        ]

    async def quarantine(
        self, connection: asyncpg.Connection, decision: Decision, reason: str
    ) -> None:
        """Let an aggregate stand still from a decision on."""
        key = (decision.org_id, decision.aggregate_id)
        self._quarantined.add(key)
        offset = decision.records[0].offset
        await connection.execute(_SQL["quarantine"], *key, decision.partition, offset, reason)
        _log.error("projection.quarantined", aggregate_id=key[1], offset=offset, reason=reason)


async def _project(
    connection: asyncpg.Connection,
    occurrence: Occurrence,
    migrations: MigrationRows,
    lines: list[LogRow],
) -> None:
    aggregate_id = occurrence.aggregate_id
    if aggregate_id.startswith(ids.MIGRATION):
        view = await migrations.fold(occurrence)
        await project_plan(connection, occurrence)
        await project_table_proof(connection, occurrence)
        await project_checkpoint(connection, occurrence)
        await project_error(connection, occurrence)
        lines.extend(rows_of_event(occurrence))
        for notification in notifications_of(occurrence, view) if view else ():
            await project_notification(connection, notification)
            assert view is not None
            await put_notices(connection, aggregate_id, view.about.notifications, notification)
    elif aggregate_id.startswith(ids.CONNECTION):
        await project_connection(connection, occurrence)
    elif aggregate_id.startswith(ids.VECTOR_NAMESPACE):
        await project_namespace(connection, occurrence)
    elif aggregate_id.startswith(ids.NAMESPACE_NAME):
        await project_namespace_name(connection, occurrence)
    elif aggregate_id.startswith(ids.WEBHOOK):
        await project_webhook(connection, occurrence)
    elif aggregate_id.startswith(ids.NOTICE):
        await project_notice(connection, occurrence)
    elif aggregate_id.startswith(ids.API_KEY):
        await project_api_key(connection, occurrence)
