"""Rows that the target refused, kept on the target beside what was copied, in one transaction.

They are told apart by where they lie on the source under a snapshot. What they hold stays here:
reports name classes, columns and addresses.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from sterna_core.ids import ERROR, derived_id
from sterna_core.migration.set_aside import ADDRESSES_TOLD, SetAside, class_of_data
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import (
    translated,
)
from sterna_executor.databases.postgresql.row_contents import contents_of
from sterna_executor.databases.postgresql.sift import RefusedRow
from sterna_executor.databases.postgresql.statements import statements

ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the rows of one table are set aside under one snapshot."""

    migration_id: str
    table: TableSpec
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is left out of the source's side: `others` is the condition that holds for the rest.

    `rows` counts what is not in the target. What is there with another value in one of
    `replaced_columns` is left out too, and not counted.
    """

    others: str = "true"
    rows: int = 0
    replaced_columns: frozenset[str] = frozenset()


NOTHING_LEFT_OUT = LeftOut()


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
        found = await contents_of(source, shelf.table, [row.place for row in some])
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


async def left_out(target: Connection, shelf: Shelf) -> LeftOut:
    """Say which rows of the source are left out where the others are compared value by value."""
    return await _left_out("addresses", target, shelf)


async def missing(target: Connection, shelf: Shelf) -> LeftOut:
    """Say the same, and leave out only what is not in the target, with whatever value."""
    return await _left_out("addresses_missing", target, shelf)


async def _left_out(name: str, target: Connection, shelf: Shelf) -> LeftOut:
    with translated("target"):
        row = await target.fetchrow(
            _sql(name), shelf.migration_id, shelf.table.table_id, shelf.generation
        )
    addresses = literal(row["addresses"] or "{}")
    # As a subselect it is looked up in a hash: an array would be gone through for every row.
    others = f"ctid not in (select pg_catalog.unnest({addresses}::pg_catalog.tid[]))"
    return LeftOut(
        others=others if row["addresses"] else "true",
        rows=row["rows"],
        replaced_columns=frozenset(row["replaced_columns"]),
    )


async def addresses_of(target: Connection, shelf: Shelf, error_id: str) -> tuple[str, ...]:
    """Give the addresses of an error's rows that are not in the target."""
    with translated("target"):
        found: list[str] | None = await target.fetchval(
            _sql("addresses_of_error"),
            shelf.migration_id,
            shelf.table.table_id,
            shelf.generation,
            error_id,
        )
    return tuple(found or ())


def at_addresses(addresses: Sequence[str]) -> str:
    """Give the condition that holds for the rows at some addresses."""
    listed = "{" + ",".join(f'"{each}"' for each in addresses) + "}"
    return f"ctid = any ({literal(listed)}::pg_catalog.tid[])"


async def has_arrived(
    target: Connection, shelf: Shelf, address: str, *, place: int, row: int, column: str
) -> None:
    """Keep what a row is in the target that has arrived with another value of a column."""
    with translated("target"):
        await target.execute(
            _sql("arrived"),
            shelf.migration_id,
            shelf.table.table_id,
            shelf.generation,
            address,
            place,
            row,
            column,
        )


async def count_replaced(target: Connection, shelf: Shelf) -> int:
    """Count the rows that are in the target with another value, under the snapshot."""
    with translated("target"):
        return int(
            await target.fetchval(
                _sql("count_replaced"), shelf.migration_id, shelf.table.table_id, shelf.generation
            )
        )


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


async def take_back_replaced(target: Connection, shelf: Shelf) -> None:
    """Count replaced rows as refused again: what the target has in their place is going away."""
    with translated("target"):
        await target.execute(
            _sql("take_back_replaced"), shelf.migration_id, shelf.table.table_id, shelf.generation
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
            addresses=((before.addresses if before else ()) + tuple(row["addresses"] or ()))[
                :ADDRESSES_TOLD
            ],
            replaced=row["replaced"] + (before.replaced if before else 0),
        )
    return tuple(merged.values())


def _sql(name: str) -> str:
    return statements("set_aside.sql")[name]
