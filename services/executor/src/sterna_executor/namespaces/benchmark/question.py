"""What both sides are asked, and what they should find."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct


class Question(Struct, frozen=True):
    """The inputs of a retriever, and documents of the source with the grade each has."""

    query_id: str
    inputs: dict[str, Any]
    grades: dict[str, int]


class Questions(Struct, frozen=True):
    """What can be asked; `left_out` counts what cannot."""

    each: tuple[Question, ...]
    left_out: int = 0

    def only(self, fits: Callable[[Question], bool]) -> "Questions":
        """Leave out what does not fit."""
        kept = tuple(filter(fits, self.each))
        return Questions(kept, self.left_out + len(self.each) - len(kept))
