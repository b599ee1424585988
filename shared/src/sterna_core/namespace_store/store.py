"""The port: what a namespace needs of the place where its documents live.

A store holds spaces, each with its documents, its buckets' objects and its receipts; an alias says
which space a namespace is read from. Everything raises Transient where trying again may help and
Terminal where it does not; nothing of a driver comes through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed import PackedDocumentsStore
from sterna_core.namespace_store.query import Hit, Query
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span


class DocumentReader(Protocol):
    """Reads whole documents, with their vectors."""

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        ...

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        ...


class DocumentWriter(Protocol):
    """Writes whole documents; each call is done as a whole, and doing it again changes nothing."""

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        """Write documents, each in place of the one with its id; tell whether it was done now.

        Where a receipt of that name is there already, nothing is written and the answer is False.
        Raises DataRejected with `document_id` in the details where a document cannot be kept,
        with the code `unknown_feature` or `wrong_dimensions` where a vector is of another space
        and `number_too_large` where an index could not have it (`HALVED`, `MOST_OF_HALF`),
        and Fenced where the receipt's epoch is over. Then nothing of the call is written.
        """
        ...

    async def delete(self, ids: Sequence[str]) -> int:
        """Remove documents with their vectors; give how many were there."""
        ...


class DocumentCensus(Protocol):
    """Tells what is there without handing it out."""

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        ...

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has, at once, as the store's statistics have it."""
        ...

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        ...

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends.

        The first piece begins at the span's begin, the next behind the end of the one before.
        """
        ...


class ReadableShelf(DocumentReader, DocumentCensus, Protocol):
    """Documents that are read and counted."""


class Shelf(ReadableShelf, DocumentWriter, Protocol):
    """Documents that are read, counted and written."""


class VectorSearch(Protocol):
    """Finds documents by their vectors."""

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """Give the nearest documents, the nearest first."""
        ...

    async def build_index(self, feature_uri: str) -> bool:
        """Build the index of a feature, or leave it where it is; best when all is loaded.

        Tells whether there is one now: a store may have none for so many dimensions.
        """
        ...


class Receipts(Protocol):
    """What was done in this space, and whose work is refused."""

    async def receipt(self, name: str) -> Receipt | None:
        """Give what was written under a name."""
        ...

    async def raise_epoch(self, epoch: int) -> int:
        """Refuse work of lower epochs from now on; give the epoch in force, which never falls."""
        ...


@dataclass(frozen=True, slots=True)
class Space:
    """One space of a store, opened: documents with vectors of its features, and bucket objects.

    A space that was adopted can be read and searched only: writing raises Rejected
    (`adopted_space`).
    """

    name: str
    features: tuple[Feature, ...]
    documents: Shelf
    objects: Shelf
    vectors: VectorSearch
    receipts: Receipts
    adopted: bool = False
    packed: PackedDocumentsStore | None = None
    """Where documents go quicker to another space of the same kind, with the same features."""


class Spaces(Protocol):
    """The life of spaces. A name is up to 48 letters, digits, underscores and hyphens."""

    async def create(self, name: str, features: Sequence[Feature]) -> Space:
        """Make a space, or give the one there is with these features.

        Raises TargetConflict (`space_exists`) where there is one with others.
        """
        ...

    async def open(self, name: str) -> Space:
        """Give a space; raises NotFound (`space_not_found`)."""
        ...

    async def drop(self, name: str) -> bool:
        """Remove a space with all that is in it; tell whether it was there.

        Of an adopted one only the adoption goes. Raises Rejected (`alias_held`) where an alias
        leads to it.
        """
        ...

    async def names(self) -> tuple[str, ...]:
        """Give the names of all spaces, sorted."""
        ...


class Aliases(Protocol):
    """Names that lead to spaces; each switch is one step for every reader."""

    async def switch(self, alias: str, name: str) -> str | None:
        """Lead an alias to a space; give where it led before. Raises NotFound (`space_not_found`)."""
        ...

    async def holder(self, alias: str) -> str | None:
        """Give the space that an alias leads to."""
        ...

    async def release(self, alias: str) -> str | None:
        """Take an alias away; give where it led."""
        ...


class Adoptions(Protocol):
    """Spaces made of what is there already."""

    async def adopt(self, name: str, adoption: Adoption) -> Space:
        """Show a table or a collection as a space that can be read and searched.

        Raises NotFound (`nothing_to_adopt`) where it is not there, and InvalidRequest
        (`bad_adoption`) where a column is not there or is of no use.
        """
        ...


class NamespaceStore(Spaces, Aliases, Adoptions, Protocol):
    """A store as a whole."""
