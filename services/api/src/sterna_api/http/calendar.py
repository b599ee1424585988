import asyncio
from collections.abc import Iterable
from datetime import datetime
from itertools import chain, islice

from aiohttp import web
from msgspec import Struct

from sterna_api.http.authentication import FEED_PATH
from sterna_api.http.calendar_events import calendar_events
from sterna_api.http.caller import caller_of
from sterna_api.http.icalendar import write_calendar
from sterna_api.http.query import read_query
from sterna_api.projections.calendars import Calendars
from sterna_core.clock import Clock
from sterna_core.migration.view import MigrationView

CALENDAR = "text/calendar"
EVENTS_MAX = 10_000
_NAME = "Sterna migrations"
_PRIVATE_HEADERS = {"Cache-Control": "private", "Referrer-Policy": "no-referrer"}


class CalendarQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in the address of a calendar; see Authenticator."""

    token: str | None = None


class CalendarRoutes:
    """`/v1/calendar/…`: what is to happen when, for programs that show calendars."""

    def __init__(self, calendars: Calendars, clock: Clock) -> None:
        self._calendars = calendars
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get(FEED_PATH, self.migrations, allow_head=False)]

    async def migrations(self, request: web.Request) -> web.Response:
        """Show starts, windows and recurrences of all migrations."""
        read_query(request, CalendarQuery)
        now = self._clock()
        views = await self._calendars.scheduled(caller_of(request).org_id)
        # Many windows take a while: requests are answered meanwhile.
        text = await asyncio.to_thread(_write, views, now)
        return web.Response(
            text=text, content_type=CALENDAR, charset="utf-8", headers=_PRIVATE_HEADERS
        )


def _write(views: Iterable[MigrationView], now: datetime) -> str:
    events = chain.from_iterable(calendar_events(view, now) for view in views)
    return write_calendar(_NAME, islice(events, EVENTS_MAX))
