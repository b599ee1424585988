import asyncio

import structlog

from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Database
from sterna_executor.databases.postgresql.statements import statements

WATCHDOG_SECONDS = 20.0
TERMINATE_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Watchdog:
    """Ends a session that does not come back, from a second one.

    A timeout around the trial would not: what is cancelled still rolls back, and waits for a
    server that may not answer.
    """

    def __init__(self, source: Database, session: Connection) -> None:
        self._source = source
        self._session = session
        self.has_bitten = False

    async def watch(self) -> None:
        """Wait, and end the session."""
        backend = self._session.get_server_pid()
        await asyncio.sleep(WATCHDOG_SECONDS)
        self.has_bitten = True
        _log.warning("trial.terminated")
        try:
            async with asyncio.timeout(TERMINATE_SECONDS), self._source.session() as second:
                await second.fetchval(statements("trial.sql")["terminate"], backend)
        finally:
            self._session.terminate()
