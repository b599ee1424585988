from collections.abc import Sequence

import asyncpg

from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.postgres.receipts import keep_receipt
from sterna_core.namespace_store.postgres.rows import documents_copy, vectors_copy
from sterna_core.namespace_store.postgres.sessions import Connection, Sessions
from sterna_core.namespace_store.postgres.shelf import (
    DOCUMENT_COLUMNS,
    VECTOR_COLUMNS,
    copy_rows,
    where,
)
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT
from sterna_core.postgres.identifiers import qualified, quote


class PostgresPackedDocuments:
    """The documents of a space with their vectors, in ranges of ids and without a look into them."""

    def __init__(
        self, sessions: Sessions, schema: str, *, features: Sequence[Feature], vector_schema: str
    ) -> None:
        self._sessions = sessions
        self._schema = schema
        self._vector_bytes = BYTES_OF_FLOAT * sum(each.dimensions for each in features)
        self._names = {
            "table": qualified(schema, "documents"),
            "space": quote(schema),
            "vector": quote(vector_schema),
        }

    async def read(self, span: Span, limit: PageLimit) -> PackedDocuments | None:
        """Give all documents of a span, documents and vectors as of one moment."""
        assert span.collection_id is not None, "its parameter is the first"
        in_span, values = where(span, first=1)
        in_bounds, _ = where(Span(None, span.after, span.upto), first=2)
        names = {**self._names, "span": in_span, "bounds": in_bounds}
        async with (
            self._sessions.plain() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            size = await connection.fetchrow(self._sql("packed_size", names), *values)
            if size["rows"] > limit.rows:
                return None
            if size["bytes"] + size["rows"] * self._vector_bytes > limit.bytes:
                return None
            documents = await connection.fetch(self._sql("packed_documents", names), *values)
            vectors = await connection.fetch(self._sql("packed_vectors", names), *values)
        return PackedDocuments(
            [name for name, _ in documents],
            [payload.encode() for _, payload in documents],
            [(name, feature, packed) for name, feature, packed in vectors],
        )

    async def write(self, collection_id: str, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents and their vectors by COPY, with the receipt in one transaction."""
        rows = documents_copy(
            (name, collection_id, payload)
            for name, payload in zip(documents.ids, documents.payloads, strict=True)
        )
        vectors = vectors_copy(documents.vectors)
        async with self._sessions.transaction() as connection:
            if not await keep_receipt(connection, self._schema, receipt):
                return False
            await self._copy(connection, "documents", DOCUMENT_COLUMNS, rows)
            if vectors is not None:
                await self._copy(connection, "vectors", VECTOR_COLUMNS, vectors)
        return True

    async def _copy(
        self, connection: Connection, table: str, columns: list[str], rows: bytes
    ) -> None:
        try:
            await copy_rows(connection, self._schema, table, columns, rows)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere from None

    @staticmethod
    def _sql(name: str, names: dict[str, str]) -> str:
        return statements("shelf.sql")[name].format_map(names)
