"""A store in memory, for tests: what it does is what the others have to do."""

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from sterna_core.errors import Fenced, InvalidRequest, NotFound, Rejected, TargetConflict
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.checking import (
    check_documents,
    check_feature,
    check_features,
    check_name,
    check_query,
)
from sterna_core.namespace_store.condition import matches
from sterna_core.namespace_store.content_sum import ContentSum, content_sum
from sterna_core.namespace_store.document import Document, size_of
from sterna_core.namespace_store.feature import Feature, Metric
from sterna_core.namespace_store.memory_packed import MemoryPackedDocuments
from sterna_core.namespace_store.query import Hit, Query
from sterna_core.namespace_store.read_only import ReadOnlyShelf
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector


class MemoryReceipts:
    """The receipts of a space, for both of its shelves."""

    def __init__(self) -> None:
        self._written: dict[str, Receipt] = {}
        self._epoch = 0

    async def receipt(self, name: str) -> Receipt | None:
        """Give what was written under a name."""
        return self._written.get(name)

    async def raise_epoch(self, epoch: int) -> int:
        """Refuse work of lower epochs from now on; give the epoch in force, which never falls."""
        self._epoch = max(self._epoch, epoch)
        return self._epoch

    def write(self, receipt: Receipt) -> bool:
        """Keep a receipt unless there is one of its name; tell whether it is kept now."""
        if receipt.epoch < self._epoch:
            raise Fenced("This work belongs to an epoch that is over.")
        return self._written.setdefault(receipt.name, receipt) is receipt


class MemoryShelf:
    """Documents by id."""

    def __init__(self, features: Sequence[Feature], receipts: MemoryReceipts) -> None:
        self._features = {each.uri: each for each in features}
        self._receipts = receipts
        self.documents: dict[str, Document] = {}

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        within = self._within(span)
        taken: list[Document] = []
        size = 0
        for document in islice(within, limit.rows):
            size += size_of(document)
            if taken and size > limit.bytes:
                break
            taken.append(document)
        more = len(taken) < len(within)
        return Page(tuple(taken), taken[-1].document_id if more else None)

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        return tuple(self.documents[each] for each in ids if each in self.documents)

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        """Write documents, once for a receipt."""
        payloads = check_documents(documents, self._features)
        if receipt is not None and not self._receipts.write(receipt):
            return False
        for document, payload in zip(documents, payloads, strict=True):
            self.documents[document.document_id] = Document(
                document.document_id,
                document.collection_id,
                msgspec.json.decode(payload),
                dict(document.vectors),
            )
        return True

    async def delete(self, ids: Sequence[str]) -> int:
        """Remove documents with their vectors; give how many were there."""
        return sum(self.documents.pop(each, None) is not None for each in ids)

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        return len(self._within(span))

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has."""
        return await self.count(span)

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        return content_sum(self._within(span))

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends."""
        ids = [each.document_id for each in self._within(span)]
        ends = ids[rows - 1 :: rows]
        return tuple(ends if len(ids) % rows == 0 else [*ends, ids[-1]])

    def _within(self, span: Span) -> list[Document]:
        return [
            self.documents[each]
            for each in sorted(self.documents)
            if (span.after is None or each > span.after)
            and (span.upto is None or each <= span.upto)
            and span.collection_id in {None, self.documents[each].collection_id}
        ]


class MemoryVectors:
    """Search that looks at every vector."""

    def __init__(self, features: Sequence[Feature], shelf: MemoryShelf) -> None:
        self._features = {each.uri: each for each in features}
        self._shelf = shelf

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """Give the nearest documents, the nearest first."""
        feature = check_query(query, self._features)
        hits = [
            Hit(
                msgspec.structs.replace(each, vectors={}),
                score(feature.metric, query.vector, each.vectors[feature.uri]),
            )
            for each in self._shelf.documents.values()
            if feature.uri in each.vectors
            and (query.collection_ids is None or each.collection_id in query.collection_ids)
            and matches(each.payload, query.conditions)
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.document.document_id))
        return tuple(hits[: query.limit])

    async def build_index(self, feature_uri: str) -> bool:
        """Build the index of a feature, or leave it where it is; best when all is loaded."""
        check_feature(feature_uri, self._features)
        return False


