from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct

from sterna_core.errors import Terminal
from sterna_core.extractors.vector import Matrix, unit_rows


class WrongAnswer(Terminal):
    """The service answered with something other than the vectors that were asked for."""

    code = "embedding_answer_invalid"


class _Item(Struct):
    index: Annotated[int, Meta(ge=0)]
    embedding: list[float]


class _Answer(Struct):
    data: list[_Item]


_DECODER = msgspec.json.Decoder(_Answer)


def read_vectors(body: bytes, *, texts: int, dimension: int) -> Matrix:
    """Read the vectors of `texts` texts in their order, at the length 1; raises WrongAnswer."""
    try:
        items = _DECODER.decode(body).data
    except msgspec.DecodeError:
        raise WrongAnswer(
            "The embedding service's answer is not one of `/v1/embeddings`."
        ) from None
    if sorted(item.index for item in items) != list(range(texts)):
        raise WrongAnswer(f"The embedding service did not answer each of {texts} texts once.")
    lengths = {len(item.embedding) for item in items}
    if lengths - {dimension}:
        raise WrongAnswer(
            f"The embedding service's vectors have {max(lengths)} numbers where `dimension` is"
            f" {dimension}; give the right `dimension`."
        )
    matrix = np.empty((texts, dimension), dtype=np.float32)
    with np.errstate(over="ignore"):
        for item in items:
            matrix[item.index] = item.embedding
    if not np.isfinite(matrix).all():
        raise WrongAnswer("The embedding service's vectors hold numbers too large for float32.")
    return unit_rows(matrix)
