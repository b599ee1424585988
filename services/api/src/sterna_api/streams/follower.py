import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct

from sterna_api.projections.log_lines import FollowState, LogLines
from sterna_api.projections.positions import (
    EVENTS,
    TELEMETRY,
    BehindPosition,
    ProjectedPositions,
)
from sterna_api.streams.cursor import Cursor
from sterna_api.streams.frame import FINAL_STATUSES, HEARTBEAT, Frame, end_frame
from sterna_api.streams.history import frames_between
from sterna_api.streams.hub import Hub, Place
from sterna_core.clock import Clock
from sterna_core.errors import NotFound
from sterna_core.migration.narrate import LogPhase

HEARTBEAT_SECONDS = 15.0
END_GRACE_SECONDS = 1.0
"""How long after its last event a migration's telemetry is waited for."""

_HUB_SECONDS = 10.0
_CHUNK_BYTES = 32 * 1024
_CATCH_UP_OFFSETS = 500
"""Further behind than this, a follower reads history before it takes a place in the hub."""

Send = Callable[[bytes], Awaitable[None]]


class Wanted(Struct, frozen=True, kw_only=True):
    """Whose log is followed, from where on, and which lines of it."""

    org_id: str
    migration_id: str
    start: Cursor = Cursor()
    lowest_level: int = 0
    phase: LogPhase | None = None
    since: datetime | None = None
    noun: str = "migration"

    def takes(self, frame: Frame) -> bool:
        """Tell whether a frame is wanted; progress has no level."""
        if frame.level is not None and frame.level < self.lowest_level:
            return False
        if self.since is not None and frame.at <= self.since:
            return False
        return self.phase is None or frame.phase == self.phase


class Follower:
    """Follows one migration: history from PostgreSQL, then live from the hub.

    What it sends has no gaps and no repeats, and every id says where another instance can go on.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        lines: LogLines,
        hub: Hub,
        positions: ProjectedPositions,
        clock: Clock,
        heartbeat_seconds: float | None = None,
    ) -> None:
        self._wanted = wanted
        self._lines = lines
        self._hub = hub
        self._positions = positions
        self._clock = clock
        self._heartbeat_seconds = heartbeat_seconds or HEARTBEAT_SECONDS
        self._key = (wanted.org_id, wanted.migration_id)
        self._cursor = wanted.start
        self._end_due: tuple[str, float] | None = None
        """The final status, and when to say so."""

    async def is_over(self) -> bool:
        """Tell whether the client has had the end already and nothing came after it.

        Raises NotFound where there is no such migration.
        """
        state = await self._state()
        return (
            self._cursor.ended
            and state.status in FINAL_STATUSES
            and state.event_offset < self._cursor.events
        )

    async def run(self, send: Send) -> None:
        """Send until the migration has ended, or until the process stops."""
        while not self._hub.stopping:
            before = self._cursor
            await self._send_history(_projected(await self._state()), send)
            if _distance(before, self._cursor) > _CATCH_UP_OFFSETS:
                continue
            try:
                async with asyncio.timeout(_HUB_SECONDS):
                    await self._hub.wait_for(*self._key, self._cursor)
            except TimeoutError:
                return  # no such place in the log yet: the client comes back
            if not self._hub.stopping:
                with self._hub.join(*self._key) as place:
                    await self._send_from_hub(place, send)
            if self._end_due is not None and not self._hub.stopping:
                await send(end_frame(self._cursor, self._end_due[0]))
                return

    async def _send_from_hub(self, place: Place, send: Send) -> None:
        """Send what comes live; returns at the end, or where this follower has fallen behind."""
        await self._wait_for_projections(place.cursor, send)
        if self._hub.stopping:
            return
        state = await self._state()
        await self._send_history(place.cursor, send)
        if state.status in FINAL_STATUSES and state.event_offset < place.cursor.events:
            age = (self._clock() - state.updated_at).total_seconds()
            self._end_after(state.status, max(0.0, END_GRACE_SECONDS - age))
        await self._send_live(place, send)

    async def _send_live(self, place: Place, send: Send) -> None:
        loop = asyncio.get_running_loop()
        number, quiet_since = place.number, loop.time()
        while not self._hub.stopping:
            frames = place.channel.since(number)
            if frames is None:
                self._end_due = None
                return
            if frames:
                number += len(frames)
                if chunk := self._take(frames):
                    await send(chunk)
                    quiet_since = loop.time()
                continue
            now = loop.time()
            if self._end_due is not None and now >= self._end_due[1]:
                return
            if now >= quiet_since + self._heartbeat_seconds:
                await send(HEARTBEAT)
                quiet_since = now
            until = quiet_since + self._heartbeat_seconds
            if self._end_due is not None:
                until = min(until, self._end_due[1])
            await place.channel.wait(number, max(0.0, until - now))

    def _take(self, frames: list[Frame]) -> bytes:
        for frame in frames:
            if frame.status == "open":
                self._end_due = None
            elif frame.status is not None:
                self._end_after(frame.status, END_GRACE_SECONDS)
        self._cursor = frames[-1].cursor
        return b"".join(frame.data for frame in frames if self._wanted.takes(frame))

    def _end_after(self, status: str, wait_seconds: float) -> None:
        self._end_due = (status, asyncio.get_running_loop().time() + wait_seconds)

    async def _send_history(self, end: Cursor, send: Send) -> None:
        """Send what is stored before a cursor, and move there."""
        chunk = bytearray()
        async for frame in frames_between(self._lines, *self._key, self._cursor, end):
            if self._wanted.takes(frame):
                chunk += frame.data
            if len(chunk) >= _CHUNK_BYTES:
                await send(bytes(chunk))
                chunk.clear()
        if chunk:
            await send(bytes(chunk))
        self._cursor = self._cursor.advanced_to(end)

    async def _wait_for_projections(self, cursor: Cursor, send: Send) -> None:
        """Wait until history holds everything before a cursor, with heartbeats."""
        events, telemetry = self._hub.partitions_of(*self._key)
        wanted = {(EVENTS, events): cursor.events, (TELEMETRY, telemetry): cursor.telemetry}
        while not self._hub.stopping:
            try:
                await self._positions.wait(wanted, deadline_seconds=self._heartbeat_seconds)
            except BehindPosition:
                await send(HEARTBEAT)
            else:
                return

    async def _state(self) -> FollowState:
        events, telemetry = self._hub.partitions_of(*self._key)
        state = await self._lines.follow_state(
            *self._key, events_partition=events, telemetry_partition=telemetry
        )
        if state is None:
            noun = self._wanted.noun
            words = noun.replace("_", " ")
            raise NotFound(f"There is no such {words}.", code=f"{noun}_not_found")
        return state


def _projected(state: FollowState) -> Cursor:
    return Cursor(events=state.events_next, telemetry=state.telemetry_next)


def _distance(start: Cursor, end: Cursor) -> int:
    return (end.events - start.events) + (end.telemetry - start.telemetry)
