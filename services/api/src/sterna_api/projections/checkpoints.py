from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.migration.checkpoint import CheckpointKind
from sterna_core.tasks.telemetry import Phase

_SQL = Statements("reading.sql")


class KnownCheckpoint(Struct, frozen=True):
    """A checkpoint as lists show it."""

    id: str
    timestamp: UtcDatetime
    type: CheckpointKind
    phase: Phase
    reason: str | None
    records_completed: int
    size_bytes: int


class Checkpoints:
    """The checkpoints of runs, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def made_at(
        self, org_id: str, migration_id: str, sequence: int
    ) -> KnownCheckpoint | None:
        """Give the checkpoint that was made at a version of a migration, if it is there still."""
        row = await self._database.fetchrow(
            _SQL["checkpoint_made_at"], org_id, migration_id, sequence
        )
        return KnownCheckpoint(*row.values()) if row else None

    async def page(
        self, org_id: str, migration_id: str, *, limit: int, offset: int
    ) -> Page[KnownCheckpoint]:
        """Give some of a migration's checkpoints, the newest first."""
        key = (org_id, migration_id)
        rows = await self._database.fetch(_SQL["checkpoints"], *key, limit, offset)
        total = await self._database.count(_SQL["checkpoints_count"], *key)
        return Page([KnownCheckpoint(*row.values()) for row in rows], total, limit, offset)
