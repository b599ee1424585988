from collections.abc import Sequence
from typing import NoReturn

from sterna_core.errors import Rejected
from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.store import ReadableShelf

_MESSAGE = "An adopted space is read only: copy it into one of its own."


class ReadOnlyShelf:
    """A shelf of an adopted space: what would write to it is refused."""

    def __init__(self, space: str, shelf: ReadableShelf) -> None:
        self._space = space
        self._shelf = shelf

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        return await self._shelf.scan(span, limit)

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        return await self._shelf.get(ids)

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        return await self._shelf.count(span)

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has."""
        return await self._shelf.rough_count(span)

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        return await self._shelf.content_sum(span)

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends."""
        return await self._shelf.boundaries(rows, span)

    async def upsert(
        self, documents: Sequence[Document], receipt: Receipt | None = None
    ) -> NoReturn:
        """Refuse to write."""
        raise self._refused(len(documents), receipt)

    async def delete(self, ids: Sequence[str]) -> NoReturn:
        """Refuse to write."""
        raise self._refused(len(ids))

    def _refused(self, documents: int, receipt: Receipt | None = None) -> Rejected:
        details = {"space": self._space, "documents": documents}
        return Rejected("adopted_space", _MESSAGE, details | _work(receipt))


class NoReceipts:
    """An adopted space is not written, so nothing has been done in it."""

    def __init__(self, space: str) -> None:
        self._space = space
        self._kept: dict[str, Receipt] = {}

    async def receipt(self, name: str) -> Receipt | None:
        """Say that there is none."""
        return self._kept.get(name)

    async def raise_epoch(self, epoch: int) -> int:
        """Refuse to keep anything."""
        raise Rejected(
            "adopted_space",
            "An adopted space is read only.",
            {"space": self._space, "epoch": epoch},
        )


def _work(receipt: Receipt | None) -> dict[str, str]:
    return {} if receipt is None else {"receipt": receipt.name}
