"""Files of clusters are written again with the ids of the target, and nothing else changed."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.artifacts.parquet_file import NotParquet, parquet_shape
from sterna_core.namespace.feature_uri import FeatureUri
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import ClusterOptions, MigrationConfig
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_executor.clusters.file_rewriting import (
    ArtifactUnreadable,
    is_product_column,
    rewrite_file,
)

OLD, NEW = FeatureUri("words", "v1", "embedding"), FeatureUri("minilm", "v1", "vector")
FILE = "sterna-artifact://ns_old/clu_1/members.parquet"
RESOURCES = (
    Resource("clu_1", "cluster", {"collection_ids": ["col_1"], "members_key": FILE}),
    Resource("col_1", "collection"),
)


def rewriting(options: ClusterOptions | None = None) -> Rewriting:
    config = MigrationConfig(
        migration_type="copy",
        source_namespace_id="ns_old",
        cluster_options=ClusterOptions(preserve_cluster_ids=False),
    )
    return Rewriting(
        ids=id_map(config, RESOURCES, "ns_new"),
        known=kinds_of(RESOURCES),
        features={OLD: NEW},
        clusters=options or ClusterOptions(),
    )


IDS = rewriting().ids
BITS = ["doc_1", "col_1", "clu_1", "clu_1/2", "ns_old", str(OLD), FILE, "x", ""]
texts = some.none() | some.sampled_from(BITS)
COLUMNS: dict[str, pa.DataType] = {
    "document_id": pa.string(),
    "source_document_id": pa.large_string(),
    "collection_id": pa.dictionary(pa.int32(), pa.string()),
    "cluster_id": pa.string(),
    "member_ids": pa.list_(pa.string()),
    "feature_uri": pa.string(),
    "label": pa.int64(),
    "distance": pa.float32(),
    "title": pa.string(),
    "tags": pa.list_(pa.string()),
    "owner": pa.struct([("name", pa.string()), ("document_id", pa.string())]),
}


def value_of(kind: pa.DataType) -> some.SearchStrategy[Any]:
    if pa.types.is_integer(kind):
        return some.none() | some.integers(-5, 5)
    if pa.types.is_floating(kind):
        return some.none() | some.floats(width=32, allow_nan=False)
    if pa.types.is_list(kind):
        return some.none() | some.lists(texts, max_size=3)
    if pa.types.is_struct(kind):
        return some.none() | some.fixed_dictionaries(
            {each.name: texts for each in (kind.field(n) for n in range(kind.num_fields))}
        )
    return texts


@some.composite
def tables(draw: some.DrawFn) -> pa.Table:
    names = draw(some.lists(some.sampled_from(sorted(COLUMNS)), min_size=1, unique=True))
    rows = draw(some.integers(0, 5))
    columns = {
        name: pa.array(
            draw(some.lists(value_of(COLUMNS[name]), min_size=rows, max_size=rows)),
            type=COLUMNS[name],
        )
        for name in names
    }
    return pa.table(columns)


def rewritten(table: pa.Table, *, centroids: bool = True) -> pa.Table:
    source, target = io.BytesIO(), io.BytesIO()
    pq.write_table(table, source)
    source.seek(0)
    assert rewrite_file(source, target, rewriting(), centroids=centroids) == table.num_rows
    return pq.read_table(io.BytesIO(target.getvalue()))


def expected(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [expected(name, each) for each in value]
    if isinstance(value, dict):
        return {inner: expected(inner, each) for inner, each in value.items()}
    if not isinstance(value, str) or not is_product_column(name):
        return value
    if name in {"document_id", "source_document_id", "member_ids"}:
        return IDS.document(value)
    changed = {
        "clu_1": IDS.resources["clu_1"],
        "clu_1/2": f"{IDS.resources['clu_1']}/2",
        "col_1": IDS.resources["col_1"],
        "ns_old": "ns_new",
        str(OLD): str(NEW),
        FILE: f"sterna-artifact://ns_new/{IDS.resources['clu_1']}/members.parquet",
    }
    return changed.get(value, value)


@settings(deadline=None)
@given(tables())
def test_ids_are_those_of_the_target_and_every_other_value_is_what_it_was(table: pa.Table) -> None:
    found = rewritten(table)
    assert found.schema.names == table.schema.names
    assert [each.type for each in found.schema] == [each.type for each in table.schema]
    for name in table.schema.names:
        before = table.column(name).to_pylist()
        assert found.column(name).to_pylist() == [expected(name, each) for each in before]


def test_the_same_file_gives_the_same_bytes_and_centroids_only_where_they_are_kept() -> None:
    table = pa.table({"cluster_id": ["clu_1/0"], "centroid": [[1.0]], "centroid_x": [2.0]})
    files = []
    for _ in range(2):
        source, target = io.BytesIO(), io.BytesIO()
        pq.write_table(table, source)
        rewrite_file(source, target, rewriting(), centroids=False)
        files.append(target.getvalue())
    assert files[0] == files[1]
    assert pq.read_table(io.BytesIO(files[0])).schema.names == ["cluster_id"]
    assert rewritten(table).schema.names == table.schema.names


def test_a_file_that_is_no_parquet_is_refused_here_and_when_it_is_uploaded() -> None:
    whole = io.BytesIO()
    pq.write_table(pa.table({"document_id": ["doc_1"]}), whole)
    assert parquet_shape(whole).rows == 1
    for broken in (b"", b"PAR1", whole.getvalue()[:-1], b"PAR1" + bytes(100) + b"PAR1"):
        with pytest.raises(ArtifactUnreadable):
            rewrite_file(io.BytesIO(broken), io.BytesIO(), rewriting(), centroids=True)
        with pytest.raises(NotParquet):
            parquet_shape(io.BytesIO(broken))


def test_a_definition_names_files_of_the_target_or_none() -> None:
    there = f"sterna-artifact://ns_new/{IDS.resources['clu_1']}"
    cluster = RESOURCES[0]
    assert rewriting().resource(cluster).definition["members_key"] == f"{there}/members.parquet"
    left = rewriting(ClusterOptions(migrate_artifacts=False)).resource(cluster)
    assert "members_key" not in left.definition
    anew = rewriting(ClusterOptions(recompute_clusters=True)).resource(cluster).definition
    assert anew["members_key"] == f"{there}/members.parquet"
    assert anew["parquet_path"] == f"{there}/centroids.parquet"
    told = Resource("clu_1", "cluster", {**cluster.definition, "centroids": [[1.0]]})
    kept = rewriting(ClusterOptions(preserve_centroids=False)).resource(told)
    assert "centroids" not in kept.definition


def test_weights_of_features_go_with_them() -> None:
    config = {"feature_uris": [str(OLD)], "feature_weights": {str(OLD): 0.5}}
    cluster = Resource("clu_1", "cluster", {"collection_ids": [], "vector_config": config})
    made = rewriting().resource(cluster).definition["vector_config"]
    assert made == {"feature_uris": [str(NEW)], "feature_weights": {str(NEW): 0.5}}
