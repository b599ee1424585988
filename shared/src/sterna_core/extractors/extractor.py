"""What makes vectors from texts: the port that every extractor fulfils."""

import math
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec
from msgspec import Struct

from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.feature_uri import FeatureUri

if TYPE_CHECKING:  # what only names extractors does without the extra `namespaces`
    from sterna_core.extractors.vector import Vector

Metric = Literal["cosine", "dot", "euclid"]
CHARACTERS_PER_TOKEN = 4.0
"""What a token of English text is about; only for estimates."""


class Output(Struct, frozen=True):
    """One of the vectors that an extractor makes of a text, and how two of them are compared."""

    name: str
    dimension: int
    metric: Metric = "cosine"


class Description(Struct, frozen=True):
    """Which extractor this is: the same description gives the same vectors for the same texts."""

    name: str
    version: str
    outputs: tuple[Output, ...]
    max_characters: int
    """A longer text is rejected; what the model reads of a text may be less."""
    parameters: dict[str, Any] = {}
    """Every parameter with its value, those that were not given too."""

    @property
    def reference(self) -> str:
        """Name the extractor as `name@version`."""
        return f"{self.name}@{self.version}"

    def output(self, name: str | None = None) -> Output:
        """Give an output by its name, or the first; raises KeyError."""
        for output in self.outputs:
            if name is None or output.name == name:
                return output
        raise KeyError(name)

    def uri(self, output: str | None = None) -> FeatureUri:
        """Give the address of an output, or of the first."""
        return FeatureUri(self.name, self.version, self.output(output).name)

    def space(self, output: str | None = None) -> bytes:
        """Identify the space of an output's vectors: only vectors of one space are compared."""
        named = [self.name, self.version, self.parameters, self.output(output).name]
        return sha256(msgspec.json.encode(named, order="deterministic")).digest()


class Estimate(Struct, frozen=True):
    """What texts will need; `cost_usd` is None where nobody knows the price."""

    texts: int
    tokens: int
    cost_usd: float | None = 0.0


def estimated_tokens(texts: Sequence[str]) -> int:
    """Give about how many tokens texts have, at least one each; longer in bytes, more tokens."""
    return sum(
        max(1, math.ceil(len(text.encode(errors="surrogatepass")) / CHARACTERS_PER_TOKEN))
        for text in texts
    )


class Extractor(Protocol):
    """Makes vectors from texts that were screened (see `embedding.embed`)."""

    @property
    def description(self) -> Description:
        """Say which extractor this is."""
        ...

    def estimate(self, texts: Sequence[str]) -> Estimate:
        """Say what texts will need, without embedding them."""
        ...

    async def embed(self, texts: Sequence[str]) -> "list[Vector | RejectedText]":
        """Embed texts, one vector of the first output for each, in their order.

        The vector of a text depends on nothing but the text. A text that a service refuses comes
        back as rejected; raises Transient and Terminal where all of them failed.
        """
        ...
