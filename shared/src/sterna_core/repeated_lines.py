import logging
import time
from collections import OrderedDict
from collections.abc import Callable

QUIET_SECONDS = 30.0
LINES_KEPT = 500


class RepeatedLines(logging.Filter):
    """Lets a library's line through once in a while, and counts those that are left out.

    A client of a server that is away says so ten times a second.
    """

    def __init__(
        self,
        *,
        quiet_seconds: float = QUIET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to say the line; what is said again tells how often it was left out."""
        key = (record.name, str(record.msg))
        now = self._clock()
        said_at, left_out = self._seen.get(key, (-self._quiet_seconds, 0))
        if now - said_at < self._quiet_seconds:
            self._seen[key] = (said_at, left_out + 1)
            return False
        self._seen[key] = (now, 0)
        self._seen.move_to_end(key)
        while len(self._seen) > LINES_KEPT:
            self._seen.popitem(last=False)
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} times since)"
            record.args = ()
        return True
