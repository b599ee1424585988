from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from qdrant_client import AsyncQdrantClient, models

from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.document import Document, size_of
from sterna_core.namespace_store.qdrant.points import Layout, order_of, point_of
from sterna_core.namespace_store.qdrant.session import translated
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.summing import sum_up

_STEP = 100
"""Points of one request while documents are read, so that large ones do not come in thousands."""
_IDS_STEP = 5_000


class QdrantReader:
    """Documents of a collection of points, in the order of the points' ids."""

    def __init__(self, client: AsyncQdrantClient, collection: str, layout: Layout) -> None:
        self._client = client
        self._collection = collection
        self._layout = layout

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        taken: list[Document] = []
        size = 0
        last = ""
        step = min(_STEP, limit.rows + 1)
        async with aclosing(self._records(span, step, whole=True)) as records:
            async for record in records:
                document = self._layout.document(record, whole=True)
                size += size_of(document)
                if taken and (len(taken) == limit.rows or size > limit.bytes):
                    return Page(tuple(taken), last)
                taken.append(document)
                last = str(record.id)
        return Page(tuple(taken))

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        if not ids:
            return ()
        found: dict[str, Document] = {}
        for start in range(0, len(ids), _STEP):
            wanted = self._layout.ids(ids[start : start + _STEP])
            async for record in self._pages(wanted, None, _STEP, whole=True):
                document = self._layout.document(record, whole=True)
                found[document.document_id] = document
        return tuple(found[each] for each in ids if each in found)

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        if span.after is None and span.upto is None:
            with translated():
                counted = await self._client.count(
                    self._collection, count_filter=self._of(span), exact=True
                )
            return counted.count
        return len([each async for each in self._records(span, _IDS_STEP, whole=False)])

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has; one with bounds is taken for the whole."""
        with translated():
            counted = await self._client.count(
                self._collection, count_filter=self._of(span), exact=False
            )
        return counted.count

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        return await sum_up(self, span)

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends."""
        ends = []
        number, last = 0, ""
        async for record in self._records(span, _IDS_STEP, whole=False):
            number, last = number + 1, str(record.id)
            if number % rows == 0:
                ends.append(last)
        return tuple(ends if number % rows == 0 else [*ends, last])

    def _of(self, span: Span) -> models.Filter | None:
        if span.collection_id is None:
            return None
        return self._layout.collections([span.collection_id])

    async def _records(
        self, span: Span, step: int, *, whole: bool
    ) -> AsyncGenerator[models.Record]:
        """Give the points of a span; a request begins with a point, so the first may be known."""
        after = None if span.after is None else order_of(point_of(span.after))
        upto = None if span.upto is None else order_of(point_of(span.upto))
        async for record in self._pages(self._of(span), span.after, step, whole=whole):
            place = order_of(record.id)
            if after is not None and place <= after:
                continue
            if upto is not None and place > upto:
                return
            yield record

    async def _pages(
        self, wanted: models.Filter | None, begin: str | None, step: int, *, whole: bool
    ) -> AsyncGenerator[models.Record]:
        offset = None if begin is None else point_of(begin)
        while True:
            with translated():
                records, following = await self._client.scroll(
                    self._collection,
                    scroll_filter=wanted,
                    limit=step,
                    offset=offset,
                    with_payload=whole,
                    with_vectors=whole,
                )
            for record in records:
                yield record
            if following is None:
                return
            offset = point_of(str(following))
