import asyncio
from collections import deque
from itertools import islice

from sterna_api.streams.frame import Frame

FRAMES_KEPT = 4_096
"""How far behind a follower may be before it has to read from PostgreSQL again."""

_PULSE_SECONDS_MIN = 0.01
_PULSE_SECONDS_PER_FOLLOWER = 0.000_1
"""With many followers each is woken less often, for more frames at a time."""


class Channel:
    """The live frames of one migration, kept once for all its followers.

    Each follower remembers only the number of the frame it wants next.
    """

    def __init__(self, frames_kept: int | None = None) -> None:
        self.followers = 0
        self._frames: deque[Frame] = deque(maxlen=frames_kept or FRAMES_KEPT)
        self._next = 0
        self._pulse = asyncio.Event()
        self._scheduled: asyncio.TimerHandle | None = None
        self._last_pulse = 0.0

    @property
    def next_number(self) -> int:
        """Give the number of the frame that comes next."""
        return self._next

    def append(self, frame: Frame) -> None:
        """Add a frame and see that followers are woken soon."""
        self._frames.append(frame)
        self._next += 1
        if self._scheduled is None:
            loop = asyncio.get_running_loop()
            interval = max(_PULSE_SECONDS_MIN, self.followers * _PULSE_SECONDS_PER_FOLLOWER)
            due = max(loop.time(), self._last_pulse + interval)
            self._scheduled = loop.call_at(due, self.wake)

    def wake(self) -> None:
        """Wake every follower."""
        self._scheduled = None
        self._last_pulse = asyncio.get_running_loop().time()
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    def since(self, number: int) -> list[Frame] | None:
        """Give the frames from a number on; None where they are not kept any more."""
        skipped = number - (self._next - len(self._frames))
        if skipped < 0:
            return None
        return list(islice(self._frames, skipped, None))

    async def wait(self, number: int, wait_seconds: float) -> None:
        """Wait until there is a frame with this number, or for so long."""
        if number < self._next:
            return
        try:
            async with asyncio.timeout(wait_seconds):
                await self._pulse.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Let go of the timer."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
