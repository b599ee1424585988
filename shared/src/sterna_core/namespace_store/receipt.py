from typing import Any

from msgspec import Struct


class Receipt(Struct, frozen=True):
    """That a piece of work was done, under a name that the work always has.

    It is written with the documents: in one transaction where the store has transactions, behind
    them where it has none (then a repeat writes the same documents again). Work of an epoch below
    the space's is refused.
    """

    name: str
    epoch: int = 0
    body: dict[str, Any] = {}
