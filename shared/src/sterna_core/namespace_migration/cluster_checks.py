"""What stands against bringing clusters, before a migration begins."""

from collections.abc import Iterable, Iterator

from sterna_core.artifacts.address import parse_artifact_address
from sterna_core.clustering.plan import NotComputable, plan_of
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import ClusterOptions, MigrationConfig
from sterna_core.namespace_migration.finding import Finding, Findings

ARTIFACT_FIELDS = ("parquet_path", "members_key")
"""Where a definition names files."""


def cluster_checks(
    config: MigrationConfig,
    source_id: str,
    going: Iterable[Resource],
    held: frozenset[str] = frozenset(),
) -> Findings:
    """Tell which clusters cannot be computed, and which have files that lie elsewhere.

    `held` are the features of the source, none where nobody knows.
    """
    options = config.cluster_options or ClusterOptions()
    clusters = [each for each in going if each.kind == "cluster"]
    if options.recompute_clusters:
        return Findings(errors=tuple(_not_computable(clusters, held)))
    if options.migrate_artifacts:
        return Findings(errors=tuple(_elsewhere(source_id, clusters)))
    return Findings()


def _not_computable(clusters: Iterable[Resource], held: frozenset[str]) -> Iterator[Finding]:
    for cluster in clusters:
        try:
            plan = plan_of(cluster.definition)
        except NotComputable as error:
            loc = ("cluster", cluster.resource_id, *error.place)
            yield Finding(loc, error.message, error.code)
            continue
        for uri in plan.features if held else ():
            if uri not in held:
                loc = ("cluster", cluster.resource_id, "vector_config", "feature_uris")
                yield Finding(loc, f"The source has no vectors of {uri}.", "feature_not_held")


def _elsewhere(source_id: str, clusters: Iterable[Resource]) -> Iterator[Finding]:
    for cluster in clusters:
        for field in ARTIFACT_FIELDS:
            named = cluster.definition.get(field)
            if not named:
                continue
            address = parse_artifact_address(named) if isinstance(named, str) else None
            own = (source_id, cluster.resource_id)
            if address is None or (address.namespace_id, address.cluster_id) != own:
                yield Finding(
                    ("cluster", cluster.resource_id, field),
                    f"The cluster {cluster.resource_id} has a file that is not kept here as its"
                    " own: upload it, or leave files behind with migrate_artifacts.",
                    "artifact_elsewhere",
                )
