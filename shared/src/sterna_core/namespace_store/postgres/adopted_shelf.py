from collections.abc import Sequence

from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.adopted_table import AdoptedTable
from sterna_core.namespace_store.postgres.rows import documents_of, planned_rows
from sterna_core.namespace_store.postgres.sessions import LONG_SECONDS, Sessions
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.summing import sum_up
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT
from sterna_core.postgres.identifiers import quote


class AdoptedShelf:
    """The rows of somebody's table, read as documents in the order of the id's own type."""

    def __init__(
        self,
        sessions: Sessions,
        table: AdoptedTable,
        *,
        features: Sequence[Feature],
        vector_schema: str,
    ) -> None:
        self._sessions = sessions
        self._table = table
        self._uris = tuple(each.uri for each in features)
        self._vector_bytes = BYTES_OF_FLOAT * sum(each.dimensions for each in features)
        vector = quote(vector_schema)
        columns = [table.columns[each][0] for each in self._uris]
        self._parts = {
            "table": table.table,
            "id": table.id,
            "id_type": table.id_type,
            "collection": table.collection,
            "payload": table.payload,
            "vectors": "".join(
                f", {vector}.vector_send({column}::{vector}.vector) as v{number}"
                for number, column in enumerate(columns)
            ),
            "vector_names": "".join(f", v{number}" for number in range(len(columns))),
        }

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        """Give the first documents of a span in the store's order."""
        where, values = self._where(span, first=4)
        async with self._sessions.plain() as connection:
            rows = await connection.fetch(
                self._sql("page", span=where), limit.rows, self._vector_bytes, limit.bytes, *values
            )
        documents = tuple(documents_of(rows, self._uris))
        more = len(documents) < len(rows)
        return Page(documents, documents[-1].document_id if more else None)

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        """Give documents in the order of their ids as asked for; those not there are left out."""
        async with self._sessions.plain() as connection:
            rows = await connection.fetch(self._sql("some"), self._table.askable(ids))
        found = {each.document_id: each for each in documents_of(rows, self._uris)}
        return tuple(found[each] for each in ids if each in found)

    async def count(self, span: Span = EVERYTHING) -> int:
        """Count the documents of a span."""
        where, values = self._where(span, first=1)
        async with self._sessions.plain(LONG_SECONDS) as connection:
            return int(await connection.fetchval(self._sql("count", span=where), *values))

    async def rough_count(self, span: Span = EVERYTHING) -> int:
        """Say about how many documents a span has, as the planner of queries takes it."""
        where, values = self._where(span, first=1)
        async with self._sessions.plain() as connection:
            plan = await connection.fetchval(self._sql("rough_count", span=where), *values)
        return planned_rows(plan)

    async def content_sum(self, span: Span = EVERYTHING) -> ContentSum:
        """Sum up the documents of a span; every store gives the same sum for the same contents."""
        return await sum_up(self, span)

    async def boundaries(self, rows: int, span: Span = EVERYTHING) -> tuple[str, ...]:
        """Cut a span into pieces of `rows` documents, the last of fewer: where each of them ends."""
        where, values = self._where(span, first=2)
        async with self._sessions.plain(LONG_SECONDS) as connection:
            ends = await connection.fetch(self._sql("boundaries", span=where), rows, *values)
        return tuple(each["document_id"] for each in ends)

    def _where(self, span: Span, first: int) -> tuple[str, list[str]]:
        bounds = (
            (f"{self._table.collection} =", span.collection_id, "text"),
            (f"{self._table.id} >", span.after, self._table.id_type),
            (f"{self._table.id} <=", span.upto, self._table.id_type),
        )
        given = [(begin, value, kind) for begin, value, kind in bounds if value is not None]
        conditions = [
            f"{begin} ${number}::text::{kind}"
            for number, (begin, _, kind) in enumerate(given, first)
        ]
        where = f"where {' and '.join(conditions)}" if conditions else ""
        return where, [value for _, value, _ in given]

    def _sql(self, name: str, **parts: str) -> str:
        return statements("adopted.sql")[name].format_map({**self._parts, **parts})
