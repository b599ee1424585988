"""What refused rows hold, as JSON in plain ASCII: any database can keep it."""

import re

import asyncpg

from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translate, translated
from sterna_executor.databases.postgresql.table_query import source_table

ROW_BYTES_MAX = 16 * 1024 * 1024
"""A larger row is named and not kept: it is still on the source."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


async def contents_of(
    source: Connection, table: TableSpec, addresses: list[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Read key and contents of rows; without them where the source cannot give them."""
    relation = source_table(table)
    key = ", ".join(f"t.{quote(name)}" for name in table.key)
    wanted = f"(select pg_catalog.row_to_json(k)::pg_catalog.text from (select {key}) as k)"
    query = (
        f"select ctid::pg_catalog.text as address, {wanted if key else 'null'} as key,"
        " case when pg_catalog.octet_length(pg_catalog.row_to_json(t)::pg_catalog.text)"
        f" <= {ROW_BYTES_MAX} then pg_catalog.row_to_json(t)::pg_catalog.text end as body"
        f" from only {relation} as t where ctid = any ($1::pg_catalog.text[]::pg_catalog.tid[])"
    )
    with translated("source"):
        await source.execute("savepoint contents")
    try:
        rows = await source.fetch(query, addresses)
    except asyncpg.DataError:
        with translated("source"):
            await source.execute("rollback to savepoint contents")
        if len(addresses) == 1:
            return {}
        found: dict[str, tuple[str | None, str | None]] = {}
        for address in addresses:
            found |= await contents_of(source, table, [address])
        return found
    except DRIVER_ERRORS as error:
        raise translate(error, "source") from None
    return {row["address"]: (_ascii(row["key"]), _ascii(row["body"])) for row in rows}


def _ascii(text: str | None) -> str | None:
    """Escape what is not ASCII in a JSON text, where it stands in strings only."""
    if text is None:
        return None

    def escaped(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))

    return _BEYOND_ASCII.sub(escaped, text)
