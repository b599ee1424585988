from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sterna_core.schedule.duration import duration_text, parse_duration
from sterna_core.schedule.firings import firings_between, is_cron
from sterna_core.schedule.schedule import Recurrence
from sterna_core.schedule.zone import is_zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_that_the_clock_shows_twice_fires_once() -> None:
    nightly = Recurrence(cron="30 1 * * *", timezone="America/New_York")
    fired = list(firings_between(nightly, at("2026-10-31T12:00"), at("2026-11-02T12:00")))
    assert fired == [at("2026-11-01T05:30"), at("2026-11-02T06:30")]


def test_a_time_that_the_clock_leaps_over_fires_when_it_has_leapt() -> None:
    nightly = Recurrence(cron="30 2 * * *", timezone="America/New_York")
    fired = list(firings_between(nightly, at("2026-03-07T12:00"), at("2026-03-09T12:00")))
    assert fired == [at("2026-03-08T07:00"), at("2026-03-09T06:30")]


@pytest.mark.parametrize("text", ["0 2 * * *", "*/5 * * * mon-fri", "0 0 1 1 *"])
def test_a_cron_expression_is_known(text: str) -> None:
    assert is_cron(text)


@pytest.mark.parametrize("text", ["", "soon", "* * * * * *", "61 * * * *", "0 0 30 2 *"])
def test_what_never_fires_or_too_often_is_no_cron_expression(text: str) -> None:
    assert not is_cron(text)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "a\0b"])
def test_what_is_no_zone_is_no_zone(name: str) -> None:
    assert not is_zone(name)


@given(some.integers(0, 10**9))
def test_a_duration_is_read_as_it_was_written(seconds: int) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "m", "30", "1.5h", "-5m", "5m1h", "٣m", "5 m"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None
