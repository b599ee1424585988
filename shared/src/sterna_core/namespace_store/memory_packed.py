from collections.abc import Sequence

import msgspec

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Receipts, Shelf
from sterna_core.namespace_store.vector import Vector

_HEAD = bytes(4)
"""A vector's numbers stand behind four bytes, as those of a server do."""


class MemoryPackedDocuments:
    """Documents of a space in memory."""

    def __init__(self, features: Sequence[Feature], shelf: Shelf, receipts: Receipts) -> None:
        self._uris = [each.uri for each in features]
        self._shelf = shelf
        self._receipts = receipts

    async def read(self, span: Span, limit: PageLimit) -> PackedDocuments | None:
        """Give all documents of a span."""
        page = await self._shelf.scan(span, limit)
        if page.last is not None:
            return None
        return PackedDocuments(
            [each.document_id for each in page.documents],
            [msgspec.json.encode(each.payload) for each in page.documents],
            [
                (each.document_id, self._uris.index(uri), _HEAD + vector.packed)
                for each in page.documents
                for uri, vector in each.vectors.items()
            ],
        )

    async def write(self, collection_id: str, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents that are not there."""
        if await self._receipts.receipt(receipt.name) is None and await self._shelf.get(
            documents.ids
        ):
            raise AlreadyThere
        vectors: dict[str, dict[str, Vector]] = {}
        for name, feature, packed in documents.vectors:
            vectors.setdefault(name, {})[self._uris[feature]] = Vector(packed[len(_HEAD) :])
        whole = [
            Document(name, collection_id, msgspec.json.decode(payload), vectors.get(name, {}))
            for name, payload in zip(documents.ids, documents.payloads, strict=True)
        ]
        return await self._shelf.upsert(whole, receipt)
