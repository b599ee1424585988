import asyncpg
import msgspec
from msgspec import Struct

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.view import MigrationView

_SQL = Statements("rows.sql")


class Deletion(Struct, frozen=True):
    """A migration that was deleted, as it was."""

    org_id: str
    migration_id: str
    event: MigrationDeleted
    view: MigrationView
    percent: int

    @classmethod
    def of(cls, occurrence: Occurrence, view: MigrationView, percent: int) -> "Deletion":
        """Say what an event deletes; `view` is the migration before it."""
        event = occurrence.event
        assert isinstance(event, MigrationDeleted)
        return cls(occurrence.org_id, occurrence.aggregate_id, event, view, percent)


async def project_deletion(connection: asyncpg.Connection, deletion: Deletion) -> None:
    """Remove a migration, after everything else of its batch was written."""
    key = (deletion.org_id, deletion.migration_id)
    event = deletion.event
    for name in (
        "delete_migration",
        "clear_plan",
        "delete_checkpoints",
        "delete_table_proofs",
        "delete_resources",
        "delete_migration_errors",
    ):
        await connection.execute(_SQL[name], *key)
    if not event.keep_logs:
        await connection.execute(_SQL["delete_log_lines"], *key)
    document = msgspec.json.encode(deletion.view).decode() if event.keep_metrics else None
    await connection.execute(
        _SQL["insert_deleted_migration"],
        *key,
        event.at,
        event.keep_logs,
        deletion.percent,
        document,
    )
