import msgspec

from sterna_api.projections.database import Database
from sterna_api.projections.statements import Statements
from sterna_core.migration.view import MigrationView

SCHEDULED_MAX = 1_000
"""The newest of the migrations with a schedule that are given."""

_SQL = Statements("calendars.sql")


class Calendars:
    """The migrations of organisations that have a schedule. Raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scheduled(self, org_id: str) -> tuple[MigrationView, ...]:
        """Give an organisation's migrations with a schedule, newest first."""
        rows = await self._database.fetch(_SQL["scheduled"], org_id, SCHEDULED_MAX)
        return tuple(msgspec.json.decode(row["document"], type=MigrationView) for row in rows)
