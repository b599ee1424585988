from typing import Literal

from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.entity_tag import etag_of
from sterna_api.http.mapping_desk import MappingDesk
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.paging import PageQuery, Pagination
from sterna_api.http.query import read_query
from sterna_core.clock import UtcDatetime
from sterna_core.migration.plan import TablePlan


class PlannedColumn(Struct, frozen=True):
    """A column as the plan has it."""

    name: str
    type: str
    in_key: bool


class PlannedTableShown(Struct, frozen=True):
    """A table as the plan has it; rows and bytes are the plan's estimates."""

    schema: str
    table: str
    columns: tuple[PlannedColumn, ...]
    key: tuple[str, ...]
    estimated_rows: int
    estimated_bytes: int


class PlannedSchemaBody(Struct, frozen=True, kw_only=True):
    """One side of a migration as the plan has it, a page of tables at a time."""

    migration_id: str
    side: Literal["source", "target"]
    connection_id: str
    connection_name: str
    planned_at: UtcDatetime | None
    data: tuple[PlannedTableShown, ...]
    pagination: Pagination


class PlannedSchemaRoutes:
    """`/v1/migrations/{id}/schema/…`: both sides, as the plan has them."""

    def __init__(self, mappings: MappingDesk) -> None:
        self._mappings = mappings

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}/schema"
        return [
            web.get(f"{one}/source", self.source, allow_head=False),
            web.get(f"{one}/target", self.target, allow_head=False),
        ]

    async def source(self, request: web.Request) -> web.Response:
        """Show what is read."""
        return await self._show(request, "source")

    async def target(self, request: web.Request) -> web.Response:
        """Show what is written."""
        return await self._show(request, "target")

    async def _show(self, request: web.Request, side: Literal["source", "target"]) -> web.Response:
        query = read_query(request, PageQuery)
        known, tables = await self._mappings.plan(
            caller_of(request).org_id, migration_id_of(request)
        )
        about = known.view.about
        party = about.source if side == "source" else about.target
        page = tables[query.offset : query.offset + query.limit]
        body = PlannedSchemaBody(
            migration_id=known.migration_id,
            side=side,
            connection_id=party.endpoint.connection_id,
            connection_name=party.connection_name,
            planned_at=known.view.plan_generated_at,
            data=tuple(_table(table, side) for table in page),
            pagination=Pagination(
                len(tables), query.limit, query.offset, query.offset + len(page) < len(tables)
            ),
        )
        return answer(body, headers=etag_of(known.view.plan_digest))


def _table(table: TablePlan, side: Literal["source", "target"]) -> PlannedTableShown:
    here = side == "source"
    columns = tuple(
        PlannedColumn(
            name=column.source_column if here else column.target_column,
            type=column.source_type if here else column.target_type,
            in_key=column.source_column in table.key,
        )
        for column in table.columns
    )
    names = {column.source_column: column.target_column for column in table.columns}
    return PlannedTableShown(
        schema=table.source_schema if here else table.target_schema,
        table=table.source_table if here else table.target_table,
        columns=columns,
        key=table.key if here else tuple(names.get(name, name) for name in table.key),
        estimated_rows=table.estimated_rows,
        estimated_bytes=table.bytes,
    )
