from typing import Any

import pytest

from sterna_core.errors import Rejected
from sterna_core.namespace.resource import Resource
from sterna_core.taxonomy.application import Application, applications
from sterna_core.taxonomy.taxonomy import Taxonomy, taxonomy_of

FLAT: dict[str, Any] = {
    "retriever_id": "ret_1",
    "source_collection": {"collection_id": "col_labels"},
}
URI = "mixpeek://words@v1/embedding"


def read(**changes: Any) -> Taxonomy:
    return taxonomy_of(Resource("tax_1", "taxonomy", {**FLAT, **changes}))


def node(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {"collection_id": name, "parent_collection_id": parent, **more}


def test_a_flat_taxonomy_has_one_node_and_asks_with_vectors_if_nothing_else_is_said() -> None:
    taxonomy = read()
    (only,) = taxonomy.nodes
    assert taxonomy.is_flat
    assert taxonomy.field == "_taxonomy_tax_1"
    assert (only.collection_id, only.retriever_id, only.threshold) == ("col_labels", "ret_1", None)
    assert [(each.source, each.feature_uri) for each in only.mappings] == [("vector", None)]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("kind", "_taxonomy_kind"),
        ("a kind", "_taxonomy_tax_1"),
        ("a.b", "_taxonomy_tax_1"),
        (7, "_taxonomy_tax_1"),
    ],
)
def test_the_field_has_the_name_of_the_taxonomy_where_that_is_a_word(name: Any, field: str) -> None:
    assert read(taxonomy_name=name).field == field


def test_mappings_are_read_in_both_of_their_shapes() -> None:
    short = read(input_mappings={"query": "meta.title", "vector": URI}).nodes[0].mappings
    long = read(
        input_mappings=[
            {"input_key": "query", "path": "meta.title"},
            {"input_key": "vector", "source_type": "vector", "path": URI},
        ]
    )
    assert short == long.nodes[0].mappings
    assert [each.path for each in short] == [("meta", "title"), ()]
    assert short[1].feature_uri == "sterna://words@v1/embedding"


def test_a_node_has_what_the_taxonomy_says_unless_it_says_otherwise() -> None:
    taxonomy = read(
        threshold=0.7,
        input_mappings={"query": "title"},
        merge_mode="append",
        hierarchical_nodes=[
            node("col_a", enrichment_fields=[{"field_path": "meta.tags"}]),
            node("col_b", "col_a", threshold=0.2, retriever_id="ret_2", label="B"),
            node(
                "col_c",
                "col_a",
                input_mappings={"query": "text"},
                enrichment_fields=[
                    {"field_path": "name", "target_field": "c", "merge_mode": "replace"}
                ],
            ),
        ],
    )
    a, b, c = taxonomy.nodes
    assert not taxonomy.is_flat
    assert [each.threshold for each in taxonomy.nodes] == [0.7, 0.2, 0.7]
    assert [each.retriever_id for each in taxonomy.nodes] == ["ret_1", "ret_2", "ret_1"]
    assert a.mappings == b.mappings
    assert c.mappings[0].path == ("text",)
    assert [(each.target, each.appends) for each in (*a.fields, *c.fields)] == [
        ("tags", True),
        ("c", False),
    ]
    assert taxonomy.below(None) == (a,)
    assert taxonomy.below("col_a") == (b, c)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"source_collection": None}, ("source_collection",)),
        ({"source_collection": {"collection_id": ""}}, ("source_collection",)),
        ({"retriever_id": None}, ("source_collection",)),
        ({"hierarchical_nodes": "col_a"}, ("hierarchical_nodes",)),
        ({"hierarchical_nodes": [node("col_a"), node("col_a")]}, ("hierarchical_nodes",)),
        (
            {"hierarchical_nodes": [node("col_a"), node("col_b", "col_none")]},
            ("hierarchical_nodes", 1, "parent_collection_id"),
        ),
        (
            {"hierarchical_nodes": [node("col_a", "col_b"), node("col_b", "col_a")]},
            ("hierarchical_nodes", 0, "parent_collection_id"),
        ),
        ({"threshold": "much"}, ("source_collection", "threshold")),
        ({"threshold": True}, ("source_collection", "threshold")),
        ({"threshold": float("nan")}, ("source_collection", "threshold")),
        ({"merge_mode": "left"}, ("merge_mode",)),
        ({"label_field": "a..b"}, ("label_field",)),
        ({"input_mappings": "text"}, ("input_mappings",)),
        ({"input_mappings": {"query": 7}}, ("input_mappings", "query")),
        ({"input_mappings": ["text"]}, ("input_mappings", 0)),
        (
            {"input_mappings": [{"input_key": "q", "source_type": "vector", "path": "features.x"}]},
            ("input_mappings", 0),
        ),
        ({"input_mappings": [{"input_key": "q", "source_type": "payload"}]}, ("input_mappings", 0)),
        ({"input_mappings": [{"input_key": "q", "source_type": "literal"}]}, ("input_mappings", 0)),
    ],
)
def test_what_nothing_can_be_labelled_by_is_refused_at_its_place(
    changes: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Rejected) as raised:
        read(**changes)
    assert raised.value.code == "taxonomy_not_understood"
    assert tuple(raised.value.details["path"]) == path


@pytest.mark.parametrize(
    "fields",
    [
        "name",
        [{}],
        [{"field_path": "a..b"}],
        [{"field_path": "_taxonomy_kind.label"}],
        [{"field_path": "a", "target_field": "b.c"}],
        [{"field_path": "a", "merge_mode": "left"}],
        [{"field_path": "a.name"}, {"field_path": "b.name"}],
    ],
)
def test_enrichment_fields_that_mean_nothing_are_refused(fields: Any) -> None:
    with pytest.raises(Rejected, match=r"field|merge_mode|taxonomies"):
        read(source_collection={"collection_id": "col_labels", "enrichment_fields": fields})


def test_a_field_belongs_to_a_taxonomy_by_its_name_or_by_what_is_in_it() -> None:
    taxonomy = read(taxonomy_name="kind")
    mine: dict[str, Any] = {
        "_taxonomy_kind": "owl",
        "_taxonomy_tax_1": None,
        "_taxonomy_other": {"taxonomy_id": "tax_1"},
    }
    others = {
        "_taxonomy_x": {"taxonomy_id": "tax_2"},
        "_taxonomy_y": "owl",
        "kind": {"taxonomy_id": "tax_1"},
    }
    assert taxonomy.written_in({**mine, **others}) == mine
    assert taxonomy.missing_in({**mine, **others}) == others


def test_a_taxonomy_is_applied_where_collections_say_so_each_once() -> None:
    def collection(name: str, *applied: Any) -> Resource:
        return Resource(name, "collection", {"taxonomy_applications": list(applied)})

    found = applications(
        [
            Resource("bkt_1", "bucket", {"taxonomy_applications": [{"taxonomy_id": "tax_1"}]}),
            collection("col_1", {"taxonomy_id": "tax_1"}, {"taxonomy_id": "tax_2"}, "tax_1"),
            collection(
                "col_2",
                {
                    "taxonomy_id": "tax_1",
                    "target_collection_id": "col_3",
                    "scroll_filters": {"a": 1},
                },
            ),
            collection("col_3", {"taxonomy_id": "tax_1"}),
            collection("col_4", {"taxonomy_id": "tax_1", "execution_mode": "on_demand"}),
        ],
    )
    assert found == {
        "tax_1": (
            Application(collection_id="col_1", filters=(None,)),
            Application(collection_id="col_3", filters=({"a": 1}, None)),
        ),
        "tax_2": (Application(collection_id="col_1", filters=(None,)),),
    }
