"""What a namespace migration is to do, as the client gives it: fields, defaults and limits."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions

MigrationType = Literal["re_extract", "copy", "extend"]
BatchSize = Annotated[int, Meta(ge=1, le=1000)]
Workers = Annotated[int, Meta(ge=1, le=50)]


class FeatureExtractorConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An extractor of the target namespace; without a version its newest."""

    feature_extractor_name: str
    version: str | None = None
    parameters: dict[str, Any] | None = None


class ResourceFilter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which resources are wanted: once one kind is listed, only what is listed is.

    `date_range` bounds documents by their date: from `after` on, before `before`, found at `field`.
    """

    collection_ids: tuple[str, ...] | None = None
    taxonomy_ids: tuple[str, ...] | None = None
    cluster_ids: tuple[str, ...] | None = None
    retriever_ids: tuple[str, ...] | None = None
    date_range: dict[str, str] | None = None
    auto_include_dependencies: bool = True


class BatchOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents of one batch, batches at work at once, and whether failed documents are retried."""

    batch_size: BatchSize = 100
    max_workers: Workers = 10
    retry_failed: bool = True


class TaxonomyOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How taxonomies go, and the fields `_taxonomy_*` that they wrote into documents."""

    preserve_taxonomy_ids: bool = True
    preserve_enrichment_fields: bool = True
    re_run_enrichment: bool = False
    migrate_reference_collections: bool = True


class ClusterOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How clusters go, with `cluster_id` of documents, artifacts and centroids."""

    preserve_cluster_ids: bool = True
    preserve_assignments: bool = True
    migrate_artifacts: bool = True
    preserve_centroids: bool = True
    recompute_clusters: bool = False


class RetrieverOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How retrievers go, and what their users left."""

    preserve_retriever_ids: bool = False
    migrate_interactions: bool = False
    migrate_execution_history: bool = False
    validate_references: bool = True


class MigrationConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of what was asked for; options that were not given stay away in answers."""

    migration_type: MigrationType
    source_namespace_id: str
    target_namespace_id: str | None = None
    target_namespace_name: str | None = None
    feature_extractors: tuple[FeatureExtractorConfig, ...] | None = None
    filters: ResourceFilter | None = None
    batch_options: BatchOptions | None = None
    taxonomy_options: TaxonomyOptions | None = None
    cluster_options: ClusterOptions | None = None
    retriever_options: RetrieverOptions | None = None
    preserve_resource_ids: bool = False
    dry_run: bool = False
    webhook_url: str | None = None
    benchmark_options: BenchmarkOptions | UnsetType | None = UNSET
    feature_mapping: dict[str, str] | UnsetType | None = UNSET
    """Which feature of the target takes the place of one of the source, where that is not clear."""

    @property
    def benchmark(self) -> BenchmarkOptions:
        """Give how retrievers are compared, with everything that was not given."""
        return self.benchmark_options or BenchmarkOptions()
