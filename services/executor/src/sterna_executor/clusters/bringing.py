"""Brings one cluster into the target: its files rewritten, or the whole of it computed anew."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable
from hashlib import sha256
from typing import BinaryIO, Final

import numpy as np
import structlog
from msgspec import Struct

from sterna_core.artifacts.address import ArtifactAddress, parse_artifact_address
from sterna_core.artifacts.pieces import PIECE_BYTES
from sterna_core.artifacts.store import Artifact, ArtifactNotFound, ArtifactStore
from sterna_core.clustering.plan import ClusterPlan, plan_of
from sterna_core.errors import Terminal, Transient
from sterna_core.namespace_migration.cluster_checks import ARTIFACT_FIELDS
from sterna_core.namespace_migration.cluster_definition import (
    CENTROIDS,
    MEMBERS,
    is_of_centroids,
)
from sterna_core.namespace_migration.config import ClusterOptions
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BringCluster, NamespaceTask
from sterna_executor.clusters.algorithms import Labels
from sterna_executor.clusters.assigning import assign
from sterna_executor.clusters.carry_over import carry_over
from sterna_executor.clusters.daemon_thread import DaemonThread
from sterna_executor.clusters.file_rewriting import Rewritten, rewrite_file
from sterna_executor.clusters.gathering import Before, documents_before, gather
from sterna_executor.clusters.grouping import grouped
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.clusters.result_files import (
    labels_of,
    read_labels,
    write_centroids,
    write_members,
)

COMPUTE_SECONDS: Final = 6 * 3600.0
"""How long one computation may take, with waiting for the one before it."""
_log = structlog.get_logger(__name__)


class ArtifactElsewhere(Terminal):
    """A definition names a file that does not lie where the files of its cluster are kept."""

    code = "artifact_elsewhere"


class Bringing(Struct, frozen=True):
    """One task with all that it needs."""

    task: NamespaceTask
    work: BringCluster
    source: Space
    target: Space
    rewriting: Rewriting


class ClusterWorker:
    """Brings clusters, one computation at a time."""

    def __init__(self, artifacts: ArtifactStore, limits: ClusterLimits) -> None:
        self._artifacts = artifacts
        self._limits = limits
        self._thread = DaemonThread("sterna-cluster")

    async def bring(self, asked: Bringing) -> dict[str, float]:
        """Do what the options say; give what was measured."""
        options = asked.task.config.cluster_options or ClusterOptions()
        if options.recompute_clusters:
            return await self._recompute(asked)
        if options.migrate_artifacts:
            return await self._copy(asked, centroids=options.preserve_centroids)
        return {}

    async def _copy(self, asked: Bringing, *, centroids: bool) -> dict[str, float]:
        source_id = asked.task.source.namespace_id
        cluster = asked.work.cluster
        kept = await self._artifacts.kept(source_id, cluster.resource_id)
        _check_named(asked, {each.address for each in kept})
        artifacts = rows = size = 0
        for each in kept:
            if not centroids and is_of_centroids(each.address.name):
                continue
            with tempfile.TemporaryFile() as old, tempfile.TemporaryFile() as new:
                await self._fetch(each.address, old)
                done = await self._thread.run(
                    _rewriting_of(old, new, asked.rewriting, centroids=centroids), COMPUTE_SECONDS
                )
                put = await self._put(asked, each.address.name, new)
            artifacts += 1
            rows += done.rows
            size += put.bytes
        return {"artifacts": float(artifacts), "rows": float(rows), "bytes": float(size)}

    async def _recompute(self, asked: Bringing) -> dict[str, float]:
        target_id, cluster_id = asked.task.target.namespace_id, asked.work.target_id
        plan = plan_of(asked.rewriting.resource(asked.work.cluster).definition)
        before = await documents_before(asked.work.cluster, asked.source, asked.rewriting)
        kept = {each.address.name for each in await self._artifacts.kept(target_id, cluster_id)}
        figures: dict[str, float] = {}
        if not {MEMBERS, CENTROIDS} <= kept:
            figures = await self._compute(asked, plan, before)
        labels = await self._labels(ArtifactAddress(target_id, cluster_id, MEMBERS), cluster_id)
        groups = {each for each in labels.values() if each is not None}
        figures |= {
            "documents": float(len(labels)),
            "groups": float(len(groups)),
            "documents_without_group": float(sum(each is None for each in labels.values())),
        }
        clusters = {
            new
            for old, new in asked.rewriting.ids.resources.items()
            if asked.rewriting.known.get(old) == "cluster"
        }
        figures |= await assign(
            asked.task, asked.target, plan.collection_ids, cluster_id, labels, clusters
        )
        old = before.labels or await self._labels_before(asked)
        now = {name: labels.get(name) for name in before.ids}
        compared = await self._thread.run(lambda: carry_over(old, now), COMPUTE_SECONDS)
        return figures | compared

    async def _compute(
        self, asked: Bringing, plan: ClusterPlan, before: Before
    ) -> dict[str, float]:
        """Group documents and keep the files; what is kept already is never made another way."""
        cluster_id = asked.work.target_id
        gathered = await gather(plan, asked.target, before, self._limits)
        try:
            found = await self._thread.run(lambda: grouped(plan, gathered), COMPUTE_SECONDS)
        except TimeoutError:
            raise Transient(
                "Computing the cluster takes too long here.", code="cluster_timeout"
            ) from None
        _log.info("cluster.computed", cluster_id=cluster_id, documents=len(gathered.ids))
        with tempfile.TemporaryFile() as file:
            write_members(file, cluster_id, gathered, found.labels)
            members = await self._put(asked, MEMBERS, file, replace=False)
        known = await self._labels(members.address, cluster_id)
        labels: Labels = np.fromiter(labels_of(gathered, known), np.int64, len(gathered.ids))
        with tempfile.TemporaryFile() as file:
            write_centroids(file, cluster_id, plan, gathered, labels)
            await self._put(asked, CENTROIDS, file, replace=False)
        return {
            "converged": float(found.converged),
            "documents_without_vectors": float(gathered.without_vectors),
        }

    async def _labels(self, address: ArtifactAddress, cluster_id: str) -> dict[str, str | None]:
        with tempfile.TemporaryFile() as file:
            await self._fetch(address, file)
            return await self._thread.run(lambda: read_labels(file, cluster_id), COMPUTE_SECONDS)

    async def _labels_before(self, asked: Bringing) -> dict[str, str]:
        """Give the old labels by the old file, where documents say nothing."""
        source_id, cluster = asked.task.source.namespace_id, asked.work.cluster
        try:
            address = ArtifactAddress(source_id, cluster.resource_id, MEMBERS)
            found = await self._labels(address, cluster.resource_id)
        except ArtifactNotFound:
            return {}
        document = asked.rewriting.ids.document
        return {document(name): label for name, label in found.items() if label is not None}

    async def _fetch(self, address: ArtifactAddress, file: BinaryIO) -> None:
        async for piece in self._artifacts.read(address):
            await asyncio.to_thread(file.write, piece)
        file.seek(0)

    async def _put(
        self, asked: Bringing, name: str, file: BinaryIO, *, replace: bool = True
    ) -> Artifact:
        """Keep a file of the target, as work of this epoch; raises Fenced where that is over."""
        address = ArtifactAddress(asked.task.target.namespace_id, asked.work.target_id, name)
        file.seek(0)
        digest = await asyncio.to_thread(_digest, file)
        receipt = Receipt(f"artifact {address} {digest}", asked.task.epoch)
        await asked.target.documents.upsert((), receipt)
        kept = await self._artifacts.put(address, _pieces(file), replace=replace)
        if replace and kept.sha256 != digest:
            raise Transient("The file was not kept as it was sent.", code="artifact_changed")
        return kept


def _check_named(asked: Bringing, kept: set[ArtifactAddress]) -> None:
    """Refuse a definition that names what is not there; raises ArtifactElsewhere, NotFound."""
    cluster = asked.work.cluster
    for field in ARTIFACT_FIELDS:
        named = cluster.definition.get(field)
        if not named:
            continue
        address = parse_artifact_address(named) if isinstance(named, str) else None
        if address is None:
            raise ArtifactElsewhere(
                f"The cluster {cluster.resource_id} names a file that is not kept here.",
                details={"cluster_id": cluster.resource_id, "field": field},
            )
        if address not in kept:
            raise ArtifactNotFound(address)


def _rewriting_of(
    old: BinaryIO, new: BinaryIO, rewriting: Rewriting, *, centroids: bool
) -> Callable[[], Rewritten]:
    return lambda: rewrite_file(old, new, rewriting, centroids=centroids)


def _digest(file: BinaryIO) -> str:
    digest = sha256()
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


async def _pieces(file: BinaryIO) -> AsyncGenerator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
