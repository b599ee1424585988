"""Extractors of namespaces, installed or not."""

from typing import Any

from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput


def extractor(
    reference: str, *outputs: str, dimensions: int = 4, **parameters: Any
) -> FeatureExtractor:
    """Give the extractor `name@version`, with one output `embedding` where none is named."""
    name, _, version = reference.partition("@")
    return FeatureExtractor(
        feature_extractor_name=name,
        version=version,
        parameters=parameters,
        outputs=tuple(
            FeatureOutput(name=each, dimensions=dimensions) for each in outputs or ("embedding",)
        ),
    )
