"""Configurations of migrations as Hypothesis draws them: every option, with every other."""

from collections.abc import Sequence

from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import (
    BatchOptions,
    ClusterOptions,
    FeatureExtractorConfig,
    MigrationConfig,
    MigrationType,
    ResourceFilter,
    RetrieverOptions,
    TaxonomyOptions,
)

_FLAG = some.booleans()
_TAXONOMIES = some.builds(
    TaxonomyOptions,
    preserve_taxonomy_ids=_FLAG,
    preserve_enrichment_fields=_FLAG,
    re_run_enrichment=_FLAG,
    migrate_reference_collections=_FLAG,
)
_CLUSTERS = some.builds(
    ClusterOptions,
    preserve_cluster_ids=_FLAG,
    preserve_assignments=_FLAG,
    migrate_artifacts=_FLAG,
    preserve_centroids=_FLAG,
    recompute_clusters=_FLAG,
)
_RETRIEVERS = some.builds(
    RetrieverOptions,
    preserve_retriever_ids=_FLAG,
    migrate_interactions=_FLAG,
    migrate_execution_history=_FLAG,
    validate_references=_FLAG,
)
_BATCHES = some.builds(
    BatchOptions,
    batch_size=some.sampled_from([1, 100, 1000]),
    max_workers=some.sampled_from([1, 3, 50]),
    retry_failed=_FLAG,
)
_EXTRACTORS = (FeatureExtractorConfig(feature_extractor_name="minilm", version="v1"),)
UNKNOWN = "res_of_nobody"


@some.composite
def filters(draw: some.DrawFn, resources: Sequence[Resource]) -> ResourceFilter | None:
    """List some of a namespace by kind, now and then something else, or list nothing."""
    if draw(_FLAG):
        return None
    names = [*(each.resource_id for each in resources), UNKNOWN]

    def listed(kind: str) -> tuple[str, ...] | None:
        of_kind = [each.resource_id for each in resources if each.kind == kind]
        several = some.lists(some.sampled_from(of_kind or names), max_size=2)
        anything = some.lists(some.sampled_from(names), max_size=1)
        found = draw(some.none() | several | several | anything)
        return None if found is None else tuple(found)

    return ResourceFilter(
        collection_ids=listed("collection"),
        taxonomy_ids=listed("taxonomy"),
        cluster_ids=listed("cluster"),
        retriever_ids=listed("retriever"),
        auto_include_dependencies=draw(_FLAG),
    )


@some.composite
def configs(
    draw: some.DrawFn,
    resources: Sequence[Resource],
    kinds: Sequence[MigrationType] = ("copy", "re_extract", "extend"),
) -> MigrationConfig:
    """Draw a configuration for a namespace."""
    kind = draw(some.sampled_from(kinds))
    return MigrationConfig(
        migration_type=kind,
        source_namespace_id="ns_old",
        feature_extractors=_EXTRACTORS if kind == "re_extract" else None,
        filters=draw(filters(resources)),
        batch_options=draw(some.none() | _BATCHES),
        taxonomy_options=draw(some.none() | _TAXONOMIES),
        cluster_options=draw(some.none() | _CLUSTERS),
        retriever_options=draw(some.none() | _RETRIEVERS),
        preserve_resource_ids=draw(_FLAG),
    )
