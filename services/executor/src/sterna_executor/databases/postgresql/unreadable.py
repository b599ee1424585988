"""Which rows the source itself cannot give, found in one session under savepoints."""

from sterna_core.errors import DataRejected
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.sift import RefusedRow, Span, Tally, sift
from sterna_executor.databases.postgresql.table_query import send_rows, source_table


async def find_unreadable(
    source: Connection, table: TableSpec, condition: str, tally: Tally
) -> list[RefusedRow[str]]:
    """Read rows and give, by address, those that the source refuses; nothing is copied.

    Raises DataRejected beyond the bounds of the tally.
    """
    whole: Span[str] = Span()
    refused, _ = await sift(_Readable(source, table, condition), whole, tally)
    return refused


def without(condition: str, refused: list[RefusedRow[str]]) -> str:
    """Give the condition that holds for the other rows."""
    if not refused:
        return condition
    addresses = literal("{" + ",".join(f'"{row.place}"' for row in refused) + "}")
    # As a subselect it is looked up in a hash: an array would be gone through for every row.
    left_out = f"select pg_catalog.unnest({addresses}::pg_catalog.tid[])"
    return f"({condition}) and ctid not in ({left_out})"


class _Readable:
    """Rows that match a condition, by address; attempts are reads that go nowhere."""

    def __init__(self, source: Connection, table: TableSpec, condition: str) -> None:
        self._source = source
        self._table = table
        self._condition = condition

    async def attempt(self, span: Span[str]) -> int:
        """Read a span."""
        query = send_rows(self._source, self._table, self._where(span))
        with translated("source"):
            await self._source.execute("savepoint unreadable")
            try:
                status = await self._source.copy_from_query(
                    query, output=_nowhere, format=self._table.copy_format
                )
            finally:
                # A statement that failed leaves the rest of the transaction as it was.
                if not self._source.is_closed():
                    await self._source.execute(
                        "rollback to savepoint unreadable; release savepoint unreadable"
                    )
        return int(status.rpartition(" ")[2])

    @staticmethod
    async def named(_span: Span[str], _error: DataRejected) -> str | None:
        """Give no place: a source does not say which row it was."""
        return None

    async def middle(self, span: Span[str]) -> str | None:
        """Give the address of the row in the middle."""
        rows = f"from only {source_table(self._table)} where {self._where(span)}"
        with translated("source"):
            count = await self._source.fetchval(f"select pg_catalog.count(*) {rows}")
            found: str | None = await self._source.fetchval(
                f"select ctid::pg_catalog.text {rows} offset $1 limit 1", count // 2
            )
        return found

    def _where(self, span: Span[str]) -> str:
        parts = [f"({self._condition})"]
        if span.only is not None:
            parts.append(f"ctid = {literal(span.only)}::pg_catalog.tid")
        if span.after is not None:
            parts.append(f"ctid > {literal(span.after)}::pg_catalog.tid")
        if span.before is not None:
            parts.append(f"ctid < {literal(span.before)}::pg_catalog.tid")
        return " and ".join(parts)


async def _nowhere(_: bytes) -> None:
    """Take what is read and do nothing with it."""
