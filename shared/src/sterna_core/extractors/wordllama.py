"""`wordllama@v1`: the mean of the words' own vectors, taken from a large language model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from sterna_core.extractors.extractor import Description, Output
from sterna_core.extractors.parameters import WrongParameters, refuse_others, whole_number
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.safetensors_file import read_safetensors
from sterna_core.extractors.shipped_file import shipped_file
from sterna_core.extractors.thread_pool import LocalExtractor
from sterna_core.extractors.vector import Matrix, Vector, unit_rows

DIMENSION = 256
DIMENSIONS = (64, 128, 256)
"""The model was trained so that the first numbers alone are a vector too."""
MAX_CHARACTERS = 200_000
BLOCK_TOKENS = 8_192
"""Words that are added up at once, in 8 MiB; a text may have a hundred times as many."""
_SLICE_TEXTS = 256
_PACKAGE = "wordllama"
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_WEIGHTS_SHA256 = "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_TOKENIZER_SHA256 = "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"


def make_wordllama(parameters: Mapping[str, Any], resources: ExtractorResources) -> LocalExtractor:
    """Make the extractor; its parameter `dimension` keeps the first numbers of a vector only."""
    refuse_others(parameters, ("dimension",))
    dimension = whole_number(parameters, "dimension", DIMENSION, least=64, most=DIMENSION)
    if dimension not in DIMENSIONS:
        raise WrongParameters("`dimension` is 64, 128 or 256.")
    weights = shipped_file(_PACKAGE, _WEIGHTS, sha256=_WEIGHTS_SHA256)
    words = read_safetensors(weights)["embedding.weight"][:, :dimension].astype(np.float32)
    tokenizer = Tokenizer.from_file(
        str(shipped_file(_PACKAGE, _TOKENIZER, sha256=_TOKENIZER_SHA256))
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def embed(texts: Sequence[str]) -> Matrix:
        encoded = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        matrix = np.zeros((len(texts), dimension), dtype=np.float32)
        for row, each in enumerate(encoded):
            if each.ids:
                matrix[row] = mean_of_rows(words, each.ids)
        return unit_rows(matrix)

    description = Description(
        "wordllama",
        "v1",
        (Output("embedding", dimension),),
        MAX_CHARACTERS,
        {"dimension": dimension},
    )
    return LocalExtractor(description, embed, resources.pool, slice_texts=_SLICE_TEXTS)


def mean_of_rows(rows: Matrix, places: Sequence[int]) -> Vector:
    """Give the mean of some rows, added one after the other: to the bit that of all at once."""
    total = np.zeros(rows.shape[1], dtype=np.float32)
    for start in range(0, len(places), BLOCK_TOKENS):
        block = rows.take(places[start : start + BLOCK_TOKENS], axis=0)
        if start:
            block[0] += total
        total = block.sum(axis=0)
    return np.asarray(total / np.float32(len(places)), dtype=np.float32)
