from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from sterna_core.schedule.schedule import Recurrence

_FIELDS = 5


def next_firing(recurrence: Recurrence, after: datetime) -> datetime | None:
    """Give the first moment after `after` at which a recurrence fires, UTC; None if there is none.

    A time that the clock shows twice fires once; one that it leaps over fires when it has leapt.
    """
    return next(_firings(recurrence, after), None)


def firings_between(recurrence: Recurrence, after: datetime, end: datetime) -> Iterator[datetime]:
    """Give the moments after `after` and before `end`, in order."""
    return takewhile(lambda moment: moment < end, _firings(recurrence, after))


def is_cron(text: str) -> bool:
    """Tell whether a text is a cron expression that fires at all."""
    if len(text.split()) != _FIELDS:
        return False  # cronsim takes seconds too: nobody migrates every second
    try:
        return next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)), None) is not None
    except CronSimError:
        return False


def _firings(recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    start = after.astimezone(ZoneInfo(recurrence.timezone))
    return (moment.astimezone(UTC) for moment in CronSim(recurrence.cron, start))
