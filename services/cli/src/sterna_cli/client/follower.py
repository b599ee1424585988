import asyncio
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from sterna_cli.client.failure import ApiFailure, ApiUnreachable
from sterna_cli.client.server_events import EventParser, ServerEvent
from sterna_cli.client.session import PATIENCE_SECONDS, Session
from sterna_cli.client.stream import LogEntry, ProgressEntry, StreamEntry

SILENCE_SECONDS = 45.0
"""A stream that is silent this long is dead: the API sends a heartbeat every 15 s."""
_PAUSE_SECONDS = 0.5
_TEMPORARY_STATUSES = frozenset({429, 502, 503, 504})
_BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)


class Follower:
    """Gives a stream's events until it ends, over as many connections as it takes.

    A connection that breaks is followed by one with `Last-Event-ID`; that nothing is missed or
    seen twice is the API's promise, and nothing is compared here. Reading raises ApiFailure
    where the API refuses, ApiUnreachable where it stays away for `patience_seconds`.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        params: Mapping[str, str],
        *,
        last_event_id: str = "",
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.last_event_id = last_event_id
        self._session = session
        self._path = path
        self._params = params
        self._patience_seconds = patience_seconds
        self._pause_seconds = _PAUSE_SECONDS
        self._heard = time.monotonic()
        self._parser = EventParser()
        self._ready: deque[ServerEvent] = deque()
        self._response: aiohttp.ClientResponse | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ServerEvent:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            await self._read()
        event = self._ready.popleft()
        self.last_event_id = event.event_id
        return event

    async def _read(self) -> None:
        try:
            response = self._response or await self._open()
            piece = await response.content.readany()
        except ApiFailure as failure:
            if failure.status not in _TEMPORARY_STATUSES:
                raise
            piece = b""
        except _BROKEN:
            piece = b""
        if self._ended:
            self._drop()
        elif piece:
            self._heard = time.monotonic()
            self._take(self._parser.feed(piece))
        else:
            await self._pause()

    async def _open(self) -> aiohttp.ClientResponse:
        headers = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        self._response = await self._session.open_stream(
            self._path, self._params, headers, SILENCE_SECONDS
        )
        # A parser for each connection: half an event of the one before is not to be kept.
        self._parser = EventParser(self.last_event_id)
        self._ended = self._response.status == 204
        return self._response

    def _take(self, events: list[ServerEvent]) -> None:
        for event in events:
            if event.kind == "end":
                self._ended = True
                self._drop()
                return
            self._ready.append(event)

    async def _pause(self) -> None:
        self._drop()
        if time.monotonic() - self._heard > self._patience_seconds:
            raise ApiUnreachable(
                f"the stream of {self._session.url} broke and could not be resumed"
            )
        await asyncio.sleep(self._parser.retry_seconds or self._pause_seconds)

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


class EntryFollower(Follower):
    """Follows a migration's stream: its log lines and how far it is."""

    _log = msgspec.json.Decoder(LogEntry)
    _progress = msgspec.json.Decoder(ProgressEntry)

    async def next_entry(self) -> StreamEntry | None:
        """Give the next entry, None at the end; kinds that a newer API adds are left out."""
        async for event in self:
            if event.kind == "log":
                return self._log.decode(event.data)
            if event.kind == "progress":
                return self._progress.decode(event.data)
        return None
