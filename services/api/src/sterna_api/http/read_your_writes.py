from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

from sterna_api.http.errors import Handler
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.projections.positions import (
    EVENTS,
    BehindPosition,
    JournalPosition,
    ProjectedPositions,
)
from sterna_core.errors import InvalidRequest

PARAMETER = "min_position"


class JournalEnds(Protocol):
    """Knows where the journal ends."""

    async def end_offset(self, partition: int) -> int:
        """Give the offset that comes next in a partition; raises Unreachable."""
        ...

    def partition_of(self, org_id: str, aggregate_id: str) -> int:
        """Give the partition of an aggregate."""
        ...


class ReadYourWrites:
    """Lets a GET wait until the projections are where it needs them."""

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

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait for `?min_position=`; answers 503 when it is not reached in time."""
        text = request.query.get(PARAMETER)
        if text is not None:
            await self._wait(self._parse(text).wanted)
        return await handler(request)

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
