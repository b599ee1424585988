from collections.abc import Sequence

import msgspec
from qdrant_client import AsyncQdrantClient

from sterna_core.namespace_store.checking import check_documents
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.qdrant.points import OwnLayout, point_id
from sterna_core.namespace_store.qdrant.reader import QdrantReader
from sterna_core.namespace_store.qdrant.receipts import QdrantReceipts
from sterna_core.namespace_store.qdrant.session import translated
from sterna_core.namespace_store.receipt import Receipt

_BATCH = 200
"""Points of one request, which the server bounds in bytes."""


class QdrantShelf(QdrantReader):
    """The documents of a space, or its objects.

    Qdrant has no transactions: a call that is broken off may have written a part, and writing it
    again makes it whole.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        collection: str,
        features: Sequence[Feature],
        receipts: QdrantReceipts,
    ) -> None:
        self._own = OwnLayout(features)
        super().__init__(client, collection, self._own)
        self._features = {each.uri: each for each in features}
        self._receipts = receipts

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        """Write documents, once for a receipt."""
        payloads = check_documents(documents, self._features)
        if receipt is not None and not await self._receipts.wanted(receipt):
            return False
        points = [
            self._own.point(msgspec.structs.replace(each, payload=msgspec.json.decode(payload)))
            for each, payload in zip(documents, payloads, strict=True)
        ]
        for start in range(0, len(points), _BATCH):
            with translated():
                await self._client.upsert(
                    self._collection, points[start : start + _BATCH], wait=True
                )
        if receipt is not None:
            await self._receipts.keep(receipt)
        return True

    async def delete(self, ids: Sequence[str]) -> int:
        """Remove documents with their vectors; give how many were there."""
        there = {each.document_id for each in await self.get(ids)}
        if there:
            with translated():
                await self._client.delete(
                    self._collection, [point_id(each) for each in there], wait=True
                )
        return len(there)
