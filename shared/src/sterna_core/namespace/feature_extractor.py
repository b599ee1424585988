from typing import Any, Literal

from msgspec import Struct

from sterna_core.namespace.feature_uri import FeatureUri

Metric = Literal["cosine", "dot", "euclid"]


class FeatureOutput(Struct, frozen=True, kw_only=True):
    """One of the vectors that an extractor makes, and how two of them are compared."""

    name: str
    dimensions: int
    metric: Metric = "cosine"


class FeatureExtractor(Struct, frozen=True, kw_only=True):
    """What makes a namespace's vectors; the version and the outputs are always known."""

    feature_extractor_name: str
    version: str
    parameters: dict[str, Any] = {}
    outputs: tuple[FeatureOutput, ...] = ()

    def uri(self, output: FeatureOutput) -> FeatureUri:
        """Give the address of an output."""
        return FeatureUri(self.feature_extractor_name, self.version, output.name)


def feature_uris(extractors: tuple[FeatureExtractor, ...]) -> dict[str, FeatureOutput]:
    """Give every output of extractors by its address."""
    return {str(each.uri(output)): output for each in extractors for output in each.outputs}
