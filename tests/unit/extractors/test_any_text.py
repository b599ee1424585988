"""Whatever is given: a vector or a reason for each text, in its place, and never an exception."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_core.extractors.embedding import embed
from sterna_core.extractors.hashing import make_hashing
from sterna_core.extractors.minilm.extractor import make_minilm
from sterna_core.extractors.registry import MakeExtractor
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import ThreadPool
from sterna_core.extractors.wordllama import make_wordllama

_ANYTHING = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Cc", "Co", "Zs", "Mn"]), max_size=20),
    st.none(),
    st.integers(),
    st.binary(max_size=5),
)


@pytest.mark.parametrize(
    ("make", "examples"), [(make_hashing, 60), (make_wordllama, 60), (make_minilm, 8)]
)
def test_every_value_gets_a_vector_or_a_reason(make: MakeExtractor, examples: int):
    pool = ThreadPool(1)
    extractor = make({}, ExtractorResources(pool))

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.lists(_ANYTHING, max_size=8))
    def each(values: list[object]) -> None:
        made = asyncio.run(embed(extractor, values))
        assert len(made) == len(values)
        for value, one in zip(values, made, strict=True):
            if isinstance(one, RejectedText):
                assert one.message
            else:
                assert isinstance(value, str)
                assert abs(float(np.linalg.norm(one)) - 1.0) < 1e-4

    each()
    pool.close()
