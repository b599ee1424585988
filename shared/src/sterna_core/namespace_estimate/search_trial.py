"""Searches in the source for what a sample has, to know how long one search takes."""

import asyncio
from typing import Final

from sterna_core.errors import DataRejected
from sterna_core.namespace_estimate.sample import Sample, Stopwatch
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.store import Space

SEARCHES_MAX: Final = 12
LIMIT: Final = 10
"""Documents that a question is answered with, as a rule."""


async def try_searches(
    space: Space, sample: Sample, *, seconds: float, stopwatch: Stopwatch
) -> tuple[float, ...]:
    """Give the seconds of each search but the first, which finds everything cold."""
    queries = [
        Query(feature_uri=uri, vector=vector, limit=LIMIT)
        for documents in sample.documents.values()
        for each in documents
        for uri, vector in each.vectors.items()
    ]
    paces = list[float]()
    try:
        async with asyncio.timeout(seconds):
            for query in queries[:: max(1, len(queries) // SEARCHES_MAX)][: SEARCHES_MAX + 1]:
                begun = stopwatch()
                await space.vectors.search(query)
                paces.append(stopwatch() - begun)
    except (TimeoutError, DataRejected):
        pass  # what was found until now is what is known; an index may not have such a vector
    return tuple(paces[1:] or paces)
