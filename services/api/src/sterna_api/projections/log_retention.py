import asyncio
from datetime import timedelta

import structlog

from sterna_api.projections.database import Database
from sterna_api.projections.statements import Statements
from sterna_core.clock import Clock
from sterna_core.errors import Transient

LOOK_SECONDS = 3600.0
LINES_AT_ONCE = 10_000

_SQL = Statements("rows.sql")
_log = structlog.get_logger()


class LogRetention:
    """Forgets log lines and refused requests as the topic they come from does: after so many days.

    Lines that events tell are kept for ever, as the journal is: a rebuild gives the same answers.
    """

    def __init__(self, database: Database, days: int, clock: Clock) -> None:
        self._database = database
        self._days = days
        self._clock = clock

    async def run(self) -> None:
        """Forget what is too old now and then, for ever; a database that is away is asked later."""
        while True:
            try:
                await self.forget()
            except Transient as error:
                _log.warning("log_lines.not_forgotten", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def forget(self) -> int:
        """Forget what is too old now; gives how many lines that were."""
        before = self._clock() - timedelta(days=self._days)
        lines = 0
        for statement in ("forget_log_lines", "forget_audit_lines"):
            while gone := await self._database.count(_SQL[statement], before, LINES_AT_ONCE):
                lines += gone
        if lines:
            _log.info("log_lines.forgotten", lines=lines, days=self._days)
        return lines
