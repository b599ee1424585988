"""Brings the files of a cluster as they are, but for ids and addresses."""

import tempfile
from functools import partial

from sterna_core.artifacts.address import ArtifactAddress, parse_artifact_address
from sterna_core.artifacts.store import ArtifactNotFound
from sterna_core.errors import Terminal
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.cluster_checks import ARTIFACT_FIELDS
from sterna_core.namespace_migration.cluster_definition import is_of_centroids
from sterna_core.namespace_migration.config import ClusterOptions
from sterna_executor.clusters.bringing import COMPUTE_SECONDS, Bringing
from sterna_executor.clusters.file_rewriting import rewrite_file


class ArtifactElsewhere(Terminal):
    """A definition names a file that does not lie where the files of its cluster are kept."""

    code = "artifact_elsewhere"


async def copy_files(asked: Bringing) -> dict[str, float]:
    """Write every file of the cluster again; gives how many rows went along.

    Raises ArtifactElsewhere, ArtifactNotFound, ArtifactUnreadable, Fenced.
    """
    options = asked.task.config.cluster_options or ClusterOptions()
    cluster = asked.work.cluster
    kept = await asked.artifacts.kept(asked.task.source.namespace_id, cluster.resource_id)
    _check_named(cluster, {each.address for each in kept})
    artifacts = rows = size = 0
    for each in kept:
        if not options.preserve_centroids and is_of_centroids(each.address.name):
            continue
        with tempfile.TemporaryFile() as old, tempfile.TemporaryFile() as new:
            await asked.fetch(each.address, old)
            work = partial(
                rewrite_file, old, new, asked.rewriting, centroids=options.preserve_centroids
            )
            rows += await asked.thread.run(work, COMPUTE_SECONDS)
            size += (await asked.put(each.address.name, new)).bytes
        artifacts += 1
    return {"artifacts": float(artifacts), "rows": float(rows), "bytes": float(size)}


def _check_named(cluster: Resource, kept: set[ArtifactAddress]) -> None:
    """Refuse a definition that names what is not there."""
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
