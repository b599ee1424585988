import struct
from collections.abc import Iterable

from msgspec import Struct

BYTES_OF_FLOAT = 4


class Vector(Struct, frozen=True, gc=False):
    """Numbers of 32 bits, kept as the bytes that stores exchange: big-endian, none twice converted.

    Which space they lie in is said by the feature URI that they stand under in a document.
    """

    packed: bytes

    @classmethod
    def of(cls, values: Iterable[float]) -> "Vector":
        """Round numbers to 32 bits; raises OverflowError where one is too large for that."""
        numbers = tuple(values)
        return cls(struct.pack(f">{len(numbers)}f", *numbers))

    @property
    def dimensions(self) -> int:
        """Tell how many numbers there are."""
        return len(self.packed) // BYTES_OF_FLOAT

    def values(self) -> tuple[float, ...]:
        """Give the numbers, each exactly as it is kept."""
        return struct.unpack(f">{self.dimensions}f", self.packed)
