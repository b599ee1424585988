from datetime import datetime

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.statements import Statements

_SQL = Statements("reading.sql")


class KnownResources(Struct, frozen=True):
    """What the executors at work on a migration use: all their workers, and mean percentages."""

    active_workers: int = 0
    cpu_percent: float | None = None
    memory_percent: float | None = None
    network_percent: float | None = None


class ExecutorResources:
    """What executors use, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, org_id: str, migration_id: str, at: datetime) -> KnownResources:
        """Give what executors said after a moment."""
        row = await self._database.fetchrow(_SQL["resources"], org_id, migration_id, at)
        return KnownResources(*row.values()) if row else KnownResources()
