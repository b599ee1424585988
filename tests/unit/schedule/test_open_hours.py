"""Windows against brute force: the wall clock of every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.schedule.open_hours import OpenHours, minutes_of
from sterna_core.schedule.schedule import DAYS, Window

MINUTE = timedelta(minutes=1)
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
CHANGES = (
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 4, tzinfo=UTC),
    datetime(2026, 7, 15, tzinfo=UTC),
)
times = some.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02}:{m % 60:02}")
windows = some.builds(
    Window,
    name=some.just("w"),
    days=some.lists(some.sampled_from(DAYS), unique=True).map(tuple),
    start_time=times,
    end_time=times,
    timezone=some.sampled_from(ZONES),
)
moments = some.tuples(some.sampled_from(CHANGES), some.integers(-1_440, 2_880)).map(
    lambda drawn: drawn[0] + drawn[1] * MINUTE
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(zone: str, start: str = "01:00", end: str = "04:00", *days: str) -> OpenHours:
    window = Window(name="n", days=days, start_time=start, end_time=end, timezone=zone)  # type: ignore[arg-type]
    return OpenHours([window])


def shows(window: Window, moment: datetime) -> bool:
    """By the clock on the wall, and nothing else."""
    wall = moment.astimezone(ZoneInfo(window.timezone))
    minute = wall.hour * 60 + wall.minute
    start, end = minutes_of(window.start_time), minutes_of(window.end_time)
    today = not window.days or DAYS[wall.weekday()] in window.days
    yesterday = not window.days or DAYS[(wall.weekday() - 1) % 7] in window.days
    if start < end:
        return today and start <= minute < end
    return (today and minute >= start) or (yesterday and minute < end)


@given(some.lists(windows, min_size=1, max_size=3), moments)
@settings(max_examples=60, deadline=None)
def test_the_open_stretches_of_two_days_are_those_of_every_minutes_wall_clock(
    drawn: list[Window], begin: datetime
) -> None:
    hours = OpenHours(drawn)
    stretches = hours.stretches(begin, begin + 2 * 1_440 * MINUTE)
    for number in range(2 * 1_440):
        moment = begin + number * MINUTE
        expected = any(shows(window, moment) for window in drawn)
        assert hours.is_open(moment) == expected, moment
        assert any(each.opens <= moment < each.closes for each in stretches) == expected, moment


@given(some.lists(windows, min_size=1, max_size=3), moments)
@settings(max_examples=200, deadline=None)
def test_an_opening_is_open_and_what_lies_before_it_is_not(
    drawn: list[Window], moment: datetime
) -> None:
    hours = OpenHours(drawn)
    opens, closes = hours.opening(moment), hours.closing(moment)
    if opens is None:
        assert not hours.is_open(moment)
        return
    assert opens >= moment
    assert hours.is_open(opens)
    assert (opens == moment) == hours.is_open(moment)
    if opens > moment:
        assert not hours.is_open(opens - MINUTE) or opens - moment < MINUTE
    if closes is not None:
        assert closes > opens
        assert not hours.is_open(closes)
        assert hours.is_open(closes - MINUTE / 2)
        assert hours.closing(opens) == closes


@given(some.lists(windows, min_size=1, max_size=3), moments, some.integers(1, 600))
@settings(max_examples=100, deadline=None)
def test_an_opening_of_at_least_so_long_lasts_so_long(
    drawn: list[Window], moment: datetime, minutes: int
) -> None:
    hours, least = OpenHours(drawn), minutes * MINUTE
    opens = hours.opening(moment, least=least)
    if opens is not None:
        closes = hours.closing(opens)
        assert closes is None or closes - opens > least


def test_a_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    (night,) = nightly("America/New_York").stretches(at("2026-03-08T00:00"), at("2026-03-09T00:00"))
    assert (night.opens, night.closes) == (at("2026-03-08T06:00"), at("2026-03-08T08:00"))


def test_a_night_in_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    (night,) = nightly("America/New_York").stretches(at("2026-11-01T00:00"), at("2026-11-02T00:00"))
    assert (night.opens, night.closes) == (at("2026-11-01T05:00"), at("2026-11-01T09:00"))


def test_a_window_that_begins_in_the_hour_left_out_opens_when_the_clock_has_leapt() -> None:
    hours = nightly("America/New_York", "02:30", "04:00")
    assert hours.opening(at("2026-03-08T05:00")) == at("2026-03-08T07:00")


def test_a_window_within_the_hour_left_out_opens_on_the_next_day() -> None:
    hours = nightly("America/New_York", "02:10", "02:50")
    assert hours.opening(at("2026-03-08T05:00")) == at("2026-03-09T06:10")


def test_a_window_within_the_hour_that_comes_twice_opens_twice() -> None:
    hours = nightly("America/New_York", "01:15", "01:45")
    assert hours.closing(at("2026-11-01T05:20")) == at("2026-11-01T05:45")
    assert hours.opening(at("2026-11-01T05:45")) == at("2026-11-01T06:15")


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    hours = nightly("UTC", "22:00", "02:00", "fri")
    assert hours.is_open(at("2026-01-03T01:59"))  # a Saturday
    assert not hours.is_open(at("2026-01-02T01:00"))
    assert hours.opening(at("2026-01-03T02:00")) == at("2026-01-09T22:00")


def test_windows_that_touch_are_one_stretch() -> None:
    both = OpenHours(
        [
            Window(name="a", start_time="01:00", end_time="03:00", timezone="UTC"),
            Window(name="b", start_time="03:00", end_time="04:00", timezone="UTC"),
        ]
    )
    assert both.closing(at("2026-01-01T01:00")) == at("2026-01-01T04:00")


@pytest.mark.parametrize("hours", [OpenHours([]), nightly("UTC", "00:00", "00:00")])
def test_hours_without_an_end_never_close(hours: OpenHours) -> None:
    assert hours.is_open(at("2026-01-01T12:00"))
    assert hours.closing(at("2026-01-01T12:00")) is None
