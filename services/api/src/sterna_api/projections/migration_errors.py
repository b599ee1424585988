from typing import Literal

import asyncpg
from msgspec import Struct, field

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.clock import UtcDatetime
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.set_aside import ErrorClass

ErrorStatus = Literal["open", "escalated", "resolved", "recovered"]

_SQL = Statements("error_rows.sql")


class KnownError(Struct, frozen=True, kw_only=True):
    """A failure of a task, or rows that were refused, without anything of their contents.

    `addresses` are those of the first rows on the source (`ctid`), `rows_left` how many are not in
    the target, and `rows_replaced` how many are there with another value than the source has; all
    of these are empty for failures of tasks.
    """

    id: str
    migration_id: str
    status: ErrorStatus
    error_class: ErrorClass = field(name="class")
    code: str
    message: str
    table: str | None
    column: str | None
    constraint: str | None
    sqlstate: str | None
    chunk: int | None
    rows: int
    rows_left: int
    rows_replaced: int
    addresses: tuple[str, ...]
    attempts: int
    occurred_at: UtcDatetime
    updated_at: UtcDatetime
    resolution: Resolution | None
    reason: str | None
    resolved_by: str | None
    resolved_at: UtcDatetime | None


class ErrorFilter(Struct, frozen=True, kw_only=True):
    """Which errors are wanted; None is any."""

    status: ErrorStatus | None = None
    error_class: ErrorClass | None = None
    table: str | None = None


class MigrationErrors:
    """The errors of migrations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, org_id: str, migration_id: str, error_id: str) -> KnownError | None:
        """Give one error, if the migration has it."""
        row = await self._database.fetchrow(_SQL["error"], org_id, migration_id, error_id)
        return None if row is None else _known(row)

    async def page(
        self, org_id: str, migration_id: str, wanted: ErrorFilter, *, limit: int, offset: int
    ) -> Page[KnownError]:
        """Give some of the errors that match, newest first."""
        filters = (org_id, migration_id, wanted.status, wanted.error_class, wanted.table)
        rows = await self._database.fetch(_SQL["errors_matching"], *filters, limit, offset)
        total = await self._database.count(_SQL["errors_count"], *filters)
        return Page([_known(row) for row in rows], total, limit, offset)


def _known(row: asyncpg.Record) -> KnownError:
    return KnownError(**{**row, "addresses": tuple(row["addresses"])})
