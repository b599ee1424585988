"""Builds indexes of the target: after the load, which they would slow down, and before searches."""

import time

from sterna_core.errors import NotFound
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BuildIndex


async def build_index(work: BuildIndex, target: Space | None) -> dict[str, float]:
    """Build one; gives how long it took, and whether the store has one of so many dimensions."""
    if target is None:
        raise NotFound("The space of the target is gone.")
    began = time.monotonic()
    is_there = await target.vectors.build_index(work.feature_uri)
    return {"index_seconds": round(time.monotonic() - began, 3), "indexed": float(is_there)}
