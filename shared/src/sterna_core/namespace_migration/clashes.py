"""Options that do not go together: what is impossible, and what is possible and may surprise."""

from collections.abc import Iterable, Iterator

from sterna_core.namespace.json_path import pattern, places
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import kept_kinds

_THRESHOLDS = (pattern("threshold"), pattern("hierarchical_nodes[].threshold"))


def clashes(config: MigrationConfig, resources: Iterable[Resource]) -> Findings:
    """Look for clashes among the options, and between them and what goes along."""
    going = tuple(resources)
    return Findings(
        errors=tuple(_impossible(config)),
        warnings=(*_of_ids(config, going), *_of_vector_spaces(config, going)),
    )


def _impossible(config: MigrationConfig) -> Iterator[Finding]:
    if config.migration_type == "extend":
        yield _at("migration_type", "Only re_extract and copy can be done.", "not_supported")
    if config.migration_type == "re_extract" and not config.feature_extractors:
        yield _at("feature_extractors", "Name the extractors of the target.", "missing")
    if config.migration_type == "copy" and config.feature_extractors:
        yield _at(
            "feature_extractors",
            "A copy keeps its vectors; extractors belong to re_extract.",
            "not_applicable",
        )
    if config.migration_type == "copy" and config.feature_mapping:
        yield _at(
            "feature_mapping",
            "A copy keeps its features; a mapping of them belongs to re_extract.",
            "not_applicable",
        )
    if config.target_namespace_id == config.source_namespace_id:
        yield _at("target_namespace_id", "The target is the source.", "same_namespace")


def _of_ids(config: MigrationConfig, going: tuple[Resource, ...]) -> Iterator[Finding]:
    """Find ids that stay beside ones that do not: what looks the same, and is not."""
    kept, known = kept_kinds(config), kinds_of(going)
    for resource in going:
        if resource.kind != "taxonomy" or resource.kind not in kept:
            continue
        if any(
            each.target_kind == "retriever" and "retriever" not in kept
            for each in references(resource, known)
        ):
            yield Finding(
                ("taxonomy", resource.resource_id, "retriever_id"),
                "The taxonomy keeps its id and its retriever gets a new one, which is written into"
                " the taxonomy; preserve_retriever_ids keeps both.",
                "preserved_id_refers_to_new_id",
            )


def _of_vector_spaces(config: MigrationConfig, going: tuple[Resource, ...]) -> Iterator[Finding]:
    """Find what was computed from the old vectors and is kept beside new ones."""
    if config.migration_type != "re_extract":
        return
    clusters = config.cluster_options or ClusterOptions()
    taxonomies = config.taxonomy_options or TaxonomyOptions()
    kinds = {each.kind for each in going}
    if "cluster" in kinds and not clusters.recompute_clusters:
        if clusters.preserve_assignments:
            yield _at(
                "cluster_options",
                "Assignments were computed from the old vectors; recompute_clusters makes new ones.",
                "assignments_of_old_vectors",
                field="preserve_assignments",
            )
        if clusters.preserve_centroids:
            yield _at(
                "cluster_options",
                "Centroids lie in the old vector space and cannot be compared with new vectors.",
                "centroids_of_old_vectors",
                field="preserve_centroids",
            )
    if taxonomies.re_run_enrichment:
        yield from _of_thresholds(going)
    if (
        "taxonomy" in kinds
        and taxonomies.preserve_enrichment_fields
        and not taxonomies.re_run_enrichment
    ):
        yield _at(
            "taxonomy_options",
            "Enrichments were found with the old vectors; re_run_enrichment finds them anew.",
            "enrichments_of_old_vectors",
            field="preserve_enrichment_fields",
        )


def _of_thresholds(going: tuple[Resource, ...]) -> Iterator[Finding]:
    for resource in going:
        for each in _THRESHOLDS if resource.kind == "taxonomy" else ():
            for path, _ in places(resource.definition, each):
                yield Finding(
                    ("taxonomy", resource.resource_id, *path),
                    "The threshold was chosen for the old vectors; new ones lie nearer or farther.",
                    "threshold_of_old_vectors",
                )


def _at(option: str, message: str, kind: str, *, field: str | None = None) -> Finding:
    place = ("config", option) if field is None else ("config", option, field)
    return Finding(place, message, kind)
