"""Computes a cluster anew: its files first, then what documents say of it."""

import tempfile
from functools import partial
from typing import Final

import structlog

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.store import ArtifactNotFound
from sterna_core.clustering.plan import ClusterPlan, plan_of
from sterna_core.namespace_migration.cluster_definition import CENTROIDS, MEMBERS
from sterna_executor.clusters.assigning import assign
from sterna_executor.clusters.bringing import COMPUTE_SECONDS, Bringing
from sterna_executor.clusters.carry_over import carry_over
from sterna_executor.clusters.gathering import Before, documents_before, gather
from sterna_executor.clusters.grouping import grouped
from sterna_executor.clusters.result_files import (
    read_labels,
    write_centroids,
    write_members,
)

_FILES: Final = frozenset({MEMBERS, CENTROIDS})
_log = structlog.get_logger(__name__)


async def recompute(asked: Bringing) -> dict[str, float]:
    """Group the documents of the target, tell them, and compare with what was before.

    The file of members that is kept first is what counts: a repeat goes by it, wherever it runs.
    Raises NotComputable, ClusterTooLarge, AssignmentsDiffer, Fenced.
    """
    target_id, cluster_id = asked.task.target.namespace_id, asked.work.target_id
    plan = plan_of(asked.rewriting.resource(asked.work.cluster).definition)
    before = await documents_before(asked.work.cluster, asked.source, asked.rewriting)
    kept = {each.address.name for each in await asked.artifacts.kept(target_id, cluster_id)}
    figures = {} if kept >= _FILES else await _compute(asked, plan, before)
    labels = await _labels(asked, ArtifactAddress(target_id, cluster_id, MEMBERS))
    figures |= {
        "documents": float(len(labels)),
        "groups": float(len({each for each in labels.values() if each is not None})),
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
    old = before.labels or await _labels_before(asked)
    now = {name: labels.get(name) for name in before.ids}
    return figures | await asked.thread.run(lambda: carry_over(old, now), COMPUTE_SECONDS)


async def _compute(asked: Bringing, plan: ClusterPlan, before: Before) -> dict[str, float]:
    cluster_id = asked.work.target_id
    gathered = await gather(plan, asked.target, before, asked.limits)
    found = await asked.thread.run(lambda: grouped(plan, gathered), COMPUTE_SECONDS)
    _log.info("cluster.computed", cluster_id=cluster_id, documents=len(gathered.ids))
    rows, thread = found.rows, asked.thread
    with tempfile.TemporaryFile() as file:
        await thread.run(
            partial(write_members, file, cluster_id, rows, found.labels), COMPUTE_SECONDS
        )
        members = await asked.put(MEMBERS, file, replace=False)
    known = await _labels(asked, members.address)
    with tempfile.TemporaryFile() as file:
        await thread.run(
            partial(write_centroids, file, cluster_id, plan, rows, known), COMPUTE_SECONDS
        )
        await asked.put(CENTROIDS, file, replace=False)
    return {
        "converged": float(found.converged),
        "documents_without_vectors": float(rows.without_vectors),
    }


async def _labels(asked: Bringing, address: ArtifactAddress) -> dict[str, str | None]:
    with tempfile.TemporaryFile() as file:
        await asked.fetch(address, file)
        return await asked.thread.run(
            lambda: read_labels(file, address.cluster_id), COMPUTE_SECONDS
        )


async def _labels_before(asked: Bringing) -> dict[str, str]:
    """Give the old labels by the old file, where documents say nothing."""
    cluster_id = asked.work.cluster.resource_id
    address = ArtifactAddress(asked.task.source.namespace_id, cluster_id, MEMBERS)
    try:
        found = await _labels(asked, address)
    except ArtifactNotFound:
        return {}
    document = asked.rewriting.ids.document
    return {document(name): label for name, label in found.items() if label is not None}
