from typing import Final

from msgspec import Struct

from sterna_core.namespace_store.document import Document

PAGE_ROWS: Final = 500
PAGE_BYTES: Final = 8 * 1024 * 1024


class Span(Struct, frozen=True):
    """A stretch of a shelf in the store's own order: behind `after`, up to and with `upto`.

    Positions are the store's: they come from a page or from `boundaries` of the same store, are
    compared by it alone, and stay right whatever is written or deleted in between. Without a
    collection all are meant.
    """

    collection_id: str | None = None
    after: str | None = None
    upto: str | None = None


EVERYTHING: Final = Span()


class PageLimit(Struct, frozen=True):
    """How much a page holds at most; one document is there in any case, however large it is.

    Bytes are those of payloads as JSON and of vectors.
    """

    rows: int = PAGE_ROWS
    bytes: int = PAGE_BYTES


FULL_PAGE: Final = PageLimit()


class Page(Struct, frozen=True):
    """Documents in the store's order; the next page is behind `last`.

    `last` is None where the span has no document behind this page.
    """

    documents: tuple[Document, ...]
    last: str | None = None
