from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from sterna_api.projections.statements import Statements
from sterna_core.tasks.telemetry import Resources

_SQL = Statements("rows.sql")


class ResourceRow(Struct, frozen=True):
    """What an executor uses, and where in telemetry it says so."""

    position: int
    resources: Resources


async def upsert_resource_rows(connection: asyncpg.Connection, rows: Sequence[ResourceRow]) -> None:
    """Keep the newest of what each executor uses."""
    if rows:
        await connection.executemany(
            _SQL["upsert_resources"],
            [
                (
                    each.resources.org_id,
                    each.resources.migration_id,
                    each.resources.executor_id,
                    each.resources.timestamp,
                    each.resources.active_workers,
                    each.resources.cpu_percent,
                    each.resources.memory_percent,
                    each.resources.network_percent,
                )
                for each in rows
            ],
        )
