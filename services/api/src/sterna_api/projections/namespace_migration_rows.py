import asyncpg
import msgspec

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.fold_view import fold_view
from sterna_core.namespace_migration.view import NamespaceMigrationView

Key = tuple[str, str]

_SQL = Statements("rows.sql")


class NamespaceMigrationRows:
    """The namespace migrations that a batch touches: read once, written once."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._views: dict[Key, NamespaceMigrationView | None] = {}
        self._offsets: dict[Key, int] = {}
        self._deleted: list[Key] = []

    async def fold(self, occurrence: Occurrence) -> NamespaceMigrationView | None:
        """Give the view after an event; nothing is written before `flush`."""
        key = (occurrence.org_id, occurrence.aggregate_id)
        if key not in self._views:
            text = await self._connection.fetchval(_SQL["read_namespace_migration"], *key)
            known = msgspec.json.decode(text, type=NamespaceMigrationView) if text else None
            self._views[key] = known
        event: ev.AnyEvent = occurrence.event  # type: ignore[assignment]  # an event of this kind
        view = self._views[key] = fold_view(self._views[key], event)
        self._offsets[key] = occurrence.offset
        if isinstance(event, ev.NamespaceMigrationDeleted):
            self._deleted.append(key)
        return view

    async def flush(self) -> None:
        """Write what was touched."""
        for key, view in self._views.items():
            if view is None:
                await self._connection.execute(_SQL["delete_namespace_migration"], *key)
                continue
            await self._connection.execute(
                _SQL["upsert_namespace_migration"],
                *key,
                view.status,
                view.config.migration_type,
                view.source.namespace_id,
                view.created_at,
                msgspec.json.encode(view).decode(),
                self._offsets[key],
            )

    async def forget(self) -> None:
        """Remove what else is kept of migrations that were deleted, once all of it is written."""
        for key in self._deleted:
            await self._connection.execute(_SQL["delete_log_lines"], *key)
            await self._connection.execute(_SQL["delete_resources"], *key)
