"""Reads an inventory from the source's catalog."""

import asyncio
from typing import Any

import asyncpg
from msgspec.structs import replace

from sterna_core.migration.glob import TableGlobs
from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_object import (
    Dependency,
    Extension,
    Feature,
    ForeignKey,
    Routine,
    Sequence,
    SplitPartition,
    UserType,
    View,
)
from sterna_executor.databases.postgresql.inventory_selection import choose_schemas, choose_tables
from sterna_executor.databases.postgresql.inventory_table import Column, Table, TypeInfo
from sterna_executor.databases.postgresql.statements import statements

READ_TIMEOUT_SECONDS = 300.0
_GENERATED_SINCE = 12
_IDENTITY = {"a": "always", "d": "by default"}
_GENERATED = {"s": "stored", "v": "virtual"}


async def read_inventory(
    source: Connection, selection: Selection, role: Role = "source"
) -> Inventory:
    """Read what is selected of the source, as of one moment.

    `source` is in no transaction, or in one that is repeatable read and read only. Raises InvalidRequest where the selection names a schema that
    is not there, and what `translated` makes of the driver's errors.
    """
    with translated(role):
        async with (
            asyncio.timeout(READ_TIMEOUT_SECONDS),
            source.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await _read(source, selection)


async def _read(source: Connection, selection: Selection) -> Inventory:
    queries = statements("inventory.sql")

    async def rows(name: str, *arguments: Any) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await source.fetch(queries[name], *arguments)
        return found

    present = [row["nspname"] for row in await rows("schemas")]
    schemas = choose_schemas(selection, present)
    globs = TableGlobs(selection.exclude_tables)
    block_bytes = int(await source.fetchval("SHOW block_size"))
    heads = [_head(row, block_bytes) for row in await rows("tables", schemas)]
    chosen, excluded = choose_tables(heads, globs)
    ids = [table.oid for table in chosen]
    out = [table.oid for table in excluded]
    generated = server_major(source) >= _GENERATED_SINCE
    columns: dict[int, list[Column]] = {}
    for row in await rows("columns" if generated else "columns_before_12", ids):
        columns.setdefault(row["table_oid"], []).append(_column(row))
    keys = {row["table_oid"]: tuple(row["names"]) for row in await rows("keys", ids)}
    tables = tuple(
        replace(
            table,
            columns=tuple(columns.get(table.oid, ())),
            key=keys.get(table.oid, ()),
        )
        for table in chosen
    )
    type_ids = {column.type_oid for table in tables for column in table.columns}
    return Inventory(
        selection=selection,
        schemas=schemas,
        other_schemas=tuple(name for name in present if name not in schemas),
        tables=tables,
        excluded=excluded,
        unused_patterns=globs.unused(tuple(table.name_pair for table in heads)),
        types={row["oid"]: _type(row) for row in await rows("types", list(type_ids))},
        user_types=tuple(
            UserType(**_plain(row, definition=tuple(row["definition"])))
            for row in await rows("user_types", schemas)
        ),
        foreign_keys=tuple(
            ForeignKey(**_plain(row, columns=tuple(row["columns"])))
            for row in await rows("foreign_keys", ids)
        ),
        sequences=tuple(_sequence(row) for row in await rows("sequences", schemas, out)),
        views=tuple(View(**row) for row in await rows("views", schemas)),
        routines=tuple(Routine(**row) for row in await rows("routines", schemas)),
        extensions=_extensions(await rows("extensions", schemas)),
        features={
            row["kind"]: Feature(kind=row["kind"], count=row["count"], names=tuple(row["names"]))
            for row in await rows("features", ids, schemas)
        },
        dependencies=tuple(Dependency(**row) for row in await rows("dependencies", schemas, out)),
        split=tuple(
            SplitPartition(**row)
            for row in await rows("split_partitions", schemas)
            if not globs.match(row["schema"], row["name"])
            and not globs.match(row["parent_schema"], row["parent_name"])
        ),
        collations=tuple(row["name"] for row in await rows("collations", ids)),
        bodies_naming_schemas=(
            tuple(row[0] for row in await rows("bodies_naming_schemas", schemas))
            if selection.target_schema is not None
            else ()
        ),
        comments=int((await rows("comments", schemas))[0][0]),
    )


def _plain(row: asyncpg.Record, **changed: Any) -> dict[str, Any]:
    return {**dict(row), **changed}


def _head(row: asyncpg.Record, block_bytes: int) -> Table:
    parents = tuple(zip(row["parent_schemas"], row["parent_names"], strict=True))
    heap = row["heap_bytes"] or 0
    pages = heap // block_bytes
    known_pages, known_rows = row["known_pages"], row["known_rows"]
    estimate: int | None = None
    if row["kind"] == "table" and pages == 0:
        estimate = 0
    elif known_pages > 0 and known_rows >= 0:
        estimate = round(known_rows / known_pages * pages)
    return Table(
        oid=row["oid"],
        schema=row["schema"],
        name=row["name"],
        kind=row["kind"],
        persistence=row["persistence"],
        parent=parents[0] if row["is_partition"] and parents else None,
        inherits=() if row["is_partition"] else parents,
        bound=row["bound"],
        partition_key=row["partition_key"],
        columns=(),
        key=(),
        pages=pages,
        bytes=row["bytes"] or 0,
        rows=estimate,
        block_bytes=block_bytes,
        owner=row["owner"],
        row_security=row["row_security"],
        row_security_active=row["row_security_active"],
        access_method=row["access_method"],
        tablespace=row["tablespace"],
        of_type=row["of_type"],
    )


def _column(row: asyncpg.Record) -> Column:
    return Column(
        number=row["number"],
        name=row["name"],
        type=row["type"],
        type_oid=row["type_oid"],
        modifier=row["modifier"],
        nullable=row["nullable"],
        default=row["default"],
        identity=_IDENTITY.get(row["identity"]),  # type: ignore[arg-type]  # the map's values
        generated=_GENERATED.get(row["generated"]),  # type: ignore[arg-type]  # idem
        collation=row["collation"],
    )


def _type(row: asyncpg.Record) -> TypeInfo:
    return TypeInfo(**_plain(row, parts=tuple(row["parts"])))


def _extensions(rows: list[asyncpg.Record]) -> tuple[Extension, ...]:
    """Make the extensions; what a used one requires is used."""
    used = {row["name"] for row in rows if row["used"]}
    grown = True
    while grown:
        required = {name for row in rows if row["name"] in used for name in row["requires"]}
        grown = not required <= used
        used |= required
    return tuple(
        Extension(
            name=row["name"],
            version=row["version"],
            schema=row["schema"],
            used=row["name"] in used,
        )
        for row in rows
    )


def _sequence(row: asyncpg.Record) -> Sequence:
    owner = (row["owner_schema"], row["owner_table"], row["owner_column"])
    return Sequence(
        schema=row["schema"],
        name=row["name"],
        owner=None if row["owner_table"] is None else owner,
        identity=row["identity"],
    )
