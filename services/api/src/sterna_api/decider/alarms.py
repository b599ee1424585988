import asyncio
import heapq
from datetime import datetime
from uuid import uuid5

import structlog

from sterna_core.clock import Clock
from sterna_core.correlation import following_from
from sterna_core.errors import Transient
from sterna_core.ids import NAMESPACE
from sterna_core.journal.aggregate import Timer
from sterna_core.journal.fold import EntryKey
from sterna_core.journal.log import RecordTooLarge
from sterna_core.journal.sender import CommandSender

ACTOR = "timer"
_POLL_SECONDS = 0.5
"""The clock is looked at this often, whatever it does in between."""
_log = structlog.get_logger(__name__)


class Alarms:
    """The timers of one partition's aggregates: each sends its command when its time has come.

    A command of a timer has an id that follows from the timer, so that one sent twice, by this
    owner or the next, is recognised.
    """

    def __init__(self, commands: CommandSender, clock: Clock) -> None:
        self._commands = commands
        self._clock = clock
        self._set: dict[EntryKey, dict[str, Timer]] = {}
        self._fired: set[tuple[EntryKey, str]] = set()
        self._heap: list[tuple[datetime, EntryKey, str]] = []
        self._requests: dict[EntryKey, str | None] = {}

    def reset(self) -> None:
        """Forget everything, at the beginning of a term."""
        self._set.clear()
        self._fired.clear()
        self._heap.clear()
        self._requests.clear()

    def update(
        self, key: EntryKey, timers: tuple[Timer, ...], request_id: str | None = None
    ) -> None:
        """Replace an aggregate's timers; they follow from the request `request_id`."""
        before = self._set.pop(key, {})
        self._requests.pop(key, None)
        for name in before.keys() - {timer.name for timer in timers}:
            self._fired.discard((key, name))
        if timers:
            self._set[key] = {timer.name: timer for timer in timers}
            self._requests[key] = request_id
        for timer in timers:
            if (key, timer.name) not in self._fired and before.get(timer.name) != timer:
                heapq.heappush(self._heap, (timer.at, key, timer.name))

    async def run(self) -> None:
        """Fire what is due, for ever."""
        while True:
            while self._heap and self._heap[0][0] <= self._clock():
                at, key, name = heapq.heappop(self._heap)
                timer = self._set.get(key, {}).get(name)
                if timer is None or timer.at != at or (key, name) in self._fired:
                    continue
                with following_from(self._requests.get(key)):
                    fired = await self._fire(key, timer)
                if fired:
                    self._fired.add((key, name))
                else:
                    heapq.heappush(self._heap, (at, key, name))
                    break
            await asyncio.sleep(self._pause_seconds())

    def _pause_seconds(self) -> float:
        if not self._heap:
            return _POLL_SECONDS
        left = (self._heap[0][0] - self._clock()).total_seconds()
        return min(_POLL_SECONDS, left) if left > 0 else _POLL_SECONDS

    async def _fire(self, key: EntryKey, timer: Timer) -> bool:
        org_id, aggregate_id = key
        command_id = str(uuid5(NAMESPACE, f"timer\0{org_id}\0{aggregate_id}\0{timer.name}"))
        try:
            await self._commands.append(
                timer.to or aggregate_id,
                org_id,
                timer.command,
                command_id=command_id,
                actor=ACTOR,
                now=self._clock(),
            )
        except Transient as error:
            _log.warning("timer_not_fired", aggregate_id=aggregate_id, code=error.code)
            return False
        except RecordTooLarge:
            _log.exception("timer_too_large", aggregate_id=aggregate_id)
        return True
