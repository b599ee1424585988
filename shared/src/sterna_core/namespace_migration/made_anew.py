"""Which fields of documents a stage makes anew, so that a comparison with the source leaves them."""

from collections.abc import Iterable, Iterator

from sterna_core.clustering import assignment
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import ClusterOptions, MigrationConfig


def made_anew(
    config: MigrationConfig, resources: Iterable[Resource], collection_id: str
) -> tuple[str, ...]:
    """Name fields of a collection's documents; a `*` at the end stands for any end."""
    return tuple(_fields(config, resources, collection_id))


def is_made_anew(field: str, fields: tuple[str, ...]) -> bool:
    """Tell whether a field is one of those that were named."""
    return any(
        field.startswith(each[:-1]) if each.endswith("*") else field == each for each in fields
    )


def _fields(
    config: MigrationConfig, resources: Iterable[Resource], collection_id: str
) -> Iterator[str]:
    clusters = config.cluster_options or ClusterOptions()
    if clusters.recompute_clusters and any(
        each.kind == "cluster" and collection_id in (each.definition.get("collection_ids") or ())
        for each in resources
    ):
        yield assignment.FIELD
