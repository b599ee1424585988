from typing import Literal

from msgspec import Struct

Metric = Literal["cosine", "dot", "euclid"]

MOST_DIMENSIONS = 16_000
"""What every store can keep; how many an index can have is the store's affair."""


class Feature(Struct, frozen=True, order=True):
    """What vectors a space can hold: the feature URI's text, how many numbers, how to compare."""

    uri: str
    dimensions: int
    metric: Metric = "cosine"
