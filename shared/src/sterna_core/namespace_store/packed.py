"""Documents as two spaces of one kind of store exchange them: nobody looks into them on the way."""

from typing import Protocol

from msgspec import Struct

from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span


class PackedDocuments(Struct, frozen=True):
    """So many documents of one collection, as `packed_rows` packs them.

    `documents` has their ids, the collection they go to and their payloads, JSON as it is kept;
    `vectors` their vectors, each with the number of its feature among the space's. `size` is the
    bytes of payloads and of vectors' numbers.
    """

    count: int
    size: int
    documents: bytes
    vectors: bytes


class PackedDocumentsStore(Protocol):
    """Reads and writes documents of a space without looking into them. Raises as shelves do."""

    async def read(
        self, span: Span, limit: PageLimit, collection_id: str
    ) -> PackedDocuments | None:
        """Give all documents of a span of one collection, as of one moment and for another.

        None where a page cannot hold them.
        """
        ...

    async def write(self, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents that are not there; tell whether that was done now.

        Where the receipt is there already, nothing is written and the answer is False. Raises
        AlreadyThere, and then nothing is written, where one of the documents is there.
        """
        ...


class AlreadyThere(Exception):
    """A document is there that was to be written for the first time: write it as a shelf does."""
