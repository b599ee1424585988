"""Counts what would go along, for as long as that may take."""

import asyncio
from collections.abc import Sequence

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate.figures import Count
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import ReadableShelf, Space


def shelf_of(space: Space, resource: Resource) -> ReadableShelf:
    """Give where the documents of a resource are."""
    return space.objects if resource.kind == "bucket" else space.documents


async def count_all(
    space: Space, resources: Sequence[Resource], *, seconds: float
) -> dict[str, Count]:
    """Count each bucket and collection.

    Once time is up, what is left is not counted: the store says what it takes it for.
    """
    ends_at = asyncio.get_running_loop().time() + seconds
    counts = {}
    for each in resources:
        shelf, span = shelf_of(space, each), Span(each.resource_id)
        try:
            async with asyncio.timeout_at(ends_at):
                counts[each.resource_id] = Count(count=await shelf.count(span))
        except TimeoutError:
            counts[each.resource_id] = Count(count=await shelf.rough_count(span), exact=False)
    return counts
