from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from operator import attrgetter

from sterna_core.namespace_store.checking import check_documents
from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.packed_rows import (
    NO_ROWS,
    pack_documents,
    pack_vectors,
    vector_rows,
)
from sterna_core.namespace_store.postgres.receipts import keep_receipt
from sterna_core.namespace_store.postgres.rows import documents_of, planned_rows
from sterna_core.namespace_store.postgres.sessions import LONG_SECONDS, Connection, Sessions
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.summing import sum_up
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT
from sterna_core.postgres.identifiers import literal, qualified, quote

DOCUMENT_COLUMNS = ["document_id", "collection_id", "payload"]
VECTOR_COLUMNS = ["document_id", "feature", "v"]


class PostgresShelf:
    """The documents of a space, or its objects: a table, and for documents their vectors."""

    def __init__(
        self,
        sessions: Sessions,
        schema: str,
        table: str,
        *,
        features: Sequence[Feature],
        vector_schema: str,
    ) -> None:
        self._sessions = sessions
        self._schema = schema
        self._table = table
        self._features = {each.uri: each for each in features}
        self._uris = tuple(self._features)
        self._numbers = {uri: number for number, uri in enumerate(self._uris)}
        self._vector_bytes = BYTES_OF_FLOAT * sum(each.dimensions for each in features)
        names = {
            "table": qualified(schema, table),
            "space": quote(schema),
            "vector": quote(vector_schema),
        }
        sql = statements("shelf.sql")
        columns = (_body(sql["vector"]).format(feature=n, **names) for n in range(len(features)))
        names["vectors"] = "\n".join(columns)
        self._names = names

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        in_span, values = where(span, first=4)
        query = self._sql("page", span=in_span)
        async with self._sessions.plain() as connection:
            rows = await connection.fetch(
                query, limit.rows, self._vector_bytes, limit.bytes, *values
            )
        documents = documents_of(rows, self._uris)
        documents.sort(key=attrgetter("document_id"))
        more = len(documents) < len(rows)
        return Page(tuple(documents), documents[-1].document_id if more else None)

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        async with self._sessions.plain() as connection:
            rows = await connection.fetch(self._sql("some"), _askable(ids))
        found = {each.document_id: each for each in documents_of(rows, self._uris)}
        return tuple(found[each] for each in ids if each in found)

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        """Write documents, once for a receipt."""
        payloads = check_documents(documents, self._features)
        rows = pack_documents(
            (each.document_id, each.collection_id, payload)
            for each, payload in zip(documents, payloads, strict=True)
        )
        vectors = pack_vectors(vector_rows(documents, self._numbers))
        ids = [each.document_id for each in documents]
        async with self._sessions.transaction() as connection:
            if receipt is not None and not await keep_receipt(connection, self._schema, receipt):
                return False
            if not documents:
                return True
            if await connection.fetchval(self._sql("any_there"), ids):
                await self._remove(connection, ids)
            await copy_rows(connection, self._schema, self._table, DOCUMENT_COLUMNS, rows)
            if vectors != NO_ROWS:
                await copy_rows(connection, self._schema, "vectors", VECTOR_COLUMNS, vectors)
        return True

    async def delete(self, ids: Sequence[str]) -> int:
        """Remove documents with their vectors; give how many were there."""
        async with self._sessions.transaction() as connection:
            return await self._remove(connection, _askable(ids))

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        in_span, values = where(span, first=1)
        async with self._sessions.plain(LONG_SECONDS) as connection:
            return int(await connection.fetchval(self._sql("count", span=in_span), *values))

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has, as the planner of queries takes it."""
        in_span, values = where(span, first=1)
        async with self._sessions.plain() as connection:
            plan = await connection.fetchval(self._sql("rough_count", span=in_span), *values)
        return planned_rows(plan)

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        return await sum_up(self, span)

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends."""
        in_span, values = where(span, first=2)
        async with self._sessions.plain(LONG_SECONDS) as connection:
            ends = await connection.fetch(self._sql("boundaries", span=in_span), rows, *values)
        return tuple(each["document_id"] for each in ends)

    async def _remove(self, connection: Connection, ids: Sequence[str]) -> int:
        if self._features:
            await connection.execute(self._sql("delete_vectors"), ids)
        status: str = await connection.execute(self._sql("delete"), ids)
        return int(status.rpartition(" ")[2])

    def _sql(self, name: str, **parts: str) -> str:
        return statements("shelf.sql")[name].format_map({**self._names, **parts})


async def copy_rows(
    connection: Connection, schema: str, table: str, columns: list[str], rows: bytes
) -> None:
    """Write rows in the bytes of a binary COPY."""
    await connection.copy_to_table(
        table, schema_name=schema, columns=columns, source=_Whole(rows), format="binary"
    )


class _Whole:
    """Gives the driver all rows at once, which it would cut into copies of pieces."""

    def __init__(self, rows: bytes) -> None:
        self._rows = rows

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield self._rows


def _body(statement: str) -> str:
    """Take the description off what becomes a part of another statement."""
    return statement.partition("\n")[2]


def _askable(ids: Sequence[str]) -> list[str]:
    """Leave out what cannot be an id, and what a server would not take as a text."""
    return [each for each in ids if "\0" not in each]


def where(span: Span, first: int) -> tuple[str, list[str]]:
    """Give the condition of a span, with parameters from the given number on."""
    given = _bounds(span)
    return _where(f"{begin} ${n}" for n, begin in enumerate(given, first)), list(given.values())


def where_literally(span: Span) -> str:
    """Give the condition of a span for a statement that takes no parameters."""
    return _where(f"{begin} {literal(value)}" for begin, value in _bounds(span).items())


def _bounds(span: Span) -> dict[str, str]:
    bounds: Mapping[str, str | None] = {
        "collection_id =": span.collection_id,
        "document_id >": span.after,
        "document_id <=": span.upto,
    }
    return {begin: value for begin, value in bounds.items() if value is not None}


def _where(conditions: Iterable[str]) -> str:
    whole = " and ".join(conditions)
    return f"where {whole}" if whole else ""
