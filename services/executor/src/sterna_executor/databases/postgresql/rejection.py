"""Where a value is that the target cannot hold: its column and its row's address, never the value.

A server that refuses a row of a COPY says which line of the stream it was. Rows are read in the
order in which they are stored, so the line is found again under the same snapshot. Where it was
the source that could not give a value, halves of the page range are read until one row is left.
"""

import asyncpg

from sterna_core.errors import DataRejected, SternaError
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.table import PageRange
from sterna_core.tasks.work import CopyChunk
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Database
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.page_range import conditions, table_pages
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_query import send_rows, source_table, vet

MOST_ROWS_ON_A_PAGE = 2048


async def located(source: Database, work: CopyChunk, error: DataRejected) -> DataRejected:
    """Add to the error's details the table, and the address of the row where it can be found."""
    error.details |= {
        "table_id": work.table.table_id,
        "first_page": work.pages.first,
        "end_page": work.pages.end,
    }
    line = error.details.pop("line", None)
    try:
        async with source.session(keep=False) as session:
            await read_under(session, work.snapshot_id, in_order=True)
            await vet(session, work.table)
            if isinstance(line, int):
                address = await _of_line(session, work, line)
            elif error.details.get("side") == "source":
                address = await _by_halves(session, work)
            else:
                address = None
    except SternaError:
        address = None  # what was refused matters more than why it was not found
    if address is not None:
        error.details["ctid"] = address
    return error


async def _of_line(session: Connection, work: CopyChunk, line: int) -> str | None:
    relation = source_table(work.table)
    for condition in await conditions(session, "source", relation, work.pages):
        with translated("source"):
            found: str | None = await session.fetchval(
                f"select ctid::pg_catalog.text from only {relation} where {condition}"
                " offset $1 limit 1",
                line - 1,
            )
        if found is not None:
            return found
    return None


async def _by_halves(session: Connection, work: CopyChunk) -> str | None:
    relation = source_table(work.table)
    end = await table_pages(session, "source", relation)
    pages = PageRange(work.pages.first, end if work.pages.end is None else min(end, work.pages.end))
    while pages.end is not None and pages.end - pages.first > 1:
        middle = (pages.first + pages.end) // 2
        lower = PageRange(pages.first, middle)
        fails = await _fails(session, work, await conditions(session, "source", relation, lower))
        pages = lower if fails else PageRange(middle, pages.end)
    with translated("source"):
        rows = await session.fetch(
            f"select ctid::pg_catalog.text as address from only {relation}"
            f" where {' or '.join(await conditions(session, 'source', relation, pages))} limit $1",
            MOST_ROWS_ON_A_PAGE,
        )
    for row in rows:
        if await _fails(session, work, (f"ctid = {literal(row['address'])}::pg_catalog.tid",)):
            return str(row["address"])
    return None


async def _fails(session: Connection, work: CopyChunk, found: tuple[str, ...]) -> bool:
    with translated("source"):
        await session.execute("savepoint probe")
        try:
            for condition in found:
                query = send_rows(session, work.table, condition)
                await session.copy_from_query(query, output=_nowhere, format=work.table.copy_format)
        except asyncpg.DataError:
            await session.execute("rollback to savepoint probe")
            return True
        await session.execute("release savepoint probe")
        return False


async def _nowhere(_: bytes) -> None:
    """Take what is read and do nothing with it."""
