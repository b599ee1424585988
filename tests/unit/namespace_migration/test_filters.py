"""Filters of a migrated definition choose the documents that they have chosen before."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.condition import matches
from sterna_core.retriever.filters import conditions_of
from sterna_core.retriever.reach import reach_of

URI = "sterna://words@v1/embedding"
GOING = (
    Resource("bkt_1", "bucket"),
    Resource("col_1", "collection"),
    Resource("clu_1", "cluster"),
    Resource("tax_1", "taxonomy"),
    Resource("ret_1", "retriever"),
)


def _rewriting(*, all_kept: bool = False, others_kept: bool = False) -> Rewriting:
    config = MigrationConfig(
        migration_type="copy",
        source_namespace_id="ns_old",
        preserve_resource_ids=all_kept,
        cluster_options=ClusterOptions(preserve_cluster_ids=others_kept),
        taxonomy_options=TaxonomyOptions(preserve_taxonomy_ids=others_kept),
    )
    return Rewriting(ids=id_map(config, GOING, "ns_new"), known=kinds_of(GOING))


def _retriever(filters: Any, *more: Any) -> dict[str, Any]:
    search = {"feature_uri": URI, "query": "{{INPUT.query}}", "filters": filters}
    stages = [{"stage_type": "feature_search", "config": search}]
    stages += [{"stage_type": "filter", "config": {"filters": each}} for each in more]
    return {"stages": stages}


def _moved(rewriting: Rewriting, kind: Any, definition: dict[str, Any]) -> Any:
    resource_id = {"retriever": "ret_1", "collection": "col_1"}[kind]
    return rewriting.resource(Resource(resource_id, kind, definition)).definition


_TEXTS = some.sampled_from(
    [
        "doc_1",
        "doc_2",
        "col_1",
        "clu_1",
        "clu_1/3",
        "clu_1/4",
        "tax_1",
        "bkt_1",
        "ns_old",
        "bkt_1/col_1",
    ]
)
_FIELDS = (
    "document_id",
    "collection_id",
    "cluster_id",
    "_internal.lineage.root_bucket_id",
    "_internal.lineage.source_document_id",
    "_internal.lineage.path",
    "_internal.namespace_id",
    "_taxonomy_tax_1.label",
    "_taxonomy_tax_1.document_id",
    "_taxonomy_topic.taxonomy_id",
    "note",
    "mine.cluster_id",
)


@some.composite
def _payloads(draw: some.DrawFn) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for field in draw(some.sets(some.sampled_from(_FIELDS))):
        *steps, last = field.split(".")
        inside = payload
        for step in steps:
            inside = inside.setdefault(step, {})
        inside[last] = draw(_TEXTS | some.lists(_TEXTS, max_size=2))
    return payload


@some.composite
def _filters(draw: some.DrawFn) -> Any:
    field = draw(some.sampled_from(_FIELDS))
    operator = draw(some.sampled_from(["eq", "ne", "in"]))
    value = draw(some.lists(_TEXTS, max_size=3) if operator == "in" else _TEXTS)
    raw: Any = [{"field": field, "operator": operator, "value": value}]
    if operator == "eq" and draw(some.booleans()):
        raw = {field: value}
    return {"AND": raw} if draw(some.booleans()) else raw


@given(
    some.booleans(), some.booleans(), _filters(), _filters(), some.lists(_payloads(), max_size=4)
)
def test_a_filter_chooses_in_the_target_what_it_chose_in_the_source(
    all_kept: bool, others_kept: bool, first: Any, second: Any, payloads: list[dict[str, Any]]
) -> None:
    rewriting = _rewriting(all_kept=all_kept, others_kept=others_kept)
    arrived = [rewriting.document(each) for each in payloads]

    searching = _retriever(first, second)
    asked = reach_of(searching, ()).conditions
    there = reach_of(_moved(rewriting, "retriever", searching), ()).conditions
    assert [matches(each, there) for each in arrived] == [matches(each, asked) for each in payloads]

    applied = {
        "source": {"type": "collection", "collection_id": "col_1", "source_filters": first},
        "taxonomy_applications": [{"taxonomy_id": "tax_1", "scroll_filters": second}],
    }
    made = _moved(rewriting, "collection", applied)
    for old, new in (
        (first, made["source"]["source_filters"]),
        (second, made["taxonomy_applications"][0]["scroll_filters"]),
    ):
        assert [matches(each, conditions_of(new)) for each in arrived] == [
            matches(each, conditions_of(old)) for each in payloads
        ]


def test_filters_name_fields_and_values_as_documents_have_them_in_the_target() -> None:
    rewriting = _rewriting()
    ids = rewriting.ids
    cluster, taxonomy = ids.resources["clu_1"], ids.resources["tax_1"]
    made = _moved(
        rewriting,
        "retriever",
        _retriever(
            {"_taxonomy_tax_1.label": "birds", "cluster_id": "clu_1/3", "note": "clu_1/3"},
            {
                "OR": [
                    {"field": "document_id", "operator": "in", "value": ["doc_1", "{{INPUT.id}}"]}
                ]
            },
            [{"field": "_taxonomy_tax_1.label", "operator": "exists"}],
        ),
    )
    found, either, there = (each["config"]["filters"] for each in made["stages"])
    assert found == {
        f"_taxonomy_{taxonomy}.label": "birds",
        "cluster_id": f"{cluster}/3",
        "note": "clu_1/3",
    }
    assert either["OR"][0]["value"] == [ids.document("doc_1"), "{{INPUT.id}}"]
    assert there == [{"field": f"_taxonomy_{taxonomy}.label", "operator": "exists"}]


def test_a_filter_of_objects_changes_only_where_objects_do() -> None:
    rewriting = _rewriting()
    filters = {"bucket_id": "bkt_1", "cluster_id": "clu_1", "document_id": "doc_1"}
    source = {"type": "bucket", "bucket_ids": ["bkt_1"], "source_filters": filters}
    made = _moved(rewriting, "collection", {"source": source})
    bucket = rewriting.ids.resources["bkt_1"]
    assert made["source"]["source_filters"] == {**filters, "bucket_id": bucket}


_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | _TEXTS,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["field", "operator", "value", "filters", "AND", "cluster_id", ""]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_what_is_no_filter_is_carried_along(raw: Any) -> None:
    rewriting = _rewriting(all_kept=True)
    kept = {"stages": [{"stage_type": "other", "config": raw}]}
    source = {"source": {"type": "taxonomy", "source_filters": raw}}
    ids = rewriting.ids
    unchanged = Rewriting(
        ids=type(ids)("ns_old", "ns_old", ids.resources, keeps_document_ids=True),
        known=rewriting.known,
    )
    assert _moved(unchanged, "retriever", kept) == kept
    assert _moved(unchanged, "collection", source) == source
