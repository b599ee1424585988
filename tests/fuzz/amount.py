"""How many requests are drawn, and from which seed."""

import math
import os
import secrets
from collections.abc import Iterable

from sterna_api.openapi.operation import Operation

_FEW = 3
_MORE = 1.1
"""What can be said in a few ways only ends before its share: the others make up for that."""
_SEED_BITS = 32
_REQUESTS = "STERNA_FUZZ_REQUESTS"
_SEED = "STERNA_FUZZ_SEED"


def wanted_requests() -> int:
    """Give how many there should be over all operations; 0 means a few for each."""
    return int(os.environ.get(_REQUESTS, "0"))


def requests_each(operations: Iterable[Operation]) -> int:
    """Give how many are drawn for an operation that is right, and that is wrong, by its schema."""
    varying = sum(2 for each in operations if _takes_anything(each))
    return max(_FEW, math.ceil(wanted_requests() * _MORE / varying))


def seed() -> int:
    """Give the seed: the one that is set, or 0 for a few requests, which are much the same each time.

    For many, one is drawn and set, so that every process of this run has the same.
    """
    if _SEED not in os.environ:
        os.environ[_SEED] = str(secrets.randbits(_SEED_BITS) if wanted_requests() else 0)
    return int(os.environ[_SEED])


def _takes_anything(operation: Operation) -> bool:
    return operation.body is not None or operation.query is not None or "{" in operation.path
