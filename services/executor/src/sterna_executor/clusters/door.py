import asyncio
from importlib import import_module
from typing import Any

from sterna_core.artifacts.store import ArtifactStore
from sterna_core.errors import Misconfigured, NotFound
from sterna_core.namespace_migration.cluster_checks import ARTIFACT_FIELDS
from sterna_core.namespace_migration.config import ClusterOptions
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BringCluster, NamespaceTask
from sterna_executor.clusters.limits import ClusterLimits

_WORKER = "sterna_executor.clusters.bringing"
"""Imported where it is needed: pyarrow and scikit-learn take seconds, and are an extra."""


class Clusters:
    """Where tasks about clusters go; without a store of files only those that need none."""

    def __init__(self, artifacts: ArtifactStore | None, limits: ClusterLimits) -> None:
        self._artifacts = artifacts
        self._limits = limits
        self._loading = asyncio.Lock()
        self._worker: Any = None

    async def bring(
        self,
        task: NamespaceTask,
        work: BringCluster,
        source: Space | None,
        target: Space | None,
        rewriting: Rewriting,
    ) -> dict[str, float]:
        """Bring a cluster; gives what was measured. Raises Misconfigured, and what that raises."""
        options = task.config.cluster_options or ClusterOptions()
        if not options.recompute_clusters and not options.migrate_artifacts:
            return {}
        named = any(work.cluster.definition.get(each) for each in ARTIFACT_FIELDS)
        if self._artifacts is None:
            if options.recompute_clusters or named:
                raise Misconfigured(
                    "set STERNA_NAMESPACE_DATABASE_URL, where files of clusters are kept"
                )
            return {}
        if source is None or target is None:
            raise NotFound("The space of the source or of the target is gone.")
        if not options.recompute_clusters and not named:
            place = task.source.namespace_id, work.cluster.resource_id
            if not await self._artifacts.kept(*place):
                return {}
        worker, module = await self._loaded(self._artifacts)
        figures: dict[str, float] = await worker.bring(
            module.Bringing(task, work, source, target, rewriting)
        )
        return figures

    async def _loaded(self, artifacts: ArtifactStore) -> tuple[Any, Any]:
        async with self._loading:
            try:
                module = await asyncio.to_thread(import_module, _WORKER)
            except ImportError:
                raise Misconfigured(
                    "Clusters need the extra `namespaces` of the package."
                ) from None
            if self._worker is None:
                self._worker = module.ClusterWorker(artifacts, self._limits)
            return self._worker, module
