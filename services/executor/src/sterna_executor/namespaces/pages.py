from collections.abc import AsyncGenerator

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import ReadableShelf

_LIMIT = PageLimit(rows=1000)


async def pages(
    shelf: ReadableShelf, span: Span
) -> AsyncGenerator[tuple[Span, tuple[Document, ...]]]:
    """Give the documents of a span page by page, each with where it begins.

    A batch of a migration is one page, where its documents are not large.
    """
    after = span.after
    while True:
        rest = Span(span.collection_id, after, span.upto)
        page = await shelf.scan(rest, _LIMIT)
        if page.documents:
            yield rest, page.documents
        if page.last is None:
            return
        after = page.last
