import asyncio
from collections.abc import AsyncIterator, Iterator

import structlog
from aiohttp import web

from sterna_api.http.caller import caller_of
from sterna_api.http.id_lines import Format, IdLine, format_for, heading, written
from sterna_api.http.limits import Limits
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.namespace_migrations import NamespaceMigrations
from sterna_core import ids
from sterna_core.errors import InvalidRequest, SternaError
from sterna_core.namespace_migration.date_range import EVERY_DATE, read_date_range
from sterna_core.namespace_migration.id_map import IdMap, id_map_of
from sterna_core.namespace_migration.view import NamespaceMigrationView
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Space

WRITE_SECONDS = 15.0
"""How long a client may take no bytes before its connection is cut."""
PAGE_SECONDS = 30.0
"""How long the store may take for a page of documents."""
_NOUN = "namespace_migration"
_log = structlog.get_logger(__name__)


class NamespaceIdMapRoutes:
    """`/v1/namespaces/migrations/{id}/id-map`."""

    def __init__(
        self, migrations: NamespaceMigrations, spaces: NamespaceSpaces, limits: Limits
    ) -> None:
        self._migrations = migrations
        self._spaces = spaces
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        path = "/v1/namespaces/migrations/{namespace_migration_id}/id-map"
        return [web.get(path, self.id_map, allow_head=False)]

    async def id_map(self, request: web.Request) -> web.StreamResponse:
        """Give the new id of everything that goes along, while the source is read."""
        view = await self._view(request)
        kind = format_for(request.headers.getall("Accept", []))
        if kind is None:
            raise web.HTTPNotAcceptable
        if request.method == "HEAD":
            return web.Response(content_type=kind)
        with self._limits.stream(caller_of(request)):
            async with self._spaces.at(view.source.store, view.source.namespace_id) as space:
                if space is None and view.moved:
                    raise InvalidRequest("The source is gone.", code="source_gone")
                return await _send(request, kind, _chunks(view, space, kind))

    async def _view(self, request: web.Request) -> NamespaceMigrationView:
        migration_id = resource_id(
            request, name="namespace_migration_id", prefix=ids.NAMESPACE_MIGRATION, noun=_NOUN
        )
        view = await self._migrations.find(caller_of(request).org_id, migration_id)
        if view is None:
            raise not_found(_NOUN)
        if view.started_at is None:
            raise InvalidRequest(
                "What becomes of ids is settled when the migration is started.",
                code="invalid_state",
                details={"status": view.status},
            )
        return view


async def _send(
    request: web.Request, kind: Format, chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send chunks as they come; a map that cannot be finished does not look as if it were."""
    response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-store"})
    await response.prepare(request)
    try:
        async for chunk in chunks:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write(chunk)
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write_eof()
    except (TimeoutError, ConnectionError, SternaError) as error:
        _log.warning("id_map.broken_off", code=getattr(error, "code", type(error).__name__))
        if request.transport is not None:
            request.transport.abort()
    return response


async def _chunks(
    view: NamespaceMigrationView, space: Space | None, kind: Format
) -> AsyncIterator[bytes]:
    """Give the map, a page of documents at a time."""
    made = id_map_of(view.config, view.graph, view.target.namespace_id)
    yield heading(kind) + written(_resources(view, made), kind)
    if space is None:
        return
    for name in _collections(view):
        async for lines in _documents(view, space, name, made):
            yield written(lines, kind)


def _resources(view: NamespaceMigrationView, made: IdMap) -> Iterator[IdLine]:
    source, target = view.source.namespace_id, view.target.namespace_id
    yield IdLine(kind="namespace", old=source, new=target)
    for each in view.graph.nodes if view.graph is not None else ():
        name = each.resource_id
        yield IdLine(kind=each.resource_type, old=name, new=made.resources[name])


def _collections(view: NamespaceMigrationView) -> Iterator[str]:
    for each in view.graph.nodes if view.graph is not None else ():
        if each.resource_type == "collection":
            yield each.resource_id


async def _documents(
    view: NamespaceMigrationView, space: Space, name: str, made: IdMap
) -> AsyncIterator[list[IdLine]]:
    dates = EVERY_DATE
    if view.config.filters is not None and name not in view.labels:
        dates = read_date_range(view.config.filters.date_range)
    span = Span(name)
    while True:
        async with asyncio.timeout(PAGE_SECONDS):
            page = await space.documents.scan(span)
        if page.documents:
            yield [
                IdLine(
                    kind="document",
                    old=each.document_id,
                    new=made.document(each.document_id),
                    collection=name,
                )
                for each in page.documents
                if dates.wants(each.payload)
            ]
        if page.last is None:
            return
        span = Span(name, page.last)
