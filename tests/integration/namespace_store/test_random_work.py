"""Whatever is written in whatever order, every store ends up with the same."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sterna_core.namespace_store.contract.samples import WORDS
from sterna_core.namespace_store.contract.steps import Put, Raise, Remove, Step, does_as_in_memory
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.vector import Vector

IDS = st.sampled_from(["a", "b", "B", "ä", "a\u0301", "z" * 300, "\U0001f600", "1", "01"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PAYLOADS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64)
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
VECTORS = st.lists(st.floats(width=32), min_size=4, max_size=4).map(Vector.of)
DOCUMENTS = st.builds(
    Document,
    IDS,
    st.sampled_from(["c1", "c2"]),
    PAYLOADS,
    st.dictionaries(st.just(WORDS.uri), VECTORS, max_size=1),
)
RECEIPTS = st.builds(
    Receipt, st.sampled_from(["r1", "r2", "r3"]), st.integers(0, 3), st.just({"rows": 1})
)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.builds(Put, st.lists(DOCUMENTS, max_size=5).map(tuple), st.none() | RECEIPTS)
    | st.builds(Remove, st.lists(IDS, max_size=4, unique=True).map(tuple))
    | st.builds(Raise, st.integers(0, 3)),
    max_size=8,
)
FEW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_a_vector_is_kept_to_the_last_bit():
    @given(st.lists(st.floats(width=32, allow_nan=False)))
    def check(values: list[float]) -> None:
        vector = Vector.of(values)
        assert struct.pack(f">{len(values)}f", *vector.values()) == vector.packed

    check()


@FEW
@given(steps=STEPS)
async def test_pgvector_does_as_the_store_in_memory(
    steps: list[Step], pgvector: PostgresNamespaceStore
):
    await does_as_in_memory(pgvector, steps)


@FEW
@given(steps=STEPS)
async def test_qdrant_does_as_the_store_in_memory(
    steps: list[Step], tmp_path_factory: pytest.TempPathFactory
):
    client = open_client(path=str(tmp_path_factory.mktemp("qdrant")))
    try:
        await does_as_in_memory(QdrantNamespaceStore(client, local=True), steps)
    finally:
        await client.close()
