from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """Some of many things."""

    items: Sequence[T]
    total: int
    limit: int
    offset: int
