"""Which label a document gets, and what its field holds then."""

from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.query import Hit
from sterna_core.namespace_store.vector import Vector
from sterna_core.taxonomy.assignment import (
    THRESHOLD_OF_COSINE,
    Match,
    assigned,
    is_same_label,
    label_of,
    matches_of,
    threshold_of,
)
from sterna_core.taxonomy.input_mapping import inputs_of, mappings_of
from sterna_core.taxonomy.node import Node
from sterna_core.taxonomy.taxonomy import Taxonomy, taxonomy_of

URI = "sterna://words@v1/embedding"
Hits = dict[str, Hit]


def hit(name: str, score: float, /, **payload: Any) -> Hit:
    return Hit(Document(name, "col", payload), score)


def taxonomy(*nodes: dict[str, Any], **more: Any) -> Taxonomy:
    shape: dict[str, Any] = {"retriever_id": "ret_1", **more}
    if nodes:
        shape["hierarchical_nodes"] = list(nodes)
    return taxonomy_of(Resource("tax_1", "taxonomy", shape))


def flat(*fields: dict[str, Any], **more: Any) -> Taxonomy:
    source = {"collection_id": "col_labels", "enrichment_fields": list(fields)}
    return taxonomy(source_collection=source, **more)


def node(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {"collection_id": name, "parent_collection_id": parent, **more}


async def matched(of: Taxonomy, hits: Hits) -> tuple[Match, ...]:
    async def ask(node: Node) -> Hit | None:
        return hits.get(node.collection_id)

    thresholds = {each.collection_id: threshold_of(each, "cosine") for each in of.nodes}
    return await matches_of(of, ask, thresholds)


TREE = taxonomy(
    node("animals", label="Animals"),
    node("things", label="Things"),
    node("birds", "animals"),
    node("fish", "animals", threshold=0.9),
    node("owls", "birds", label="Owls"),
)


@pytest.mark.parametrize(("score", "label"), [(0.5, "owl"), (0.499999, None), (0.9, "owl")])
async def test_a_label_reaches_the_threshold_or_is_none(score: float, label: str | None) -> None:
    found = await matched(flat(), {"col_labels": hit("d1", score, label="owl")})
    assert label_of(assigned(flat(), found, {})) == label


def test_a_threshold_that_is_not_given_is_one_of_the_cosine_alone() -> None:
    (usual,), (given_,) = flat().nodes, flat(threshold=-3).nodes
    assert threshold_of(usual, "cosine") == THRESHOLD_OF_COSINE
    assert threshold_of(usual, "euclid") == threshold_of(usual, "dot") == float("-inf")
    assert threshold_of(given_, "euclid") == -3


async def test_a_document_goes_down_as_far_as_thresholds_are_reached() -> None:
    hits = {
        "animals": hit("a", 0.8),
        "things": hit("t", 0.7),
        "birds": hit("b", 0.6),
        "fish": hit("f", 0.89),
        "owls": hit("o", 0.2),
    }
    found = await matched(TREE, hits)
    assert [each.node.collection_id for each in found] == ["animals", "birds"]
    field = assigned(TREE, found, {})
    assert field == {
        "taxonomy_id": "tax_1",
        "label": "birds",
        "document_id": "b",
        "collection_id": "birds",
        "score": 0.6,
        "path": ["Animals", "birds"],
    }
    deeper = await matched(TREE, {**hits, "owls": hit("o", 0.95)})
    assert [each.node.label for each in deeper] == ["Animals", None, "Owls"]
    assert await matched(TREE, {**hits, "animals": hit("a", 0.1), "things": hit("t", 0.1)}) == ()


async def test_of_equal_scores_the_lesser_id_of_a_document_is_taken() -> None:
    hits = {"animals": hit("d2", 0.8), "things": hit("d1", 0.8)}
    assert [each.node.label for each in await matched(TREE, hits)] == ["Things"]
    hits = {"animals": hit("d1", 0.8), "things": hit("d2", 0.8)}
    assert [each.node.label for each in await matched(TREE, hits)] == ["Animals"]


@pytest.mark.parametrize(
    ("payload", "more", "label"),
    [
        ({"label": "owl", "name": "n"}, {}, "owl"),
        ({"label": 7, "name": "gull"}, {}, "gull"),
        ({"title": "auk"}, {}, "auk"),
        ({"other": "x"}, {}, "d1"),
        ({"label": "owl", "meta": {"word": "gull"}}, {"label_field": "meta.word"}, "gull"),
        ({"label": "owl"}, {"label_field": "meta.word"}, "d1"),
    ],
)
def test_the_label_is_where_the_definition_says_or_where_labels_mostly_are(
    payload: dict[str, Any], more: dict[str, Any], label: str
) -> None:
    of = flat(**more)
    field = assigned(of, (Match(of.nodes[0], hit("d1", 1.0, **payload)),), {})
    assert field is not None
    assert (field["label"], field["path"]) == (label, [label])


SOUND, TAGS = {"field_path": "sound"}, {"field_path": "meta.tags", "merge_mode": "append"}


def test_values_are_replaced_or_appended_as_the_field_says() -> None:
    of = flat(SOUND, TAGS)
    before = {"label": "x", "fields": {"sound": "old", "tags": ["a", "b"], "more": 1}}
    payload = {"sound": "new", "meta": {"tags": ["b", "c"]}}
    field = assigned(of, (Match(of.nodes[0], hit("d1", 1.0, **payload)),), before)
    assert field is not None
    assert field["fields"] == {"sound": "new", "tags": ["a", "b", "c"]}
    nothing_to_copy = assigned(of, (Match(of.nodes[0], hit("d1", 1.0)),), before)
    assert nothing_to_copy is not None
    assert nothing_to_copy["fields"] == {"tags": ["a", "b"]}


def test_without_a_match_the_label_goes_and_lists_that_are_appended_to_stay() -> None:
    before = {"label": "x", "fields": {"sound": "old", "tags": ["a"]}}
    assert assigned(flat(SOUND, TAGS), (), before) == {
        "taxonomy_id": "tax_1",
        "fields": {"tags": ["a"]},
    }
    assert assigned(flat(SOUND), (), before) is None
    assert assigned(flat(TAGS), (), {}) is None


def test_fields_of_a_node_take_the_place_of_those_above_it() -> None:
    of = taxonomy(
        node("a", enrichment_fields=[SOUND, {"field_path": "size"}, TAGS]),
        node("b", "a", enrichment_fields=[SOUND, TAGS]),
    )
    top = Match(of.nodes[0], hit("d1", 1.0, sound="a", size=1, meta={"tags": ["a"]}))
    low = Match(of.nodes[1], hit("d2", 1.0, sound="b", size=2, meta={"tags": "b"}))
    field = assigned(of, (top, low), {})
    assert field is not None
    assert field["fields"] == {"sound": "b", "size": 1, "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ({"label": "owl", "document_id": "d1"}, "owl"),
        ({"document_id": "d1"}, "d1"),
        ({"taxonomy_id": "t", "fields": {"a": 1}}, None),
        ("owl", "owl"),
        (["owl"], None),
        (None, None),
        ({"label": 3}, None),
    ],
)
def test_labels_are_read_in_whatever_shape_they_were_left(value: Any, label: str | None) -> None:
    assert label_of(value) == label


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("owl", {"label": "owl", "document_id": "d1"}, True),
        (None, None, True),
        (None, {"fields": {"tags": ["a"]}}, True),
        ({"label": "owl"}, {"label": "gull"}, False),
        ({"label": "owl"}, None, False),
        (
            {"label": "d1", "document_id": "d1_new"},
            {"label": "d1_new", "document_id": "d1_new"},
            True,
        ),
        ({"label": "owl", "document_id": "d1"}, {"label": "owl", "document_id": "d2"}, True),
    ],
)
def test_labels_are_the_same_by_their_text_or_by_the_document_they_were_found_at(
    one: Any, other: Any, same: bool
) -> None:
    assert is_same_label(one, other) == is_same_label(other, one) == same


