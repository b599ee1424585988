"""What becomes of rows that were refused: escalated, tried again, left out, or awaited."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import error_events as ee
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.data_error import DataError
from sterna_core.migration.draft import Draft
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.replacement import resolution_of
from sterna_core.migration.replacing import tell_replaced, wanted_replacement
from sterna_core.migration.reports import ReportRowsRetried
from sterna_core.migration.set_aside import SetAside
from sterna_core.migration.status import status_of
from sterna_core.migration.thresholds import RATE_NEEDS_ROWS

_LEVELS: tuple[ee.ThresholdLevel, ...] = ("alert", "pause", "fail")


def escalate(
    draft: Draft, table_id: str, chunk: int | None, generation: int, told: tuple[SetAside, ...]
) -> None:
    """Tell of every error of rows that were set aside."""
    for each in told:
        draft.add(
            ee.ErrorEscalated(
                at=draft.at,
                error_id=each.error_id,
                table_id=table_id,
                chunk=chunk,
                generation=generation,
                error_class=each.error_class,
                sqlstate=each.sqlstate,
                column=each.column,
                constraint=each.constraint,
                rows=each.rows,
                addresses=each.addresses,
            )
        )


def repaired(draft: Draft, table_id: str, generation: int, told: tuple[SetAside, ...]) -> None:
    """Take in everything that is set aside of a table, now that it was repaired."""
    again = {each.error_id: each for each in told}
    for error_id, error in _of_table(draft, table_id).items():
        now = again.get(error_id)
        tell_replaced(draft, error_id, error, generation, now.replaced if now else 0)
        if (now is None or not now.rows) and error.standing != "resolved":
            _arrived(draft, error_id)
    escalate(draft, table_id, None, generation, tuple(each for each in told if each.rows))


def compared_equal(draft: Draft, table_id: str, generation: int) -> None:
    """Close the errors of earlier snapshots: without their rows both sides are equal."""
    for error_id, error in _of_table(draft, table_id).items():
        if error.generation != generation:
            tell_replaced(draft, error_id, error, generation, 0)
            if error.standing != "resolved":
                _arrived(draft, error_id)


def rows_set_aside(draft: Draft, table_id: str, generation: int) -> int:
    """Count the rows of a table that are known to be set aside under a snapshot."""
    return sum(
        error.rows
        for error in _of_table(draft, table_id).values()
        if error.generation == generation
    )


def rows_replaced(draft: Draft, table_id: str, generation: int) -> int:
    """Count the rows of a table that are known to have another value, under a snapshot."""
    return sum(
        error.replaced
        for error in _of_table(draft, table_id).values()
        if error.generation == generation
    )


def retried(draft: Draft, told: ReportRowsRetried, error_id: str, generation: int) -> None:
    """Take in what became of rows that were tried again."""
    error = errors_of(draft)[error_id]
    draft.add(
        ee.ErrorRetried(
            at=draft.at,
            task_id=told.task_id,
            error_id=error_id,
            table_id=error.table_id,
            rows_copied=told.rows_copied,
            rows_left=told.rows_left,
            code=told.code,
            refusal=told.reason,
        )
    )
    replaced = error.replaced + told.rows_replaced
    tell_replaced(draft, error_id, error, generation, replaced)
    if not told.rows_left:
        _arrived(draft, error_id)


def resolve(draft: Draft, command: ResolveError, context: Context) -> None:
    """Decide what becomes of an error; goes on where nothing else is awaited."""
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        status = status_of(draft.state)
        words = status.replace("_", " ")
        raise Rejected(
            "invalid_state",
            f"Cannot resolve an error of a migration that is {words}.",
            {"status": status},
        )
    error = draft.state.run.errors.get(command.error_id)
    if error is None:
        raise Rejected("error_not_found", "There is no such error that can be resolved.")
    if error.standing == "resolved" or (
        error.standing == "skipped" and command.resolution == "skip"
    ):
        return
    if draft.state.run.phase == "cutover" or error.standing == "retrying":
        raise Rejected(
            "invalid_state",
            "The rows of this error are being tried again, or it is too late for it.",
            {"error": error.standing, "phase": draft.state.run.phase},
        )
    match command.resolution:
        case "retry" | "default" | "transform":
            draft.add(
                ee.ErrorRetryRequested(
                    at=draft.at,
                    error_id=command.error_id,
                    table_id=error.table_id,
                    reason=command.reason,
                    by=context.actor,
                    replacement=wanted_replacement(draft.state.plan, error, command),
                )
            )
        case "skip":
            draft.add(
                ee.ErrorResolved(
                    at=draft.at,
                    error_id=command.error_id,
                    table_id=error.table_id,
                    resolution="skip",
                    rows=error.rows,
                    reason=command.reason,
                    by=context.actor,
                )
            )
        case "escalate":
            draft.add(
                ee.ErrorKept(
                    at=draft.at,
                    error_id=command.error_id,
                    table_id=error.table_id,
                    reason=command.reason,
                    by=context.actor,
                )
            )
            return
    _go_on(draft, command, context)


def look_again(draft: Draft, by: str) -> None:
    """Have the rows of every open error tried again."""
    for error_id, error in errors_of(draft).items():
        if error.standing == "open":
            draft.add(
                ee.ErrorRetryRequested(
                    at=draft.at, error_id=error_id, table_id=error.table_id, reason=None, by=by
                )
            )


def awaited(draft: Draft) -> bool:
    """Pause where only open errors keep a migration from its cutover; tells whether it did."""
    if not isinstance(draft.state, st.Running) or draft.state.run.phase != "validation":
        return False
    open_errors = [each for each in errors_of(draft).values() if each.standing == "open"]
    if not open_errors:
        return False
    draft.add(
        ee.ErrorsAwaited(
            at=draft.at, errors=len(open_errors), rows=sum(each.rows for each in open_errors)
        )
    )
    draft.add(ev.MigrationPaused(at=draft.at))
    return True


def skipped(draft: Draft) -> tuple[int, int]:
    """Count the errors that were skipped, and their rows."""
    errors = [each for each in errors_of(draft).values() if each.standing == "skipped"]
    return len(errors), sum(each.rows for each in errors)


def replaced(draft: Draft) -> tuple[int, int]:
    """Count the errors whose rows got another value, and these rows."""
    errors = [each for each in errors_of(draft).values() if each.replaced]
    return len(errors), sum(each.replaced for each in errors)


def check_thresholds(draft: Draft) -> None:
    """Alert, pause or fail where more is refused than the migration allows; each once."""
    if not isinstance(draft.state, st.Running | st.Pausing):
        return
    run, limits = draft.state.run, draft.state.about.options.thresholds
    open_errors = [each for each in run.errors.values() if each.standing == "open"]
    reached = _LEVELS.index(run.threshold) if run.threshold else -1
    if len(open_errors) > limits.max_escalated and reached < 2:
        _reached(draft, "fail", "escalated_errors", len(open_errors), limits.max_escalated)
        return
    refused = sum(each.rows for each in run.errors.values())
    tried = run.rows + refused
    if tried < RATE_NEEDS_ROWS:
        return
    rate = 100.0 * refused / tried
    percents = (limits.alert_percent, limits.pause_percent, limits.fail_percent)
    level = max((number for number, each in enumerate(percents) if rate > each), default=-1)
    if level > reached:
        _reached(draft, _LEVELS[level], "error_rate_percent", round(rate, 4), percents[level])


def _reached(
    draft: Draft, level: ee.ThresholdLevel, measure: str, value: float, limit: float
) -> None:
    draft.add(
        ee.ErrorThresholdReached(
            at=draft.at,
            level=level,
            measure=measure,  # type: ignore[arg-type]  # one of the two
            value=float(value),
            limit=float(limit),
        )
    )
    assert isinstance(draft.state, st.Running | st.Pausing)
    words = "errors wait for somebody" if measure == "escalated_errors" else "% of the rows refused"
    message = f"{value:g} {words}: more than the {limit:g} that this migration allows."
    if level == "fail":
        draft.add(
            ev.MigrationFailed(
                at=draft.at,
                task_id=None,
                phase=draft.state.run.phase,
                code="error_threshold_exceeded",
                message=f"{message} Resolve errors, then resume.",
                table=None,
                details={"measure": measure, "value": value, "limit": limit},
            )
        )
    elif level == "pause" and isinstance(draft.state, st.Running):
        draft.add(ev.PauseRequested(at=draft.at, reason=message, immediate=False))


def _go_on(draft: Draft, command: ResolveError, context: Context) -> None:
    if not isinstance(draft.state, st.Paused) or not draft.state.run.awaits_errors:
        return
    waits = any(each.standing == "open" for each in draft.state.run.errors.values())
    if command.resolution != "skip" or not waits:
        draft.add(ev.MigrationResumed(at=draft.at, by=context.actor))


def _arrived(draft: Draft, error_id: str) -> None:
    error = errors_of(draft)[error_id]
    replacement = error.replacement if error.replaced else None
    draft.add(
        ee.ErrorResolved(
            at=draft.at,
            error_id=error_id,
            table_id=error.table_id,
            resolution=resolution_of(replacement) if replacement is not None else "retry",
            rows=error.rows,
            reason=None,
            by=error.by or "sterna",
        )
    )


def errors_of(draft: Draft) -> dict[str, DataError]:
    """Give the errors of the run, by id."""
    match draft.state:
        case st.Running() | st.Pausing() | st.Paused() | st.Failed():
            return draft.state.run.errors
        case _:
            return {}


def _of_table(draft: Draft, table_id: str) -> dict[str, DataError]:
    return {key: each for key, each in errors_of(draft).items() if each.table_id == table_id}
