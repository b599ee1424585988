"""Promises about search."""

import math
from collections.abc import Sequence
from typing import Any

from sterna_core.namespace_store.condition import Condition, Operator, matches
from sterna_core.namespace_store.contract.samples import (
    DOTS,
    IMAGES,
    WORDS,
    refused,
    sample,
)
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import score
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.store import NamespaceStore
from sterna_core.namespace_store.vector import Vector

_RANGES: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")
_EQUALS: tuple[tuple[str, Any], ...] = (
    ("a", 1), ("a", 1.0), ("a", "1"), ("a", True), ("a", False), ("a", "x"), ("a", 2**53 + 1),
    ("a", 2**53), ("a.b", 1), ("a.b", "x"), ("a.b", 2.5), ("x y.it's", '"q"'), ("b", 1),
    ("a.b.c", "x"),
)  # fmt: skip


async def finds_the_nearest(store: NamespaceStore) -> None:
    """Of each feature by its metric, as looking at every vector finds them, with their scores."""
    space = await store.create("s", [WORDS, IMAGES, DOTS])
    documents = [
        Document(each.document_id, each.collection_id, each.payload, each.vectors | dots)
        for n in range(20)
        for each, dots in [(sample(n), {DOTS.uri: Vector.of((n, -n * n / 9, 2, 1))})]
    ]
    await space.documents.upsert(documents)
    for feature in (WORDS, IMAGES, DOTS):
        for exact in (True, False):
            hits = await space.vectors.search(_like(feature, documents[5], exact=exact))
            expected = _nearest(documents, feature, documents[5])
            assert [each.document.document_id for each in hits] == [name for name, _ in expected]
            for hit, (_, right) in zip(hits, expected, strict=True):
                assert abs(hit.score - right) <= 1e-5 * max(1.0, abs(right))
                assert not hit.document.vectors, "hits come without vectors"
    (same,) = await space.vectors.search(_like(WORDS, documents[5], limit=1))
    assert same.document.payload == documents[5].payload


async def gives_finite_scores(store: NamespaceStore) -> None:
    """However large the numbers are that are compared: JSON has no infinity."""
    space = await store.create("s", [WORDS, IMAGES, DOTS])
    large = {
        WORDS.uri: Vector.of((3e38, -3e38, 3e38, 3e38)),
        IMAGES.uri: Vector.of((3e38, 3e38, 3e38)),
        DOTS.uri: Vector.of((3e38, 3e38, 3e38, 3e38)),
    }
    await space.documents.upsert([Document("large", "c", {}, large)])
    for uri, vector in large.items():
        opposite = Vector.of(-each for each in vector.values())
        for asked in (vector, opposite):
            (hit,) = await space.vectors.search(Query(feature_uri=uri, vector=asked))
            assert math.isfinite(hit.score), f"{uri} has a score of {hit.score}"


async def finds_among_those_that_fit(store: NamespaceStore) -> None:
    """Mean the same by a filter as every store."""
    space = await store.create("s", [WORDS])
    payloads: list[dict[str, Any]] = [
        {"a": 1}, {"a": 1.0}, {"a": "1"}, {"a": True}, {"a": None}, {}, {"a": [1, "x"]}, {"a": []},
        {"a": {"b": 1}}, {"a": {"b": ["x", 2.5]}}, {"a": 2**53 + 1}, {"a": -3}, {"a": [None]},
        {"a": [None, False]},
        {"a": 2.5}, {"x y": {"it's": '"q"'}}, {"a": "x"}, {"a": {"b": {"c": "x"}}}, {"b": 1},
    ]  # fmt: skip
    at = {WORDS.uri: Vector.of((1, 1, 1, 1))}
    documents = [Document(f"d{n:02}", f"c{n % 2}", each, at) for n, each in enumerate(payloads)]
    await space.documents.upsert(documents)
    for conditions in (
        *((Condition(field, "eq", value),) for field, value in _EQUALS),
        *((Condition(field, "ne", value),) for field, value in _EQUALS),
        (Condition("a", "in", (1, "x", False)),),
        (Condition("a", "in", ()),),
        *((Condition("a", name, bound),) for name in _RANGES for bound in (1, 2.5, -3)),
        (Condition("a.b", "gt", 1),),
        *(
            (Condition(field, "exists", there),)
            for field in ("a", "a.b")
            for there in (True, False)
        ),
        (Condition("a", "gte", 0), Condition("a", "lt", 3), Condition("a", "ne", 2.5)),
    ):
        hits = await space.vectors.search(
            Query(feature_uri=WORDS.uri, vector=at[WORDS.uri], limit=50, conditions=conditions)
        )
        expected = [each.document_id for each in documents if matches(each.payload, conditions)]
        assert [each.document.document_id for each in hits] == expected, f"filter {conditions}"
    query = Query(feature_uri=WORDS.uri, vector=at[WORDS.uri], limit=50, collection_ids=("c1",))
    assert len(await space.vectors.search(query)) == len(documents) // 2


async def refuses_queries_of_other_spaces(store: NamespaceStore) -> None:
    """Vectors of another feature are never compared, even where the dimensions are equal."""
    space = await store.create("s", [WORDS])
    vector = Vector.of((1, 2, 3, 4))
    with refused("unknown_feature"):
        await space.vectors.search(Query(feature_uri=DOTS.uri, vector=vector))
    with refused("unknown_feature"):
        await space.vectors.build_index(DOTS.uri)
    with refused("wrong_dimensions"):
        await space.vectors.search(Query(feature_uri=WORDS.uri, vector=Vector.of((1, 2))))
    for bad in (
        Condition("a[]", "eq", 1),
        Condition("", "eq", 1),
        Condition("a.0", "eq", 1),
        Condition("a", "gt", "x"),
        Condition("a", "in", 1),
        Condition("a", "eq", (1,)),
        Condition("a", "eq", "\0"),
    ):
        with refused("bad_filter"):
            await space.vectors.search(
                Query(feature_uri=WORDS.uri, vector=vector, conditions=(bad,))
            )


async def finds_by_an_index_too(store: NamespaceStore) -> None:
    """Build an index twice without harm; find what is written later."""
    space = await store.create("s", [WORDS, IMAGES])
    await space.documents.upsert([sample(each) for each in range(30)])
    has = await space.vectors.build_index(WORDS.uri)
    assert await space.vectors.build_index(WORDS.uri) == has
    await space.documents.upsert([sample(each) for each in range(20, 50)])
    for number in (0, 25, 49):
        hits = await space.vectors.search(_like(WORDS, sample(number), limit=1))
        assert hits[0].document.document_id == sample(number).document_id


def _like(feature: Feature, like: Document, limit: int = 5, *, exact: bool = False) -> Query:
    return Query(
        feature_uri=feature.uri, vector=like.vectors[feature.uri], limit=limit, exact=exact
    )


def _nearest(
    documents: Sequence[Document], feature: Feature, like: Document
) -> list[tuple[str, float]]:
    scores = [
        (
            each.document_id,
            score(feature.metric, like.vectors[feature.uri], each.vectors[feature.uri]),
        )
        for each in documents
        if feature.uri in each.vectors
    ]
    return sorted(scores, key=lambda pair: (-pair[1], pair[0]))[:5]
