import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.clusters import Clusters
from bench.competitor import Figures
from bench.journal import course_of
from bench.process_usage import UsageMeter
from bench.program import TOOL_SECONDS, ToolFailed

from sterna_cli.client.answers import Migration
from sterna_cli.client.sterna import Sterna
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.migrate.request import MigrationRequest
from sterna_cli.stack import Stack

_LOOK_SECONDS = 0.05
Condition = Callable[[Migration], bool]
_PLANNING = frozenset({"pending", "planning"})


class SternaWhole:
    """Sterna through its REST API: plan, schema, rows, keys, indexes, validation, cutover.

    The total is all that the other tools do too: validation and planning are apart.
    """

    def __init__(self, stack: Stack, sterna: Sterna, streams: int) -> None:
        self.name = "sterna"
        self.missing: str | None = None
        self._stack = stack
        self._sterna = sterna
        self._streams = streams

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Migrate, and take the times from the journal."""
        request = MigrationRequest(
            source=DatabaseUrl.parse(clusters.source_url, "source", {}),
            target=DatabaseUrl.parse(target_url, "target", {}),
            parallelism=self._streams,
        )
        pids = [each.pid for each in self._stack.executors if each.pid is not None]
        meter = UsageMeter(pids)
        began = time.monotonic()
        migration = await self._plan(request)
        planned = time.monotonic()
        started_at = datetime.now(UTC)
        await self._sterna.migrations.start(migration.id)
        await self._followed(migration.id)
        migration = await self._until(migration.id, lambda found: found.is_over)
        usage = meter.read()
        if migration.status != "completed":
            error = migration.error
            raise ToolFailed(f"{migration.status}: {error.message if error else ''}")
        course = await course_of(self._stack.embedded.kafka_bootstrap, migration.id)
        ran = (course.completed_at - started_at).total_seconds()
        validation = course.phases_seconds.get("validation", 0.0)
        return Figures(
            total_seconds=ran - validation,
            parts_seconds={
                "planning": planned - began,
                "data": course.rows_seconds,
                **{f"phase {name}": took for name, took in course.phases_seconds.items()},
                "validation": validation,
                "everything": planned - began + ran,
                "bus and bookkeeping": course.chunk_bus_seconds / self._streams,
            },
            notes={
                "chunks": course.chunks,
                "executor_peak_bytes": usage.peak_bytes,
                "executors_cpu_seconds": usage.cpu_seconds,
                "bus_seconds_per_chunk": course.chunk_bus_seconds / course.chunks,
            },
        )

    async def _plan(self, request: MigrationRequest) -> Migration:
        connections = self._sterna.connections
        source = await connections.create(request.source.connection("source", "source"))
        target = await connections.create(request.target.connection("target", "target"))
        made = await self._sterna.migrations.create(request.body(source.id, target.id))
        migration = await self._until(made.id, lambda found: found.status not in _PLANNING)
        plan = await self._sterna.migrations.plan(made.id)
        for mapping in plan.waiting:
            await self._sterna.migrations.decide_mapping(
                made.id, mapping.id, approved=True, comment="bench"
            )
        return migration

    async def _followed(self, migration_id: str) -> None:
        """Follow the stream to its end: asking again and again would be work beside the copy."""
        async with (
            asyncio.timeout(TOOL_SECONDS),
            self._sterna.migrations.follow(migration_id, {}) as stream,
        ):
            while await stream.next_entry() is not None:
                pass

    async def _until(self, migration_id: str, is_there: Condition) -> Migration:
        async with asyncio.timeout(TOOL_SECONDS):
            while True:
                migration = await self._sterna.migrations.get(migration_id)
                if is_there(migration):
                    return migration
                await asyncio.sleep(_LOOK_SECONDS)
