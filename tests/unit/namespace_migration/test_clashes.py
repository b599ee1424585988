import pytest

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.clashes import clashes
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    FeatureExtractorConfig,
    MigrationConfig,
    RetrieverOptions,
    TaxonomyOptions,
)

TAXONOMY = Resource("tax_1", "taxonomy", {"retriever_id": "ret_1"})
RETRIEVER = Resource("ret_1", "retriever")
CLUSTER = Resource("clust_1", "cluster")
EXTRACTORS = (FeatureExtractorConfig(feature_extractor_name="minilm", version="v1"),)


def _config(**fields: object) -> MigrationConfig:
    wanted = {"migration_type": "copy", "source_namespace_id": "ns_old", **fields}
    return MigrationConfig(**wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "where", "kind"),
    [
        (_config(migration_type="extend"), "migration_type", "not_supported"),
        (_config(migration_type="re_extract"), "feature_extractors", "missing"),
        (_config(feature_extractors=EXTRACTORS), "feature_extractors", "not_applicable"),
        (_config(target_namespace_id="ns_old"), "target_namespace_id", "same_namespace"),
    ],
)
def test_what_cannot_be_done_is_an_error(config: MigrationConfig, where: str, kind: str) -> None:
    (error,) = clashes(config, ()).errors
    assert (error.loc, error.type) == (("config", where), kind)


def test_a_kept_taxonomy_whose_retriever_gets_a_new_id_is_a_warning() -> None:
    (warning,) = clashes(_config(), (TAXONOMY, RETRIEVER)).warnings
    assert warning.type == "preserved_id_refers_to_new_id"
    kept = _config(retriever_options=RetrieverOptions(preserve_retriever_ids=True))
    assert clashes(kept, (TAXONOMY, RETRIEVER)).warnings == ()


def test_what_was_computed_from_old_vectors_is_a_warning_beside_new_ones() -> None:
    config = _config(migration_type="re_extract", feature_extractors=EXTRACTORS)
    found = {each.type for each in clashes(config, (CLUSTER, TAXONOMY)).warnings}
    assert found >= {
        "assignments_of_old_vectors",
        "centroids_of_old_vectors",
        "enrichments_of_old_vectors",
    }


def test_what_is_computed_anew_is_no_surprise() -> None:
    config = _config(
        migration_type="re_extract",
        feature_extractors=EXTRACTORS,
        cluster_options=ClusterOptions(recompute_clusters=True),
        taxonomy_options=TaxonomyOptions(re_run_enrichment=True),
        retriever_options=RetrieverOptions(preserve_retriever_ids=True),
    )
    assert clashes(config, (CLUSTER, TAXONOMY, RETRIEVER)).warnings == ()


def test_a_copy_keeps_its_vectors_and_what_was_computed_from_them() -> None:
    assert clashes(_config(), (CLUSTER,)).warnings == ()
