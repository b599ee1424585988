"""When windows are open: arithmetic of wall clocks, without a clock of its own."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from sterna_core.schedule.schedule import DAYS, Window

HORIZON = timedelta(days=16)
"""How far ahead is looked: past the week after one in which a change of the clock fills a window."""

_DAY = timedelta(days=1)
_NEAR = 2 * _DAY
"""As a rule enough: a window of every day opens and closes within it."""
_SECOND = timedelta(seconds=1)
_REMEMBERED = 1_024
_DAY_MINUTES = 24 * 60


class Stretch(Struct, frozen=True, order=True):
    """A time in which a window is open: from `opens` on, before `closes`; UTC."""

    opens: datetime
    closes: datetime


class OpenHours:
    """The hours of several windows together. No window at all is always open."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = tuple(windows)

    def is_open(self, at: datetime) -> bool:
        """Tell whether work is allowed at a moment."""
        return not self._windows or any(_shows(window, at) for window in self._windows)

    def opening(self, at: datetime, *, least: timedelta = timedelta(0)) -> datetime | None:
        """Give the first moment from `at` on that is open, and stays so for longer than `least`.

        None where there is none within the horizon.
        """
        if not self._windows:
            return at
        for horizon in (_NEAR, HORIZON):
            for stretch in _ahead(self._windows, at, horizon):
                opens = max(at, stretch.opens)
                if stretch.closes - opens > least:
                    return opens
        return None

    def closing(self, at: datetime) -> datetime | None:
        """Give when the hours that are open at `at`, or else the next ones, are over.

        None where they are never open, or never closed, within the horizon.
        """
        if not self._windows:
            return None
        first = self.stretch(at)
        return None if first is None or first.closes >= at + HORIZON else first.closes

    def stretch(self, at: datetime) -> Stretch | None:
        """Give the hours that are open at `at`, or else the next ones."""
        near = next(iter(_ahead(self._windows, at, _NEAR)), None)
        if near is not None and near.closes < at + _NEAR:
            return near
        return next(iter(_ahead(self._windows, at, HORIZON)), None)

    def stretches(self, begin: datetime, end: datetime) -> list[Stretch]:
        """Give the open times that overlap `begin` to `end`, apart from each other, in order.

        What reaches past `end` is whole only as far as windows that begin before it go.
        """
        return _stretches(self._windows, begin, end)


def minutes_of(text: str) -> int:
    """Read `HH:MM` as minutes after midnight."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def length_seconds(window: Window) -> int:
    """Give how long a window lasts by a clock that is not changed meanwhile."""
    minutes = (minutes_of(window.end_time) - minutes_of(window.start_time)) % _DAY_MINUTES
    return (minutes or _DAY_MINUTES) * 60


@lru_cache(_REMEMBERED)
def _ahead(windows: tuple[Window, ...], at: datetime, horizon: timedelta) -> tuple[Stretch, ...]:
    """Give what is ahead of a moment; asked again and again while a run is at work."""
    return tuple(_stretches(windows, at, at + horizon))


def _stretches(windows: tuple[Window, ...], begin: datetime, end: datetime) -> list[Stretch]:
    found = sorted(
        stretch for window in windows for stretch in _of_window(window, begin - 2 * _DAY, end)
    )
    merged: list[Stretch] = []
    for stretch in found:
        if merged and stretch.opens <= merged[-1].closes:
            closes = max(merged[-1].closes, stretch.closes)
            merged[-1] = Stretch(merged[-1].opens, closes)
        else:
            merged.append(stretch)
    return [each for each in merged if each.closes > begin and each.opens < end]


def _shows(window: Window, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(window.timezone))
    for day in (wall.date(), wall.date() - _DAY):
        if _begins_on(window, day):
            begin, end = _walls(window, day)
            if begin <= wall.replace(tzinfo=None) < end:
                return True
    return False


def _begins_on(window: Window, day: date) -> bool:
    return not window.days or DAYS[day.weekday()] in window.days


def _walls(window: Window, day: date) -> tuple[datetime, datetime]:
    """Give what the wall clock shows when a window opens and closes, begun on a day."""
    start, end = minutes_of(window.start_time), minutes_of(window.end_time)
    midnight = datetime.combine(day, time())
    if end <= start:
        end += _DAY_MINUTES
    return midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)


def _of_window(window: Window, begin: datetime, end: datetime) -> Iterator[Stretch]:
    zone = ZoneInfo(window.timezone)
    day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        if _begins_on(window, day):
            yield from _instants(zone, *_walls(window, day))
        day += _DAY


def _instants(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Stretch]:
    """Give the times at which a zone's clock shows `begin` to `end`: two where it is put back."""
    low, high = begin.replace(tzinfo=UTC) - _DAY, end.replace(tzinfo=UTC) + _DAY
    for first, after, offset in _offsets(zone, low, high):
        opens = max(first, begin.replace(tzinfo=UTC) - offset)
        closes = min(after, end.replace(tzinfo=UTC) - offset)
        if opens < closes:
            yield Stretch(opens, closes)


def _offsets(
    zone: ZoneInfo, low: datetime, high: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a few days into pieces in which the clock is not put forward or back.

    Clocks are changed at most once in these days.
    """
    before, after = _offset(zone, low), _offset(zone, high)
    if before == after:
        yield low, high, before
        return
    left, right = low, high
    while right - left > _SECOND:
        middle = left + (right - left) // 2
        middle = middle.replace(microsecond=0)
        if middle <= left:
            break
        left, right = (middle, right) if _offset(zone, middle) == before else (left, middle)
    yield low, right, before
    yield right, high, after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None  # every zone of the database has one
    return offset
