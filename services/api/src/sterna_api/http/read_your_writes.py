from collections.abc import Mapping
from typing import Protocol

import structlog
from aiohttp import web

from sterna_api.http.caller import CALLER
from sterna_api.http.command_desk import POSITION_HEADER
from sterna_api.http.errors import Handler
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.recent_writes import RecentWrites
from sterna_api.projections.positions import (
    EVENTS,
    BehindPosition,
    JournalPosition,
    ProjectedPositions,
)
from sterna_core.errors import InvalidRequest

PARAMETER = "min_position"
UNASKED_SECONDS_MAX = 1.0
"""How long a GET that names no position waits for what its organisation has just written."""


_log = structlog.get_logger()


class JournalEnds(Protocol):
    """Knows where the journal ends."""

    async def end_offset(self, partition: int) -> int:
        """Give the offset that comes next in a partition; raises Unreachable."""
        ...

    def partition_of(self, org_id: str, aggregate_id: str) -> int:
        """Give the partition of an aggregate."""
        ...


class ReadYourWrites:
    """Lets a GET wait until the projections are where it needs them.

    That is the position it names, or else the last write of its organisation that this process has
    answered: a client that reads where it has written finds what it wrote.
    """

    def __init__(
        self,
        positions: ProjectedPositions,
        ends: JournalEnds,
        *,
        partitions: int,
        deadline_seconds: float,
    ) -> None:
        self._positions = positions
        self._ends = ends
        self._partitions = partitions
        self._deadline_seconds = deadline_seconds
        self._recent = RecentWrites()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait for `?min_position=`; answers 503 when it is not reached in time."""
        text = request.query.get(PARAMETER)
        caller = request.get(CALLER)
        if text is not None and caller is not None:
            await self._wait(self._parse(text).wanted)
        elif caller is not None and request.method == "GET":
            await self._wait_for_recent(caller.org_id)
        response = await handler(request)
        written = response.headers.get(POSITION_HEADER)
        if caller is not None and written is not None:
            self._recent.note(caller.org_id, JournalPosition.parse(written))
        return response

    async def reach(self, position: str) -> bool:
        """Wait for a position that a command has just had; tells whether it was reached."""
        try:
            await self._wait(self._parse(position).wanted)
        except BehindPosition:
            return False
        return True

    async def catch_up_with(self, org_id: str, aggregate_id: str) -> None:
        """Wait until everything is projected that has happened to an aggregate before now."""
        partition = self._ends.partition_of(org_id, aggregate_id)
        await self._wait({(EVENTS, partition): await self._ends.end_offset(partition)})

    async def catch_up(self) -> None:
        """Wait until everything is projected that has happened before now; raises BehindPosition."""
        wanted = {
            (EVENTS, partition): await self._ends.end_offset(partition)
            for partition in range(self._partitions)
        }
        await self._wait(wanted)

    async def _wait_for_recent(self, org_id: str) -> None:
        wanted = self._recent.of(org_id)
        if not wanted:
            return
        seconds = min(UNASKED_SECONDS_MAX, self._deadline_seconds)
        try:
            await self._positions.wait(wanted, deadline_seconds=seconds)
        except BehindPosition:
            # Nobody has asked for it: what is projected is answered.
            _log.warning("read.behind_writes", org_id=org_id, waited_seconds=seconds)
        else:
            self._recent.seen(org_id, wanted)

    async def _wait(self, wanted: Mapping[tuple[str, int], int]) -> None:
        await self._positions.wait(wanted, deadline_seconds=self._deadline_seconds)

    def _parse(self, text: str) -> JournalPosition:
        try:
            position = JournalPosition.parse(text)
        except InvalidRequest as error:
            raise _problem(error.message) from None
        if position.partition >= self._partitions:
            raise _problem("The journal has no such partition.")
        return position


def _problem(message: str) -> InvalidShape:
    return InvalidShape([Problem(("query", PARAMETER), message, "position_invalid")])
