"""What both sides are asked, and what they should find."""

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
