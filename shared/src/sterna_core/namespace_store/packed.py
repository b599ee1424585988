"""Documents as two spaces of one kind of store exchange them: nobody looks into them on the way."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span


class PackedDocuments(Struct, frozen=True):
    """Documents of one collection, in the store's order.

    `payloads` are JSON as it is kept. `vectors` has the id of a document, the number of a feature
    among the space's, and the vector in the store's own bytes.
    """

    ids: Sequence[str]
    payloads: Sequence[bytes]
    vectors: Sequence[tuple[str, int, bytes]]


class PackedDocumentsStore(Protocol):
    """Reads and writes documents of a space without looking into them. Raises as shelves do."""

    async def read(self, span: Span, limit: PageLimit) -> PackedDocuments | None:
        """Give all documents of a span of one collection; None where a page cannot hold them."""
        ...

    async def write(self, collection_id: str, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents that are not there; tell whether that was done now.

        Where the receipt is there already, nothing is written and the answer is False. Raises
        AlreadyThere, and then nothing is written, where one of the documents is there.
        """
        ...


class AlreadyThere(Exception):
    """A document is there that was to be written for the first time: write it as a shelf does."""
