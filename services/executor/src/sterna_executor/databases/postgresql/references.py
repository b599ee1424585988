"""Foreign keys of the target, and rows that break them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.errors import Transient
from sterna_core.postgres.identifiers import qualified, quote
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory_table import table_id
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.structure_check import Checked

CHECK_SECONDS = 6 * 3600.0


class Reference(Struct, frozen=True, kw_only=True):
    """A foreign key; `acts` where it does something when a row that is referred to goes.

    `parents` are the addresses of the table that it refers to and of that table's parts.
    """

    name: str
    child: int
    child_schema: str
    child_table: str
    parent_schema: str
    parent_table: str
    columns: tuple[str, ...]
    referenced: tuple[str, ...]
    operators: tuple[str, ...]
    acts: bool
    parents: tuple[int, ...]

    @property
    def spoken(self) -> str:
        """Name it for a person."""
        return f"foreign key {self.name} of {table_id(self.child_schema, self.child_table)}"


async def read_references(
    target: Connection, tables: Sequence[int], *, pointing_at: bool = False
) -> tuple[Reference, ...]:
    """Give the foreign keys of tables, or those that refer to them."""
    with translated("target"):
        rows = await target.fetch(_sql("references"), list(tables), pointing_at)
    return tuple(_reference(dict(row)) for row in rows)


def _reference(row: dict[str, Any]) -> Reference:
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
    return msgspec.convert(values, Reference)


async def addresses(
    target: Connection, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Give the addresses of the tables of some schemas and names that there are."""
    with translated("target"):
        rows = await target.fetch(
            _sql("addresses"), [schema for schema, _ in names], [name for _, name in names]
        )
    return {(row["schema"], row["name"]): row["oid"] for row in rows}


async def check_references(
    target: Connection,
    names: Sequence[tuple[str, str]],
    *,
    deadline_seconds: float = CHECK_SECONDS,
) -> Checked:
    """Look for rows of some tables that refer to nothing; no trigger looked when they came.

    Raises Transient past the deadline.
    """
    began = time.monotonic()
    broken = []
    try:
        async with asyncio.timeout(deadline_seconds):
            there = await addresses(target, names)
            found = await read_references(target, list(there.values()))
            for reference in found:
                rows = await orphans(target, reference)
                if rows:
                    broken.append(f"{reference.spoken}: {rows:,} rows refer to nothing")
    except TimeoutError:
        raise Transient(
            f"the foreign keys were not checked within {deadline_seconds:g} seconds",
            code="check_slow",
        ) from None
    return Checked(
        checked=len(found),
        differences=tuple(broken[:100]),
        count=len(broken),
        seconds=round(time.monotonic() - began, 3),
    )


async def orphans(target: Connection, reference: Reference) -> int:
    """Count the rows that refer to a row that is not there."""
    child = qualified(reference.child_schema, reference.child_table)
    parent = qualified(reference.parent_schema, reference.parent_table)
    given = " and ".join(f"child.{quote(name)} is not null" for name in reference.columns)
    same = " and ".join(
        f"parent.{quote(theirs)} {operator} child.{quote(ours)}"
        for ours, theirs, operator in zip(
            reference.columns, reference.referenced, reference.operators, strict=True
        )
    )
    with translated("target"):
        count: int = await target.fetchval(
            f"select count(*) from only {child} as child where {given}"
            f" and not exists (select from {parent} as parent where {same})"
        )
    return count


def _sql(name: str) -> str:
    return statements("receiving.sql")[name]