class MemoryNamespaceStore:
    """Spaces and aliases of one process; `tables` has what can be adopted, in rows."""

    def __init__(self, tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self._tables = dict(tables or {})
        self._spaces: dict[str, Space] = {}
        self._aliases: dict[str, str] = {}

    async def create(self, name: str, features: Sequence[Feature]) -> Space:
        """Make a space, or give the one there is with these features."""
        check_name(name)
        check_features(features)
        space = self._spaces.get(name)
        if space is None:
            space = self._spaces[name] = _space(name, tuple(sorted(features)))
        elif space.features != tuple(sorted(features)):
            raise TargetConflict(
                "There is a space of this name with other features.", code="space_exists"
            )
        return space

    async def open(self, name: str) -> Space:
        """Give a space; raises NotFound (`space_not_found`)."""
        if name not in self._spaces:
            raise NotFound("There is no space of this name.", code="space_not_found")
        return self._spaces[name]

    async def drop(self, name: str) -> bool:
        """Remove a space with all that is in it; tell whether it was there."""
        if name in self._aliases.values():
            raise Rejected("alias_held", "An alias leads to this space: switch or release it.")
        return self._spaces.pop(name, None) is not None

    async def names(self) -> tuple[str, ...]:
        """Give the names of all spaces, sorted."""
        return tuple(sorted(self._spaces))

    async def switch(self, alias: str, name: str) -> str | None:
        """Lead an alias to a space; give where it led before."""
        check_name(alias)
        await self.open(name)
        before = self._aliases.get(alias)
        self._aliases[alias] = name
        return before

    async def holder(self, alias: str) -> str | None:
        """Give the space that an alias leads to."""
        return self._aliases.get(alias)

    async def release(self, alias: str) -> str | None:
        """Take an alias away; give where it led."""
        return self._aliases.pop(alias, None)

    async def adopt(self, name: str, adoption: Adoption) -> Space:
        """Show a table or a collection as a space that can be read and searched."""
        check_name(name)
        features = tuple(sorted(each.feature for each in adoption.features))
        check_features(features)
        if adoption.source not in self._tables:
            raise NotFound("There is nothing of this name to adopt.", code="nothing_to_adopt")
        if name in self._spaces:
            raise TargetConflict("There is a space of this name.", code="space_exists")
        receipts = MemoryReceipts()
        documents = MemoryShelf(features, receipts)
        for row in self._tables[adoption.source]:
            document = _adopted(row, adoption)
            documents.documents[document.document_id] = document
        self._spaces[name] = Space(
            name=name,
            features=features,
            documents=ReadOnlyShelf(name, documents),
            objects=ReadOnlyShelf(name, MemoryShelf((), receipts)),
            vectors=MemoryVectors(features, documents),
            receipts=receipts,
            adopted=True,
        )
        return self._spaces[name]


def score(metric: Metric, left: Vector, right: Vector) -> float:
    """Compare two vectors: the greater the nearer; nothing is near a vector of zeros."""
    a, b = left.values(), right.values()
    if metric == "euclid":
        return -math.dist(a, b)
    product = math.fsum(x * y for x, y in zip(a, b, strict=True))
    if metric == "dot":
        return product
    lengths = math.hypot(*a) * math.hypot(*b)
    return product / lengths if lengths else 0.0


def _space(name: str, features: tuple[Feature, ...]) -> Space:
    receipts = MemoryReceipts()
    documents = MemoryShelf(features, receipts)
    return Space(
        name=name,
        features=features,
        documents=documents,
        objects=MemoryShelf((), receipts),
        vectors=MemoryVectors(features, documents),
        receipts=receipts,
        packed=MemoryPackedDocuments(features, documents, receipts),
    )


def _adopted(row: Mapping[str, Any], adoption: Adoption) -> Document:
    columns = {adoption.id_column or "id", *(each.column for each in adoption.features)}
    rest = {key: value for key, value in row.items() if key not in columns}
    collection = adoption.collection_column
    try:
        return Document(
            document_id=str(row[adoption.id_column or "id"]),
            collection_id=row[collection] if collection else adoption.collection_id,
            payload=row[adoption.payload_column] if adoption.payload_column else rest,
            vectors={
                each.feature.uri: Vector.of(row[each.column])
                for each in adoption.features
                if row[each.column] is not None
            },
        )
    except KeyError:
        raise InvalidRequest("A column is not there.", code="bad_adoption") from None
