"""Reads some documents of every collection, from all over it, and how long that takes."""

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import ReadableShelf

SAMPLE_DOCUMENTS: Final = 500
LEAST_DOCUMENTS: Final = 25
"""Of a collection, however small a part of the whole it is."""
PLACES: Final = 20
"""Stretches of a collection that are read, each from its middle on."""
TIMED_PAGES: Final = 3
"""Pages of a collection that are read as a migration reads them, to know how long that takes."""
COLLECTIONS_MAX: Final = 20
"""The largest are looked into, the others taken to be like these."""
PAGE_BYTES: Final = 2 * 1024 * 1024

Stopwatch = Callable[[], float]


class Sample(Struct, frozen=True, kw_only=True):
    """Documents of collections, and how long the reading of one took, page by page."""

    documents: dict[str, tuple[Document, ...]]
    seconds_each: tuple[float, ...]
    spread: bool


async def read_sample(
    shelf: ReadableShelf,
    sizes: Mapping[str, int],
    *,
    page_rows: int,
    seconds: float,
    stopwatch: Stopwatch,
) -> Sample:
    """Read from the largest collections, more of the larger ones, until time is up."""
    ends_at = asyncio.get_running_loop().time() + seconds
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:COLLECTIONS_MAX]
    everything = sum(sizes[name] for name in largest)
    documents: dict[str, tuple[Document, ...]] = {}
    paces: list[float] = []
    spread = True
    for name in largest:
        if not sizes[name]:
            continue
        wanted = max(LEAST_DOCUMENTS, math.ceil(SAMPLE_DOCUMENTS * sizes[name] / everything))
        found: list[Document] = []
        try:
            async with asyncio.timeout_at(ends_at):
                begins, rows = await places(shelf, name, sizes[name], wanted)
                for after in begins:
                    page = await shelf.scan(Span(name, after), PageLimit(rows, PAGE_BYTES))
                    found += page.documents
                for after in begins[:: math.ceil(len(begins) / TIMED_PAGES)]:
                    begun = stopwatch()
                    page = await shelf.scan(Span(name, after), PageLimit(page_rows, PAGE_BYTES))
                    if page.documents:
                        paces.append((stopwatch() - begun) / len(page.documents))
        except TimeoutError:
            spread = False
        documents[name] = tuple(found)
    return Sample(documents=documents, seconds_each=tuple(paces), spread=spread)


async def places(
    shelf: ReadableShelf, name: str, size: int, wanted: int
) -> tuple[tuple[str | None, ...], int]:
    """Give positions to read from, evenly over a collection, and how much from each."""
    if size <= wanted:
        return (None,), wanted
    middles = await shelf.boundaries(math.ceil(size / (2 * PLACES)), Span(name))
    return middles[:-1:2], math.ceil(wanted / PLACES)
