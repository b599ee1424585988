"""Definitions of clusters for the target: where their files lie, and what is said of results."""

from collections.abc import Callable
from typing import Any, Final

from sterna_core.artifacts.address import ArtifactAddress, parse_artifact_address
from sterna_core.namespace_migration.config import ClusterOptions

MEMBERS: Final = "members.parquet"
"""A row for each document: `document_id`, `collection_id`, `label` and `cluster_id`."""
CENTROIDS: Final = "centroids.parquet"
"""A row for each group: `label`, `cluster_id`, `size`, `centroid`."""
_CENTROID: Final = "centroid"
_OF_RESULTS: Final = frozenset({"cluster_stats", "last_run_id", "num_clusters"})


def is_of_centroids(name: str) -> bool:
    """Tell whether a field, a column or a file is about centroids."""
    return name.startswith(_CENTROID)


def cluster_definition(
    definition: dict[str, Any], namespace_id: str, cluster_id: str, options: ClusterOptions
) -> dict[str, Any]:
    """Give a definition, whose texts are those of the target, as the options of clusters want it."""
    if options.recompute_clusters:
        kept = {
            name: value
            for name, value in definition.items()
            if name not in _OF_RESULTS and not is_of_centroids(name) and not _is_address(value)
        }
        return {
            **kept,
            "parquet_path": str(ArtifactAddress(namespace_id, cluster_id, CENTROIDS)),
            "members_key": str(ArtifactAddress(namespace_id, cluster_id, MEMBERS)),
        }
    return {
        name: value
        for name, value in definition.items()
        if (options.migrate_artifacts or not _is_address(value))
        and (options.preserve_centroids or not _tells_centroids(name, value))
    }


def with_weights(definition: dict[str, Any], feature: Callable[[str], str]) -> dict[str, Any]:
    """Give a definition with weights under other names of features; the texts are as they were."""
    config = definition.get("vector_config")
    weights = config.get("feature_weights") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(weights, dict):
        return definition
    renamed = {feature(name): weight for name, weight in weights.items()}
    return {**definition, "vector_config": {**config, "feature_weights": renamed}}


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and parse_artifact_address(value) is not None


def _tells_centroids(name: str, value: Any) -> bool:
    address = parse_artifact_address(value) if isinstance(value, str) else None
    return is_of_centroids(name) or (address is not None and is_of_centroids(address.name))
