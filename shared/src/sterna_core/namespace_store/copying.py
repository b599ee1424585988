import asyncio
from collections.abc import Callable, Sequence

from sterna_core.group_error import foremost
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.store import DocumentReader, DocumentWriter

Change = Callable[[Sequence[Document]], Sequence[Document]]

_PAGES_AHEAD = 1
"""Pages that are read while one is written: so many, and the one at hand, are in memory."""


async def copy_documents(
    source: DocumentReader,
    target: DocumentWriter,
    span: Span = EVERYTHING,
    limit: PageLimit = FULL_PAGE,
    *,
    change: Change | None = None,
) -> int:
    """Write the documents of a span into another shelf, page by page; give how many there were.

    `change` makes of a page what is written of it. Breaking off and doing it again does no harm.
    """
    pages: asyncio.Queue[Page] = asyncio.Queue(_PAGES_AHEAD)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_read(source, span, limit, pages))
            writing = group.create_task(_write(target, pages, change))
    except BaseExceptionGroup as error:
        raise foremost(error) from None
    return writing.result()


async def _read(
    source: DocumentReader, span: Span, limit: PageLimit, pages: asyncio.Queue[Page]
) -> None:
    while True:
        page = await source.scan(span, limit)
        await pages.put(page)
        if page.last is None:
            return
        span = Span(span.collection_id, page.last, span.upto)


async def _write(target: DocumentWriter, pages: asyncio.Queue[Page], change: Change | None) -> int:
    written = 0
    while True:
        page = await pages.get()
        if page.documents:
            documents = page.documents if change is None else change(page.documents)
            await target.upsert(documents)
            written += len(documents)
        if page.last is None:
            return written
