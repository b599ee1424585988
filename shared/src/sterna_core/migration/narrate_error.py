"""What events about errors say in a log."""

from typing import assert_never

from sterna_core.migration import error_events as ee
from sterna_core.migration.set_aside import reason_of
from sterna_core.tasks.telemetry import Level


def narrate_error(event: ee.AnyErrorEvent) -> tuple[Level, str, str | None] | None:
    """Give level, message and table; none where there is nothing to say."""
    match event:
        case ee.ErrorEscalated():
            column = f", column {event.column}" if event.column else ""
            text = f"{event.rows} rows were refused and set aside: {reason_of(event.sqlstate)}"
            return "warning", text + column, event.table_id
        case ee.ErrorRetryRequested():
            text = "Rows that were set aside will be tried again"
            if event.replacement is not None:
                column = event.replacement.column
                text += f"; those that are refused again get another value of {column}"
            return "info", text, event.table_id
        case ee.ErrorRetried() if event.code is not None:
            text = f"Rows were not given another value: {event.refusal}"
            return "warning", text, event.table_id
        case ee.ErrorReplaced():
            text = f"{event.rows} rows are in the target with another value, as decided"
            return "warning" if event.rows else "info", text, event.table_id
        case ee.ErrorRetried():
            text = (
                f"{event.rows_copied} rows arrived that were set aside; {event.rows_left} did not"
            )
            return "info" if not event.rows_left else "warning", text, event.table_id
        case ee.ErrorResolved() if event.resolution == "skip":
            return "warning", f"{event.rows} rows are left out for good, as decided", event.table_id
        case ee.ErrorResolved():
            return "info", "Rows that were refused are not missing any more", event.table_id
        case ee.ErrorKept():
            return "info", "An error was left for others to resolve", event.table_id
        case ee.ErrorRecovered():
            return "info", f"A task succeeded after {event.failures} failures", None
        case ee.ErrorsAwaited():
            text = f"Waiting for decisions on {event.errors} errors, {event.rows} rows"
            return "warning", text, None
        case ee.ErrorThresholdReached():
            text = f"Threshold reached ({event.level}): {event.value:g} of {event.limit:g}"
            return "error" if event.level == "fail" else "warning", text, None
    assert_never(event)
