import msgspec
import pytest

from sterna_cli.client.answers import Migration
from sterna_cli.console.schedule_view import show_schedule
from sterna_cli.console.terminal import Terminal

ANSWER = b"""{"id": "mig_1", "status": "approved", "schedule": {
  "start_at": "2026-02-15T02:00:00Z", "next_start_at": "2026-02-15T07:00:00Z",
  "windows": [{"name": "night", "days": ["sat", "sun"], "start_time": "02:00",
               "end_time": "06:00", "timezone": "America/New_York"}],
  "outside_window": "pause", "in_window": false, "window_opens_at": "2026-02-15T07:00:00Z",
  "wait_for": [{"migration_id": "mig_2", "condition": "completed", "met": false}],
  "recurring": {"cron": "0 2 * * 6", "timezone": "UTC", "next_at": "2026-02-21T02:00:00Z"},
  "a_field_of_tomorrow": 1}}"""


def shown(migration: Migration, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_schedule(Terminal(), migration.schedule)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_a_schedule_is_shown_with_what_comes_next(capsys: pytest.CaptureFixture[str]):
    lines = shown(msgspec.json.decode(ANSWER, type=Migration), capsys)
    assert lines[1:] == [
        "starts 2026-02-15 07:00:00 UTC",
        "window night: sat, sun, 02:00 to 06:00 America/New_York",
        "outside pause",
        "now closed until 2026-02-15 07:00:00 UTC",
        "waits for mig_2 completed: not yet",
        "recurs 0 2 * * 6 UTC, next 2026-02-21 02:00:00 UTC",
    ]


def test_where_there_is_no_schedule_nothing_is_shown(capsys: pytest.CaptureFixture[str]):
    assert shown(Migration(id="mig_1", status="running"), capsys) == []
