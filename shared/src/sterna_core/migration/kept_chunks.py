"""Some of the chunks of a table, such as those that are in the target."""

from collections.abc import Iterable

from msgspec import Struct


class KeptChunks(Struct, frozen=True, array_like=True):
    """The chunks below `below`, but for those in `but`."""

    below: int = 0
    but: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many they are."""
        return self.below - len(self.but)

    def holds(self, chunk: int) -> bool:
        """Tell whether a chunk is one of them."""
        return chunk < self.below and chunk not in self.but

    def both(self, other: "KeptChunks") -> "KeptChunks":
        """Give those that are in `other` as well."""
        return kept(min(self.below, other.below), {*self.but, *other.but})

    def is_within(self, other: "KeptChunks") -> bool:
        """Tell whether all of them are in `other`."""
        return self.both(other) == self


NO_CHUNKS = KeptChunks()


def kept(below: int, missing: Iterable[int]) -> KeptChunks:
    """Give the chunks below a number that are not missing; equal ones look the same."""
    without = {chunk for chunk in missing if chunk < below}
    while below and below - 1 in without:
        below -= 1
        without.discard(below)
    return KeptChunks(below, tuple(sorted(without)))
