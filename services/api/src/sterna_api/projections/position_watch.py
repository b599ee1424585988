import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from sterna_api.projections.database import Database
from sterna_api.projections.offsets import read_notice, read_offsets
from sterna_api.projections.positions import ProjectedPositions
from sterna_core.errors import Transient
from sterna_core.postgres.driver_errors import DRIVER_ERRORS

_POLL_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_log = structlog.get_logger()


class PositionWatch:
    """Keeps `ProjectedPositions` up to date by what projectors, here or elsewhere, announce."""

    def __init__(self, database: Database, positions: ProjectedPositions) -> None:
        self._database = database
        self._positions = positions

    async def run(self) -> None:
        """Listen for ever; goes on after the database was away."""
        while True:
            try:
                async with self._database.session() as connection:
                    await self._listen(connection)
            except (Transient, *DRIVER_ERRORS) as error:
                _log.warning("positions.interrupted", error_type=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(self._database.channel, self._notice())
        while True:
            # A notice can be missed while the listener is being made, and when another schema
            # was put in place; asking now and then is what the waiters can rely on.
            self._positions.update(await read_offsets(connection))
            await asyncio.sleep(_POLL_SECONDS)

    def _notice(self) -> Callable[..., None]:
        def notice(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            self._positions.update(read_notice(str(payload)))

        return notice
