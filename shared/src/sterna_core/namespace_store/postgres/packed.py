from collections.abc import Sequence

import asyncpg

from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.packed_rows import NO_ROWS, VECTOR_HEAD, unpack_vectors
from sterna_core.namespace_store.postgres.receipts import keep_receipt
from sterna_core.namespace_store.postgres.sessions import Connection, Sessions
from sterna_core.namespace_store.postgres.shelf import (
    DOCUMENT_COLUMNS,
    VECTOR_COLUMNS,
    copy_rows,
    where,
    where_literally,
)
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT
from sterna_core.postgres.identifiers import literal, qualified, quote


class PostgresPackedDocuments:
    """The documents of a space with their vectors, in the bytes of COPY from server to server."""

    def __init__(self, sessions: Sessions, schema: str, *, features: Sequence[Feature]) -> None:
        self._sessions = sessions
        self._schema = schema
        self._features = len(features)
        self._vector_bytes = BYTES_OF_FLOAT * sum(each.dimensions for each in features)
        self._names = {"table": qualified(schema, "documents"), "space": quote(schema)}

    async def read(
        self, span: Span, limit: PageLimit, collection_id: str
    ) -> PackedDocuments | None:
        """Read by COPY, which takes no parameters and is not to be broken off: so measure first."""
        in_span, values = where(span, first=1)
        names = {
            **self._names,
            "span": where_literally(span),
            "bounds": where_literally(Span(None, span.after, span.upto)),
            "collection": literal(collection_id),
        }
        async with (
            self._sessions.plain() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            size = await connection.fetchrow(
                self._sql("packed_size", {**names, "span": in_span}), *values
            )
            count, payloads = int(size["rows"]), int(size["bytes"])
            if count > limit.rows or payloads + count * self._vector_bytes > limit.bytes:
                return None
            if not count:
                return PackedDocuments(0, 0, NO_ROWS, NO_ROWS)
            _, documents = await _rows(connection, self._sql("packed_documents", names))
            found, vectors = 0, NO_ROWS
            if self._features:
                found, vectors = await _rows(connection, self._sql("packed_vectors", names))
        return PackedDocuments(
            count, payloads + self._bytes_of(count, found, vectors), documents, vectors
        )

    def _bytes_of(self, documents: int, found: int, vectors: bytes) -> int:
        if found == documents * self._features:
            return documents * self._vector_bytes
        return sum(len(packed) - VECTOR_HEAD for _, _, packed in unpack_vectors(vectors))

    async def write(self, documents: PackedDocuments, receipt: Receipt) -> bool:
        """Write documents and their vectors by COPY, with the receipt in one transaction."""
        async with self._sessions.transaction() as connection:
            if not await keep_receipt(connection, self._schema, receipt):
                return False
            await self._copy(connection, "documents", DOCUMENT_COLUMNS, documents.documents)
            if documents.vectors != NO_ROWS:
                await self._copy(connection, "vectors", VECTOR_COLUMNS, documents.vectors)
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


async def _rows(connection: Connection, query: str) -> tuple[int, bytes]:
    """Give how many rows a query has, and the rows."""
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:  # ruff: ignore[unused-async]  # the driver awaits it
        pieces.append(piece)

    status = await connection.copy_from_query(query, output=take, format="binary")
    return int(status.rpartition(" ")[2]), b"".join(pieces)
