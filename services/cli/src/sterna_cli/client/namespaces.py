from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from sterna_cli.client.session import Session, decoder

UPLOAD_LINES = 1_000
"""Lines that are sent in one request."""


class Namespace(Struct, frozen=True, kw_only=True):
    """A set of documents with vectors, and what is made of them."""

    id: str
    name: str
    feature_uris: tuple[str, ...] = ()


class Uploaded(Struct, frozen=True, kw_only=True):
    """What became of the lines of an upload."""

    accepted: int
    rejected: int


class Alias(Struct, frozen=True, kw_only=True):
    """Where an alias leads, and where it led before."""

    name: str
    namespace_id: str
    previous_namespace_id: str | None = None


class Found(Struct, frozen=True, kw_only=True):
    """A document that a retriever has found."""

    document_id: str
    score: float
    payload: dict[str, Any] = {}


class Answer(Struct, frozen=True, kw_only=True):
    """What a retriever has found, the nearest first, and in which namespace."""

    namespace_id: str
    results: tuple[Found, ...]


_PARQUET = "application/vnd.apache.parquet"
_NAMESPACE = decoder(Namespace)
_UPLOADED = decoder(Uploaded)
_ALIAS = decoder(Alias)
_ANSWER = decoder(Answer)
_ANYTHING = decoder(dict[str, Any])


class Namespaces:
    """`/v1/namespaces`; a namespace is named by its id, its name or an alias."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, body: dict[str, Any]) -> Namespace:
        """Make a namespace."""
        made: Namespace = await self._session.post("/v1/namespaces", body, _NAMESPACE)
        return made

    async def get(self, namespace: str) -> Namespace:
        """Give one namespace."""
        found: Namespace = await self._session.get(_one(namespace), _NAMESPACE)
        return found

    async def delete(self, namespace: str) -> None:
        """Forget a namespace, and remove its documents."""
        await self._session.delete(_one(namespace))

    async def put(
        self, namespace: str, kind: str, resource_id: str, definition: dict[str, Any]
    ) -> dict[str, Any]:
        """Put a resource; `kind` is that of the path, `collections` and the like."""
        path = f"{_one(namespace)}/{kind}/{quote(resource_id, safe='')}"
        body = {"definition": definition}
        made: dict[str, Any] = await self._session.put(path, body, _ANYTHING)
        return made

    async def upload(self, namespace: str, documents: Iterable[dict[str, Any]]) -> Uploaded:
        """Write documents, each in place of the one with its id; gives the counts of all."""
        return await self._send(f"{_one(namespace)}/documents", documents)

    async def upload_objects(
        self, namespace: str, bucket_id: str, objects: Iterable[dict[str, Any]]
    ) -> Uploaded:
        """Write objects of a bucket; gives the counts of all."""
        path = f"{_one(namespace)}/buckets/{quote(bucket_id, safe='')}/objects"
        return await self._send(path, objects)

    async def put_artifact(
        self, namespace: str, cluster_id: str, name: str, content: bytes
    ) -> None:
        """Keep a parquet file of a cluster, in place of the one with its name."""
        path = f"{_one(namespace)}/clusters/{quote(cluster_id, safe='')}/artifacts/{name}"
        await self._session.put_file(path, content, _PARQUET, _ANYTHING)

    async def ask(
        self, namespace: str, retriever_id: str, inputs: dict[str, Any], *, limit: int
    ) -> Answer:
        """Ask a retriever."""
        path = f"{_one(namespace)}/retrievers/{quote(retriever_id, safe='')}/execute"
        body = {"inputs": inputs, "limit": limit}
        found: Answer = await self._session.post(path, body, _ANSWER)
        return found

    async def alias(self, alias: str) -> Alias:
        """Tell where an alias leads."""
        found: Alias = await self._session.get(_alias(alias), _ALIAS)
        return found

    async def point(self, alias: str, namespace_id: str) -> Alias:
        """Lead an alias to a namespace, in one step for every reader."""
        led: Alias = await self._session.put(_alias(alias), {"namespace_id": namespace_id}, _ALIAS)
        return led

    async def release(self, alias: str) -> None:
        """Lead an alias nowhere."""
        await self._session.delete(_alias(alias))

    async def _send(self, path: str, items: Iterable[dict[str, Any]]) -> Uploaded:
        accepted = rejected = 0
        lines: list[bytes] = []
        for item in items:
            lines.append(msgspec.json.encode(item))
            if len(lines) == UPLOAD_LINES:
                part = await self._session.upload(path, lines, _UPLOADED)
                accepted, rejected = accepted + part.accepted, rejected + part.rejected
                lines = []
        if lines:
            part = await self._session.upload(path, lines, _UPLOADED)
            accepted, rejected = accepted + part.accepted, rejected + part.rejected
        return Uploaded(accepted=accepted, rejected=rejected)


def _one(namespace: str) -> str:
    return f"/v1/namespaces/{quote(namespace, safe='')}"


def _alias(alias: str) -> str:
    return f"/v1/namespaces/aliases/{quote(alias, safe='')}"
