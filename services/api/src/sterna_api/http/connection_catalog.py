"""Lists the tables of somebody's database, a bounded page at a time."""

from typing import Annotated

import asyncpg
from msgspec import Meta, Struct

from sterna_api.http.connection_bodies import Identifier
from sterna_api.http.connection_statements import CONNECTION_SQL
from sterna_api.http.database_visit import visit
from sterna_api.http.paging import OFFSET_MAX, Pagination
from sterna_core.clock import Clock, UtcDatetime
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions
from sterna_core.secrets.secret import Secret

TABLES_DEFAULT = 100
TABLES_MAX = 500


class CatalogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tables to list; without `schema` those of the connection's schemas."""

    schema: Identifier | None = None
    limit: Annotated[int, Meta(ge=1, le=TABLES_MAX)] = TABLES_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class ColumnBody(Struct, frozen=True):
    """A column."""

    name: str
    type: str
    nullable: bool
    primary_key: bool


class TableBody(Struct, frozen=True):
    """A table; `estimated_rows` is the server's own estimate, null before it has made one."""

    schema: str
    name: str
    kind: str
    estimated_rows: int | None
    bytes: int | None
    columns: tuple[ColumnBody, ...]


class CatalogBody(Struct, frozen=True):
    """Some of the tables of a database."""

    connection_id: str
    read_at: UtcDatetime
    tables: tuple[TableBody, ...]
    pagination: Pagination


async def read_catalog(
    endpoint: Endpoint,
    password: Secret,
    *,
    options: ConnectionOptions,
    schemas: tuple[str, ...],
    query: CatalogQuery,
    clock: Clock,
) -> CatalogBody:
    """List tables with their columns; raises VisitFailed."""
    wanted = [query.schema] if query.schema is not None else list(schemas)
    async with visit(endpoint, password, options) as entered:
        rows = await entered.connection.fetch(
            CONNECTION_SQL["tables"], wanted, query.limit, query.offset
        )
        oids = [row["oid"] for row in rows]
        columns = await entered.connection.fetch(CONNECTION_SQL["columns"], oids)
        total = await entered.connection.fetchval(CONNECTION_SQL["tables_count"], wanted)
    return CatalogBody(
        connection_id=endpoint.connection_id,
        read_at=clock(),
        tables=_tables(rows, columns),
        pagination=Pagination(total, query.limit, query.offset, query.offset + len(rows) < total),
    )


def _tables(rows: list[asyncpg.Record], columns: list[asyncpg.Record]) -> tuple[TableBody, ...]:
    by_table: dict[int, list[ColumnBody]] = {}
    for each in columns:
        column = ColumnBody(each["name"], each["type"], each["nullable"], each["primary_key"])
        by_table.setdefault(each["oid"], []).append(column)
    return tuple(
        TableBody(
            schema=row["schema"],
            name=row["name"],
            kind=row["kind"],
            estimated_rows=row["estimated_rows"],
            bytes=row["bytes"],
            columns=tuple(by_table.get(row["oid"], ())),
        )
        for row in rows
    )
