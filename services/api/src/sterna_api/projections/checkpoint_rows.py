import asyncpg

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.migration.checkpoint import CheckpointRecorded

_SQL = Statements("rows.sql")


async def project_checkpoint(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Add a checkpoint to the list; other events change nothing."""
    event = occurrence.event
    if isinstance(event, CheckpointRecorded):
        await connection.execute(
            _SQL["insert_checkpoint"],
            occurrence.org_id,
            occurrence.aggregate_id,
            event.checkpoint_id,
            occurrence.offset,
            event.at,
            event.kind,
            event.phase,
            event.reason,
            event.rows,
            event.bytes,
            occurrence.sequence,
        )
