from collections.abc import Sequence

import msgspec

from sterna_core.namespace_store.document import Document, size_of
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.packed_rows import (
    VECTOR_HEAD,
    pack_documents,
    pack_vectors,
    unpack_documents,
    unpack_vectors,
    vector_rows,
)
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Receipts, Shelf
from sterna_core.namespace_store.vector import Vector


class MemoryPackedDocuments:
    """Documents of a space in memory."""

    def __init__(self, features: Sequence[Feature], shelf: Shelf, receipts: Receipts) -> None:
        self._uris = [each.uri for each in features]
        self._numbers = {uri: number for number, uri in enumerate(self._uris)}
        self._shelf = shelf
        self._receipts = receipts

    async def read(
        self, span: Span, limit: PageLimit, collection_id: str
    ) -> PackedDocuments | None:
        """Give all documents of a span."""
        page = await self._shelf.scan(span, limit)
        if page.last is not None:
            return None
        return PackedDocuments(
            len(page.documents),
            sum(map(size_of, page.documents)),
            pack_documents(
                (each.document_id, collection_id, msgspec.json.encode(each.payload))
                for each in page.documents
            ),
            pack_vectors(vector_rows(page.documents, self._numbers)),
        )

    async def write(self, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents that are not there."""
        rows = list(unpack_documents(documents.documents))
        if await self._receipts.receipt(receipt.name) is None and await self._shelf.get(
            [name for name, _, _ in rows]
        ):
            raise AlreadyThere
        vectors: dict[str, dict[str, Vector]] = {}
        for name, feature, packed in unpack_vectors(documents.vectors):
            vectors.setdefault(name, {})[self._uris[feature]] = Vector(packed[VECTOR_HEAD:])
        whole = [
            Document(name, collection, msgspec.json.decode(payload), vectors.get(name, {}))
            for name, collection, payload in rows
        ]
        return await self._shelf.upsert(whole, receipt)
