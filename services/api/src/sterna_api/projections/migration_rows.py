import asyncpg
import msgspec
from msgspec.structs import replace

from sterna_api.projections.deletion_rows import Deletion
from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.migration import events as ev
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.fold_view import fold_view
from sterna_core.migration.mapping_changes import MappingEvent, changed_table
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.view import MigrationView

Key = tuple[str, str]

_SQL = Statements("rows.sql")
_WEIGHTS = {
    "planning": 5,
    "schema_migration": 5,
    "data_transfer": 65,
    "syncing": 0,
    "validation": 20,
    "cutover": 5,
}
"""What each phase counts for in the whole, in percent."""


def overall_percent(view: MigrationView) -> int:
    """Give how far a migration is as a whole; 100 only when it is completed."""
    if view.status == "completed":
        return 100
    parts = (
        _WEIGHTS[phase.name] * (100.0 if phase.status == "completed" else phase.progress_percent)
        for phase in view.phases.values()
    )
    return min(99, int(sum(parts) / 100))


class MigrationRows:
    """The documents of the migrations that a batch touches: read once, written once."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._views: dict[Key, MigrationView | None] = {}
        self._offsets: dict[Key, int] = {}
        self.deletions: list[Deletion] = []
        """What was deleted; its rows go after everything of the batch is written."""

    async def fold(self, occurrence: Occurrence) -> MigrationView | None:
        """Give the view after an event; nothing is written before `flush`."""
        key = (occurrence.org_id, occurrence.aggregate_id)
        if key not in self._views:
            text = await self._connection.fetchval(_SQL["read_migration_document"], *key)
            self._views[key] = msgspec.json.decode(text, type=MigrationView) if text else None
        event: ev.AnyEvent = occurrence.event  # type: ignore[assignment]  # an event of this kind
        before = self._views[key]
        view = self._views[key] = fold_view(before, event)
        if isinstance(event, MigrationDeleted) and before is not None:
            self.deletions.append(Deletion.of(occurrence, before, overall_percent(before)))
        self._offsets[key] = occurrence.offset
        return view

    async def flush(self) -> None:
        """Write every document that was touched."""
        rows = [
            self._row(key, view, self._offsets[key])
            for key, view in self._views.items()
            if view is not None
        ]
        if rows:
            await self._connection.executemany(_SQL["upsert_migration"], rows)

    @staticmethod
    def _row(key: Key, view: MigrationView, offset: int) -> tuple[object, ...]:
        return (
            *key,
            view.about.name,
            view.status,
            view.about.source.endpoint.connection_id,
            view.about.target.endpoint.connection_id,
            view.about.created_at,
            view.started_at,
            view.updated_at,
            overall_percent(view),
            offset,
            msgspec.json.encode(view).decode(),
        )


async def project_plan(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring the tables of a plan up to date."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ev.PlanTablesAdded() as event:
            if event.part == 0:
                await connection.execute(_SQL["clear_plan"], *key)
            for table in event.tables:
                known = await _read_table(connection, key, table.table_id)
                whole = replace(known, columns=known.columns + table.columns) if known else table
                await _write_table(connection, key, whole)
        case MigrationEdited(round=number) if number is not None:
            await connection.execute(_SQL["clear_plan"], *key)
        case ev.PlanApproved():
            for row in await connection.fetch(_SQL["read_plan_tables"], *key):
                known = msgspec.json.decode(row["document"], type=TablePlan)
                if any(column.status != "approved" for column in known.columns):
                    columns = tuple(replace(each, status="approved") for each in known.columns)
                    await _write_table(connection, key, replace(known, columns=columns))
        case event if isinstance(event, MappingEvent):
            known = await _read_table(connection, key, event.table_id)
            if known is not None:
                await _write_table(connection, key, changed_table(known, event))


async def _read_table(connection: asyncpg.Connection, key: Key, table_id: str) -> TablePlan | None:
    row = await connection.fetchrow(_SQL["read_plan_table"], *key, table_id)
    return msgspec.json.decode(row["document"], type=TablePlan) if row else None


async def _write_table(connection: asyncpg.Connection, key: Key, table: TablePlan) -> None:
    document = msgspec.json.encode(table).decode()
    await connection.execute(_SQL["upsert_plan_table"], *key, table.table_id, document)
