"""Queries made of documents: a part of a text is asked for, and its document should be found."""

import heapq
import math
from collections.abc import AsyncGenerator, Mapping
from hashlib import blake2b

from sterna_core.namespace.input_text import TEXT, input_text
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PAGE_ROWS, PageLimit, Span
from sterna_core.namespace_store.store import ReadableShelf
from sterna_core.retriever.reach import Reach
from sterna_executor.namespaces.benchmark.question import Question
from sterna_executor.namespaces.pages import pages

WORDS_MAX = 12
"""Words of a query; never more than half of a text that has at least four."""
CHARACTERS_MAX = 200
_WHOLE_BELOW = 4
READ_MAX = 10_000
"""Documents that are looked at for one retriever; of more, pages from all over a collection."""


async def known_items(
    shelf: ReadableShelf,
    reach: Reach,
    text_fields: Mapping[str, tuple[str, ...]],
    *,
    most: int,
    seed: int,
) -> tuple[Question, ...]:
    """Draw documents by the hash of their ids, whatever order a store gives them in."""
    drawn: list[tuple[int, str, str]] = []
    for collection_id in reach.collection_ids:
        path = text_fields.get(collection_id, (TEXT,))
        rows = max(PAGE_ROWS, READ_MAX // len(reach.collection_ids))
        async for document in _spread(shelf, collection_id, rows):
            text = input_text(document.payload, path)
            if not isinstance(text, str) or not text.strip() or not reach.holds(document):
                continue
            name = document.document_id
            lot = -_lot(seed, "item", name)
            if len(drawn) < most:
                heapq.heappush(drawn, (lot, name, part_of(text, name, seed)))
            elif lot > drawn[0][0]:
                heapq.heapreplace(drawn, (lot, name, part_of(text, name, seed)))
    return tuple(
        Question(name, reach.asking(text), {name: 1}) for _, name, text in sorted(drawn)[::-1]
    )


async def _spread(shelf: ReadableShelf, collection_id: str, rows: int) -> AsyncGenerator[Document]:
    """Give every document of a collection, or about so many from all over it."""
    whole = Span(collection_id)
    size = await shelf.count(whole)
    if size <= rows:
        async for _, page in pages(shelf, whole):
            for document in page:
                yield document
        return
    ends = await shelf.boundaries(math.ceil(size * PAGE_ROWS / rows), whole)
    for begin in (None, *ends[:-1]):
        some = await shelf.scan(Span(collection_id, begin), PageLimit(PAGE_ROWS))
        for document in some.documents:
            yield document


def part_of(text: str, name: str, seed: int) -> str:
    """Give some words that stand together in a text: always the same of the same document."""
    words = text.split()
    length = len(words)
    if length >= _WHOLE_BELOW:
        length = min(WORDS_MAX, length // 2)
    start = _lot(seed, "words", name) % (len(words) - length + 1)
    return " ".join(words[start : start + length])[:CHARACTERS_MAX]


def _lot(seed: int, purpose: str, name: str) -> int:
    key = f"{seed}\0{purpose}\0{name}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8).digest())
