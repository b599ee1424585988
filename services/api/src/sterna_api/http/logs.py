import asyncio
from collections.abc import Callable
from typing import Protocol

from aiohttp import web
from msgspec import Raw, Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.limits import Limits
from sterna_api.http.migration_bodies import LogsQuery
from sterna_api.http.namespace_migration_bodies import NamespaceLogsQuery
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.query import read_query
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.log_lines import LogLines
from sterna_api.projections.log_rows import LEVELS
from sterna_api.streams.cursor import Cursor
from sterna_api.streams.follower import Follower, Wanted
from sterna_core.errors import InvalidRequest

EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
AnyLogsQuery = LogsQuery | NamespaceLogsQuery
WRITE_SECONDS = 15.0
"""How long a follower may take no bytes before its connection is cut; it resumes where it was."""

FollowerFactory = Callable[[Wanted], Follower]


class Narrated(Protocol):
    """What has a log: migrations of one kind."""

    async def find(self, org_id: str, migration_id: str, /) -> object | None:
        """Give a migration, if the organisation has it."""
        ...


class LogSubject(Struct, frozen=True, kw_only=True):
    """Whose logs a route gives: at which path, with which filters, and how one is found."""

    path: str
    name: str
    """The id's name in the path."""
    prefix: str
    noun: str
    query: type[AnyLogsQuery]
    known: Narrated


class LogsBody(Struct, frozen=True):
    """Some lines of a log, oldest first."""

    data: list[Raw]


class LogRoutes:
    """The logs of migrations of one kind: as JSON, or as a stream of Server-Sent Events."""

    def __init__(
        self, subject: LogSubject, lines: LogLines, new_follower: FollowerFactory, limits: Limits
    ) -> None:
        self._subject = subject
        self._lines = lines
        self._new_follower = new_follower
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get(self._subject.path, self.logs, allow_head=False)]

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Give the log of a migration."""
        query = read_query(request, self._subject.query)
        if query.follow or EVENT_STREAM in request.headers.get("Accept", ""):
            if request.method == "HEAD":
                return web.Response(content_type=EVENT_STREAM)
            with self._limits.stream(caller_of(request)):
                return await self._follow(request, query)
        org_id, migration_id = caller_of(request).org_id, self._id_of(request)
        lines = await self._lines.read(
            org_id,
            migration_id,
            level=query.level,
            phase=query.phase,
            since=query.since,
            limit=query.limit,
        )
        if not lines and await self._subject.known.find(org_id, migration_id) is None:
            raise not_found(self._subject.noun)
        return answer(LogsBody(lines))

    def _id_of(self, request: web.Request) -> str:
        of = self._subject
        return resource_id(request, name=of.name, prefix=of.prefix, noun=of.noun)

    async def _follow(self, request: web.Request, query: AnyLogsQuery) -> web.StreamResponse:
        wanted = Wanted(
            org_id=caller_of(request).org_id,
            migration_id=self._id_of(request),
            start=_start(request, query),
            lowest_level=LEVELS.index(query.level or "debug"),
            phase=query.phase,
            since=query.since,
            noun=self._subject.noun,
        )
        follower = self._new_follower(wanted)
        if await follower.is_over():
            return web.Response(status=204)
        response = web.StreamResponse(
            headers={
                "Content-Type": EVENT_STREAM,
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)

        async def send(chunk: bytes) -> None:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write(chunk)

        try:
            await follower.run(send)
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write_eof()
        except (TimeoutError, ConnectionError):
            # Gone, or too slow to be waited for: it can come back to where it was.
            if request.transport is not None:
                request.transport.abort()
        return response


def _start(request: web.Request, query: AnyLogsQuery) -> Cursor:
    text = request.headers.get(LAST_EVENT_ID) or query.last_event_id
    if not text:
        return Cursor()
    try:
        return Cursor.parse(text)
    except InvalidRequest as error:
        problem = Problem(("header", LAST_EVENT_ID), error.message, "event_id_invalid")
        raise InvalidShape([problem]) from None
