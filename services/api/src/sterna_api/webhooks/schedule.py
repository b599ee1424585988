from collections.abc import Sequence
from datetime import datetime, timedelta

ATTEMPT_DELAYS_SECONDS = (0.0, 60.0, 300.0, 1_800.0, 7_200.0, 28_800.0, 86_400.0)
"""How long after the attempt before it each attempt is made."""


def next_attempt_at(
    delays_seconds: Sequence[float], *, attempt: int, now: datetime
) -> datetime | None:
    """Give when to try again after attempt number `attempt` (from 1) failed; None for never."""
    if attempt >= len(delays_seconds):
        return None
    return now + timedelta(seconds=delays_seconds[attempt])
