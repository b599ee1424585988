from typing import Any
from uuid import uuid5

from qdrant_client import AsyncQdrantClient, models

from sterna_core.ids import NAMESPACE
from sterna_core.namespace_store.qdrant.session import translated


class Side:
    """What is kept beside the documents of a space: small things by name, in a collection."""

    def __init__(self, client: AsyncQdrantClient, collection: str) -> None:
        self._client = client
        self._collection = collection

    async def read(self, kind: str, name: str = "") -> dict[str, Any] | None:
        """Give what is kept under a name; None also where the collection is not there."""
        with translated():
            if not await self._client.collection_exists(self._collection):
                return None
            records = await self._client.retrieve(self._collection, [_point(kind, name)])
        return records[0].payload if records else None

    async def write(self, kind: str, name: str = "", /, **what: Any) -> None:
        """Keep something in place of what was there."""
        point = models.PointStruct(id=_point(kind, name), payload=what, vector={})
        with translated():
            await self._client.upsert(self._collection, [point], wait=True)


def _point(kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE, f"{kind}\0{name}"))
