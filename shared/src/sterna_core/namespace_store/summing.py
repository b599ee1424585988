from typing import Final

from sterna_core.namespace_store.content_sum import ContentSum, content_sum
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import DocumentReader

_PAGE: Final = PageLimit(rows=1000)


async def sum_up(reader: DocumentReader, span: Span) -> ContentSum:
    """Read a span page by page and add up its sums."""
    total = ContentSum()
    while True:
        page = await reader.scan(span, _PAGE)
        total += content_sum(page.documents)
        if page.last is None:
            return total
        span = Span(span.collection_id, page.last, span.upto)
