"""Rows that the target refused, kept on the target beside what was copied, in one transaction.

They are told apart by where they lie on the source under a snapshot. What they hold stays here:
reports name classes, columns and addresses.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from sterna_core.ids import derived_id
from sterna_core.migration.set_aside import SetAside, class_of_data
from sterna_core.postgres.identifiers import literal, quote
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import (
    DRIVER_ERRORS,
    translate,
    translated,
)
from sterna_executor.databases.postgresql.sift import RefusedRow
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_query import source_table

ERROR = "err_"
ROW_BYTES_MAX = 16 * 1024 * 1024
"""A larger row is named and not kept: it is still on the source."""

ROWS_AT_ONCE = 50

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the rows of one table are set aside under one snapshot."""

    migration_id: str
    table: TableSpec
    generation: int


async def keep(
    source: Connection,
    target: Connection,
    shelf: Shelf,
    refused: Sequence[RefusedRow[str]],
    *,
    chunk: int | None,
    known: dict[tuple[str, str], str] | None = None,
    error_id: str | None = None,
) -> None:
    """Set rows aside, in the target's transaction, reading them once more under the snapshot.

    The source's transaction may be aborted by it. `known` gives the errors of rows that were set
    aside before, by identity and class.
    """
    where = "repair" if chunk is None else str(chunk)
    for start in range(0, len(refused), ROWS_AT_ONCE):
        some = refused[start : start + ROWS_AT_ONCE]
        found = await _contents(source, shelf.table, [row.place for row in some])
        for row in some:
            key, body = found.get(row.place, (None, None))
            told = row.error.details
            sqlstate = str(told.get("sqlstate") or "XX000")
            kind = class_of_data(sqlstate)
            column = _text(told.get("column"))
            identity = _identity(key or body)
            fresh = derived_id(
                ERROR, shelf.migration_id, shelf.table.table_id, where, kind, column or ""
            )
            found_id = error_id or (known or {}).get((identity or "", kind), fresh)
            with translated("target"):
                await target.execute(
                    _sql("keep"),
                    shelf.migration_id,
                    shelf.table.table_id,
                    shelf.generation,
                    row.place,
                    chunk,
                    found_id,
                    kind,
                    sqlstate,
                    column,
                    _text(told.get("constraint")),
                    identity,
                    key,
                    body,
                )


async def of_chunk(target: Connection, shelf: Shelf, chunk: int) -> tuple[SetAside, ...]:
    """Tell what is set aside of a chunk, by error."""
    with translated("target"):
        rows = await target.fetch(
            _sql("of_chunk"), shelf.migration_id, shelf.table.table_id, chunk, shelf.generation
        )
    return _told(rows)


async def of_table(target: Connection, shelf: Shelf) -> tuple[SetAside, ...]:
    """Tell what is set aside of a table, by error."""
    with translated("target"):
        rows = await target.fetch(
            _sql("of_table"), shelf.migration_id, shelf.table.table_id, shelf.generation
        )
    return _told(rows)


async def left_out(target: Connection, shelf: Shelf) -> tuple[str, int]:
    """Give the condition that holds for the source's rows that are not set aside; count those."""
    with translated("target"):
        row = await target.fetchrow(
            _sql("addresses"), shelf.migration_id, shelf.table.table_id, shelf.generation
        )
    if not row["rows"]:
        return "true", 0
    addresses = literal(row["addresses"])
    # As a subselect it is looked up in a hash: an array would be gone through for every row.
    return f"ctid not in (select pg_catalog.unnest({addresses}::pg_catalog.tid[]))", row["rows"]


async def addresses_of(target: Connection, shelf: Shelf, error_id: str) -> str | None:
    """Give the addresses of an error's rows as an array in the notation of PostgreSQL."""
    with translated("target"):
        row = await target.fetchrow(
            _sql("addresses_of_error"),
            shelf.migration_id,
            shelf.table.table_id,
            shelf.generation,
            error_id,
        )
    return str(row["addresses"]) if row["rows"] else None


async def known_before(target: Connection, shelf: Shelf) -> dict[tuple[str, str], str]:
    """Give the errors of rows set aside under earlier snapshots, by identity and class."""
    with translated("target"):
        rows = await target.fetch(
            _sql("known"), shelf.migration_id, shelf.table.table_id, shelf.generation
        )
    return {(row["identity"], row["class"]): row["error_id"] for row in rows}


async def forget_earlier(target: Connection, shelf: Shelf) -> None:
    """Forget what was set aside under earlier snapshots."""
    with translated("target"):
        await target.execute(
            _sql("forget_earlier"), shelf.migration_id, shelf.table.table_id, shelf.generation
        )


async def forget_error(target: Connection, shelf: Shelf, error_id: str) -> None:
    """Forget the rows of one error, which are tried again in the same transaction."""
    with translated("target"):
        await target.execute(
            _sql("forget_error"),
            shelf.migration_id,
            shelf.table.table_id,
            shelf.generation,
            error_id,
        )


async def _contents(
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
            found |= await _contents(source, table, [address])
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


def _identity(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _told(rows: Sequence[asyncpg.Record]) -> tuple[SetAside, ...]:
    merged: dict[str, SetAside] = {}
    for row in rows:
        before = merged.get(row["error_id"])
        merged[row["error_id"]] = SetAside(
            error_id=row["error_id"],
            error_class=row["class"],
            sqlstate=before.sqlstate if before else row["sqlstate"],
            rows=row["rows"] + (before.rows if before else 0),
            column=row["column_name"],
            constraint=before.constraint if before else row["constraint_name"],
            addresses=((before.addresses if before else ()) + tuple(row["addresses"]))[:10],
        )
    return tuple(merged.values())


def _sql(name: str) -> str:
    return statements("set_aside.sql")[name]
