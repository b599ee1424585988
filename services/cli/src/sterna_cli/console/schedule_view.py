from collections.abc import Iterator
from datetime import UTC, datetime

from sterna_cli.client.schedule import Schedule
from sterna_cli.console.terminal import Terminal


def show_schedule(terminal: Terminal, schedule: Schedule | None) -> None:
    """Print when a migration works; nothing where nobody has said so."""
    if schedule is None:
        return
    terminal.heading("Schedule")
    for name, text in _lines(schedule):
        terminal.say(f"  {name:<10} {text}")


def _lines(schedule: Schedule) -> Iterator[tuple[str, str]]:
    if schedule.next_start_at is not None:
        yield "starts", _moment(schedule.next_start_at)
    elif schedule.start_at is not None:
        yield "start", _moment(schedule.start_at)
    for window in schedule.windows:
        days = ", ".join(window.days) or "every day"
        hours = f"{window.start_time} to {window.end_time} {window.timezone}"
        yield "window", f"{window.name}: {days}, {hours}"
    if schedule.windows:
        yield "outside", schedule.outside_window
        if schedule.in_window and schedule.window_closes_at is not None:
            yield "now", f"open until {_moment(schedule.window_closes_at)}"
        elif not schedule.in_window and schedule.window_opens_at is not None:
            yield "now", f"closed until {_moment(schedule.window_opens_at)}"
    if schedule.paused_by_schedule:
        yield "paused", "by the schedule, which resumes it"
    for awaited in schedule.wait_for:
        state = "met" if awaited.met else "not yet"
        yield "waits for", f"{awaited.migration_id} {awaited.condition}: {state}"
    for other in schedule.exclude_concurrent:
        yield "never with", other
    if schedule.recurring is not None:
        recurring = schedule.recurring
        then = f", next {_moment(recurring.next_at)}" if recurring.next_at else ""
        yield "recurs", f"{recurring.cron} {recurring.timezone}{then}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