_VALUES = some.none() | some.booleans() | some.integers(0, 2) | some.sampled_from(["a", "b"])
_PAYLOADS = some.fixed_dictionaries(
    {}, optional={name: _VALUES | some.lists(_VALUES, max_size=3) for name in ("x", "y", "z")}
)
_FIELDS = some.lists(
    some.fixed_dictionaries(
        {
            "field_path": some.sampled_from(["x", "y", "z"]),
            "merge_mode": some.sampled_from(["replace", "append"]),
        }
    ),
    max_size=3,
    unique_by=itemgetter("field_path"),
)


@given(_FIELDS, _FIELDS, some.lists(_PAYLOADS, max_size=2), _PAYLOADS)
def test_the_same_labels_again_change_nothing(
    upper: list[dict[str, Any]],
    lower: list[dict[str, Any]],
    found: list[dict[str, Any]],
    before: dict[str, Any],
) -> None:
    of = taxonomy(node("a", enrichment_fields=upper), node("b", "a", enrichment_fields=lower))
    matches = tuple(
        Match(each, hit(f"d{number}", 0.9, **payload))
        for number, (each, payload) in enumerate(zip(of.nodes, found, strict=False))
    )
    once = assigned(of, matches, {"fields": before})
    again = assigned(of, matches, once or {})
    assert again == once
    targets = {each.target for one in of.nodes for each in one.fields}
    assert set((once or {}).get("fields", {})) <= targets


@given(_FIELDS, _PAYLOADS, _PAYLOADS)
def test_nothing_that_is_appended_to_is_ever_lost(
    fields: list[dict[str, Any]], payload: dict[str, Any], before: dict[str, Any]
) -> None:
    of = flat(*fields)
    for matches in ((), (Match(of.nodes[0], hit("d", 1.0, **payload)),)):
        after = (assigned(of, matches, {"fields": before}) or {}).get("fields", {})
        for each in of.nodes[0].fields:
            if each.appends and each.target in before:
                old = before[each.target]
                assert all(
                    value in after[each.target]
                    for value in (old if isinstance(old, list) else [old])
                )


def test_a_document_asks_with_all_of_its_inputs_or_not_at_all() -> None:
    mappings = mappings_of(
        [
            {"input_key": "query", "path": "meta.title"},
            {"input_key": "vector", "source_type": "vector"},
            {"input_key": "lang", "source_type": "literal", "override": "en"},
        ],
        (),
    )
    whole = Document("d1", "col", {"meta": {"title": "owl"}}, {URI: Vector.of([1.0, 0.5])})
    assert inputs_of(mappings, whole, URI) == {"query": "owl", "vector": [1.0, 0.5], "lang": "en"}
    assert inputs_of(mappings, whole, "sterna://other@v1/embedding") is None
    assert inputs_of(mappings, Document("d2", "col", {}, whole.vectors), URI) is None
