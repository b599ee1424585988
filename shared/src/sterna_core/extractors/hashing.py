"""`hashing@v1`: words, hashed. No model; the one to be better than."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from sterna_core.extractors.extractor import Description, Output
from sterna_core.extractors.parameters import refuse_others, whole_number
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import LocalExtractor
from sterna_core.extractors.vector import Matrix

DIMENSION = 256
DIMENSION_MIN = 16
DIMENSION_MAX = 4096
MAX_CHARACTERS = 1_000_000
_SLICE_TEXTS = 512
_WORD = r"(?u)\b\w+\b"
"""Of one letter too: in many languages that is a word."""


def make_hashing(parameters: Mapping[str, Any], resources: ExtractorResources) -> LocalExtractor:
    """Make the extractor; its parameter `dimension` says how many numbers a vector has."""
    refuse_others(parameters, ("dimension",))
    dimension = whole_number(
        parameters, "dimension", DIMENSION, least=DIMENSION_MIN, most=DIMENSION_MAX
    )
    vectorizer = HashingVectorizer(
        n_features=dimension,
        norm="l2",
        alternate_sign=True,
        token_pattern=_WORD,
        dtype=np.float32,
    )

    def embed(texts: Sequence[str]) -> Matrix:
        return np.asarray(vectorizer.transform(texts).toarray(), dtype=np.float32)

    description = Description(
        "hashing", "v1", (Output("embedding", dimension),), MAX_CHARACTERS, {"dimension": dimension}
    )
    return LocalExtractor(description, embed, resources.pool, slice_texts=_SLICE_TEXTS)
