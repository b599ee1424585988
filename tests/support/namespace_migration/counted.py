"""An extractor that counts the texts it is asked for: `counted@v1`."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from sterna_core.errors import Unreachable
from sterna_core.extractors.extractor import Description, Estimate, Output, estimated_tokens
from sterna_core.extractors.registry import ExtractorName
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.vector import Vector

NAME = ExtractorName("counted", "v1")
COUNTED = f"sterna://{NAME}/embedding"
REFUSED = "a text that the service refuses"


class Counted:
    """Makes vectors of four numbers from the hash of a text; with `fails` it is away so often."""

    def __init__(self) -> None:
        self.description = Description(NAME.name, NAME.version, (Output("embedding", 4),), 1000)
        self.texts: list[str] = []
        self.fails = 0

    def make(self, parameters: Mapping[str, Any], resources: ExtractorResources) -> "Counted":
        """Give this one, as an entry point would."""
        del parameters, resources
        return self

    def estimate(self, texts: Sequence[str]) -> Estimate:
        """Say that it costs nothing."""
        return Estimate(len(texts), estimated_tokens(texts))

    async def embed(self, texts: Sequence[str]) -> list[Vector | RejectedText]:
        """Embed texts; raises Unreachable."""
        if self.fails:
            self.fails -= 1
            raise Unreachable("The service is away.")
        self.texts += texts
        return [RejectedText("refused") if each == REFUSED else vector_of(each) for each in texts]


def vector_of(text: str) -> Vector:
    """Give the vector of a text."""
    return np.frombuffer(sha256(text.encode()).digest()[:4], np.uint8).astype(np.float32) / 7 + 1
