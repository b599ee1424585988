import asyncio
from typing import Protocol

import structlog

from sterna_core.errors import Transient

LOOK_SECONDS = 600.0
ANSWERS_AT_ONCE = 10_000
HOUR_SECONDS = 3600.0
_log = structlog.get_logger()


class Forgetful(Protocol):
    """Forgets what is old."""

    async def forget(self, *, seconds: float, most: int) -> int:
        """Forget what was begun so long ago, at most so much; gives how much."""
        ...


class AnswerRetention:
    """Forgets answers after so many hours: a key may then be used for another request."""

    def __init__(self, answers: Forgetful, hours: float) -> None:
        self._answers = answers
        self._seconds = hours * HOUR_SECONDS

    async def run(self) -> None:
        """Forget what is too old now and then, for ever; a database that is away is asked later."""
        while True:
            try:
                await self.forget()
            except Transient as error:
                _log.warning("answers.not_forgotten", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def forget(self) -> int:
        """Forget what is too old now; gives how many answers that were."""
        answers = 0
        while gone := await self._answers.forget(seconds=self._seconds, most=ANSWERS_AT_ONCE):
            answers += gone
        if answers:
            _log.info("answers.forgotten", answers=answers)
        return answers
