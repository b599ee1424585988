from typing import Final, Literal

from msgspec import Struct

Metric = Literal["cosine", "dot", "euclid"]

MOST_DIMENSIONS = 16_000
"""What every store can keep; how many an index can have is the store's affair."""

HALVED: Final = range(2_001, 4_001)
"""Dimensions of which an index has numbers of 16 bits: those of 32 bits would be too large for it."""
MOST_OF_HALF: Final = 65_504.0
"""The greatest number of 16 bits; a vector with a greater one could be in no such index."""


class Feature(Struct, frozen=True, order=True):
    """What vectors a space can hold: the feature URI's text, how many numbers, how to compare."""

    uri: str
    dimensions: int
    metric: Metric = "cosine"
