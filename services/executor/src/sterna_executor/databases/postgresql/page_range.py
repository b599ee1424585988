"""Which rows lie in a range of heap pages, as SQL over `ctid`."""

from sterna_core.tasks.table import PageRange
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.statements import statements

WHOLE = PageRange(0, None)

_RANGE_SCAN_SINCE = 14
_PAGES_PER_LIST = 2048
_PAGE_HEADER_BYTES = 24
_BYTES_PER_ROW_AT_LEAST = 28


async def conditions(
    connection: Connection, role: Role, relation: str, pages: PageRange
) -> tuple[str, ...]:
    """Give the conditions for a range of `relation`, a quoted name, on the connection's server."""
    major = server_major(connection)
    if major >= _RANGE_SCAN_SINCE or pages == WHOLE:
        return predicates(pages, major=major)
    with translated(role):
        size = await connection.fetchrow(statements("page_range.sql")["size"], relation)
    return predicates(pages, major=major, table_pages=size["pages"], page_bytes=size["page_bytes"])


async def table_pages(connection: Connection, role: Role, relation: str) -> int:
    """Count the pages that `relation`, a quoted name, has now."""
    with translated(role):
        size = await connection.fetchrow(statements("page_range.sql")["size"], relation)
    return int(size["pages"])


def predicates(
    pages: PageRange, *, major: int, table_pages: int = 0, page_bytes: int = 8192
) -> tuple[str, ...]:
    """Give conditions that together hold for every row of the range, each row in one of them.

    From PostgreSQL 14 on that is one condition, which reads these pages and no others. Older
    servers look up lists of row addresses instead, up to `table_pages`, the pages that the table
    has now under the snapshot that is read.
    """
    if pages == WHOLE:
        return ("true",)
    if major >= _RANGE_SCAN_SINCE:
        upper = "" if pages.end is None else f" and ctid < '({pages.end},0)'::pg_catalog.tid"
        return (f"ctid >= '({pages.first},0)'::pg_catalog.tid{upper}",)
    end = table_pages if pages.end is None else min(pages.end, table_pages)
    starts = range(pages.first, end, _PAGES_PER_LIST)
    rows = (page_bytes - _PAGE_HEADER_BYTES) // _BYTES_PER_ROW_AT_LEAST
    return tuple(_listed(first, min(first + _PAGES_PER_LIST, end), rows) for first in starts)


def _listed(first: int, end: int, rows_per_page: int) -> str:
    return (
        "ctid = any (array(select ('(' || page || ',' || line || ')')::pg_catalog.tid"
        f" from pg_catalog.generate_series({first}, {end - 1}) as page,"
        f" pg_catalog.generate_series(1, {rows_per_page}) as line))"
    )
