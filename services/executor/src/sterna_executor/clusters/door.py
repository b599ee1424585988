import asyncio
from importlib import import_module

from sterna_core.artifacts.store import ArtifactStore
from sterna_core.errors import Misconfigured, NotFound
from sterna_core.namespace_migration.cluster_checks import ARTIFACT_FIELDS
from sterna_core.namespace_migration.config import ClusterOptions
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BringCluster, NamespaceTask
from sterna_executor.clusters.bringing import Bringing
from sterna_executor.clusters.daemon_thread import DaemonThread
from sterna_executor.clusters.limits import ClusterLimits

_COPYING = ("sterna_executor.clusters.copying_files", "copy_files")
_RECOMPUTING = ("sterna_executor.clusters.recomputing", "recompute")
"""Imported where they are needed: pyarrow and scikit-learn take seconds, and are an extra."""


class Clusters:
    """Where tasks about clusters go; without a store of files only those that need none."""

    def __init__(self, artifacts: ArtifactStore | None, limits: ClusterLimits) -> None:
        self._artifacts = artifacts
        self._limits = limits
        self._thread = DaemonThread("sterna-cluster")
        self._loading = asyncio.Lock()

    async def bring(
        self,
        task: NamespaceTask,
        work: BringCluster,
        source: Space | None,
        target: Space,
        rewriting: Rewriting,
    ) -> dict[str, float]:
        """Do with a cluster what the options say; gives what was measured.

        Raises Misconfigured, and what copying and computing raise.
        """
        options = task.config.cluster_options or ClusterOptions()
        named = any(work.cluster.definition.get(each) for each in ARTIFACT_FIELDS)
        if not options.recompute_clusters:
            if not options.migrate_artifacts:
                return {}
            if not named and not await self._has_files(task, work):
                return {}
        if self._artifacts is None:
            raise Misconfigured(
                "set STERNA_NAMESPACE_DATABASE_URL, where files of clusters are kept"
            )
        if source is None:
            raise NotFound("The space of the source is gone.")
        asked = Bringing(
            task=task,
            work=work,
            source=source,
            target=target,
            rewriting=rewriting,
            artifacts=self._artifacts,
            limits=self._limits,
            thread=self._thread,
        )
        return await self._do(*(_RECOMPUTING if options.recompute_clusters else _COPYING), asked)

    async def forget(self, namespace_id: str) -> None:
        """Remove every file of a namespace that is removed."""
        if self._artifacts is not None:
            await self._artifacts.delete(namespace_id)

    async def _has_files(self, task: NamespaceTask, work: BringCluster) -> bool:
        if self._artifacts is None:
            return False
        kept = await self._artifacts.kept(task.source.namespace_id, work.cluster.resource_id)
        return bool(kept)

    async def _do(self, module: str, function: str, asked: Bringing) -> dict[str, float]:
        async with self._loading:
            try:
                loaded = await asyncio.to_thread(import_module, module)
            except ImportError:
                raise Misconfigured(
                    "Clusters need the extra `namespaces` of the package."
                ) from None
        figures: dict[str, float] = await getattr(loaded, function)(asked)
        return figures
