"""When to ask a service again that has refused or failed, and when to stop asking."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from sterna_core.clock import Clock

TRIES = 6
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
"""A service that wants a longer pause is not waited for: the work is tried again later."""

Sleep = Callable[[float], Awaitable[None]]


class Patience(Struct, frozen=True):
    """How often a request is tried, how long between, and by whose clock."""

    sleep: Sleep
    clock: Clock
    chance: Callable[[], float]
    """A number from 0 to 1, so that many who were refused together do not come together."""
    tries: int = TRIES
    first_pause_seconds: float = FIRST_PAUSE_SECONDS
    longest_pause_seconds: float = LONGEST_PAUSE_SECONDS

    def pause_seconds(self, failures: int, retry_after: str | None) -> float:
        """Say how long to wait after so many failures: as the service says, or ever longer."""
        asked = read_retry_after(retry_after, self.clock())
        if asked is not None:
            return asked
        longest = min(self.first_pause_seconds * 2.0 ** (failures - 1), self.longest_pause_seconds)
        return longest * (0.5 + self.chance() / 2.0)


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Read the header: seconds or a moment; None where there is none that can be read."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if 0.0 <= seconds < float("inf") else 0.0
