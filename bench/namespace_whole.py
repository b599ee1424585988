"""Namespaces migrated over REST, by executors that are processes of their own."""

import asyncio
from typing import Any
from uuid import uuid4

from bench.clusters import Clusters
from bench.namespace_course import NamespaceCourse, namespace_course_of
from bench.process_usage import UsageMeter
from bench.program import TOOL_SECONDS, ToolFailed
from bench.vector_documents import COLLECTIONS, DIMENSIONS, FEATURE
from msgspec import Struct

from sterna_cli.client.sterna import Sterna
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.stack import Stack

_EXTRACTOR = {
    "feature_extractor_name": "bench",
    "version": "v1",
    "outputs": [{"name": "embedding", "dimensions": DIMENSIONS}],
}


_STAGE = "batch_processing"
_LOOK_SECONDS = 0.5


class Migrated(Struct, frozen=True, kw_only=True):
    """What a migration took, and how much memory an executor had at the most."""

    target_id: str
    course: NamespaceCourse
    peak_bytes: int
    cpu_seconds: float


class NamespaceWhole:
    """Makes namespaces and migrates them."""

    def __init__(self, stack: Stack, sterna: Sterna, *, batch_size: int, workers: int) -> None:
        self._stack = stack
        self._sterna = sterna
        self._batches = {"batch_size": batch_size, "max_workers": workers}

    async def namespace(self, url: str) -> str:
        """Make an empty namespace in a database; give its id."""
        body = DatabaseUrl.parse(url, "source", {}).connection(f"bench {uuid4().hex}", "source")
        made = await self._sterna.connections.create({**body, "type": "pgvector", "role": "both"})
        namespace = await self._sterna.namespaces.create(
            {
                "name": f"bench-{uuid4().hex}",
                "store": {"type": "pgvector", "connection_id": made.id},
                "feature_extractors": [_EXTRACTOR],
            }
        )
        assert FEATURE.uri in namespace.feature_uris
        return namespace.id

    async def source(self, clusters: Clusters) -> str:
        """Make the namespace whose documents are to be copied, without any."""
        source = await self.namespace(clusters.source_url)
        for name in COLLECTIONS:
            await self._sterna.namespaces.put(source, "collections", name, {})
        return source

    async def run(
        self, source: str, target_url: str, *, builds_index: bool, **options: Any
    ) -> Migrated:
        """Migrate into a database; raises ToolFailed.

        Without the index it is cancelled when all documents are there.
        """
        target = await self.namespace(target_url)
        config = {
            "migration_type": "copy",
            "source_namespace_id": source,
            "target_namespace_id": target,
            "batch_options": self._batches,
            **options,
        }
        migrations = self._sterna.namespace_migrations
        made = await migrations.create(config)
        meter = UsageMeter([each.pid for each in self._stack.executors if each.pid is not None])
        await migrations.start(made.migration_id, force=True)
        if not builds_index:
            await self._moved(made.migration_id)
            await migrations.cancel(made.migration_id)
        done = await migrations.over(made.migration_id, TOOL_SECONDS)
        usage = meter.read()
        if done.status != ("completed" if builds_index else "cancelled"):
            raise ToolFailed(f"{done.status}: {done.error_message}")
        bootstrap = self._stack.embedded.kafka_bootstrap
        return Migrated(
            target_id=target,
            course=await namespace_course_of(bootstrap, made.migration_id),
            peak_bytes=usage.peak_bytes,
            cpu_seconds=usage.cpu_seconds,
        )

    async def _moved(self, migration_id: str) -> None:
        """Wait until all documents are in the target."""
        async with asyncio.timeout(TOOL_SECONDS):
            while True:
                found = await self._sterna.namespace_migrations.get(migration_id)
                stage = next((e for e in found.progress.stages if e.stage == _STAGE), None)
                if found.is_over:
                    raise ToolFailed(f"{found.status}: {found.error_message}")
                if stage is not None and 0 < stage.items_total <= stage.items_completed:
                    return
                await asyncio.sleep(_LOOK_SECONDS)
