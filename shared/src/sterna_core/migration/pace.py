"""How fast a migration goes, measured from its events alone."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration.error_events import ErrorRetried
from sterna_core.migration.job import SnapshotJob
from sterna_core.migration.sync_events import ChangesCopied, ChangesRefused
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import (
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
    UndoRequested,
)
from sterna_core.migration.validation_events import ValidationChecked

SPAN_SECONDS = 5.0
"""How long rows are counted for one measure of the rate."""

STALE_SECONDS = 30.0
"""A rate that was measured longer ago says nothing about now."""

_LATEST_COUNTS = 0.3
"""How much the latest of a kind of task counts in what the next is expected to take."""

_DONE = (
    ev.ChunkCopied
    | ev.RangeScanned
    | ev.TableCompared
    | ev.TableRepaired
    | ChangesCopied
    | ev.ObjectBuilt
    | ev.SchemaCreated
    | ev.TargetChecked
    | ev.CutoverFinished
    | ev.BookkeepingRemoved
    | ev.FenceRaised
    | rv.PlanChecked
    | rv.TransformationAccepted
    | rv.TransformationRefused
    | ValidationChecked
    | ErrorRetried
    | TableUndone
    | ObjectsDropped
)
_BACK = ev.TaskRetryScheduled | ev.TaskStopped | rv.PlanCheckFailed | ChangesRefused
_OVER = (
    ev.PlanCompleted
    | ev.CancelRequested
    | RollbackRequested
    | ev.MigrationCancelled
    | ev.MigrationCompleted
    | ev.RollbackCompleted
    | ev.RollbackFailed
    | UndoRequested
    | UndoCompleted
    | UndoFailed
)


class TaskAtWork(Struct, frozen=True, kw_only=True):
    """A task that is with an executor, and since when."""

    kind: str
    since: UtcDatetime


class Pace(Struct, frozen=True, kw_only=True):
    """Tasks at work, what a task of each kind takes, and rows and bytes per second.

    The rates are of the last whole span of five seconds or more, which ended at `measured_at`.
    """

    at_work: dict[str, TaskAtWork] = {}
    task_seconds: dict[str, float] = {}
    span_began: UtcDatetime | None = None
    span_rows: int = 0
    span_bytes: int = 0
    rows_per_second: float = 0.0
    bytes_per_second: float = 0.0
    peak_rows_per_second: float = 0.0
    measured_at: UtcDatetime | None = None

    def checkpoint_at(self, now: datetime) -> datetime | None:
        """Give when the last task at work is expected to end; None without a measure of each."""
        expected = [
            each.since + timedelta(seconds=self.task_seconds[each.kind])
            for each in self.at_work.values()
            if each.kind in self.task_seconds
        ]
        if not expected or len(expected) < len(self.at_work):
            return None
        return max(now, *expected)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the rates say something about now."""
        if self.measured_at is None:
            return False
        return (now - self.measured_at).total_seconds() <= STALE_SECONDS


def fold_pace(pace: Pace, event: ev.AnyEvent) -> Pace:
    """Give the pace after an event."""
    match event:
        case ev.TaskDispatched() if not isinstance(event.job, SnapshotJob):
            kind = str(event.job.__struct_config__.tag)
            begun = TaskAtWork(kind=kind, since=event.at)
            return replace(pace, at_work={**pace.at_work, event.task_id: begun})
        case ev.PhaseStarted(phase="data_transfer"):
            return replace(pace, span_began=event.at, span_rows=0, span_bytes=0)
        case ev.PhaseCompleted(phase="data_transfer"):
            return measured(pace, event.at)
        case _ if isinstance(event, _DONE):
            pace = _done(pace, event.task_id, event.at)
            if isinstance(event, ev.ChunkCopied):
                return counted(pace, event.at, rows=event.rows, size=event.bytes)
            return pace
        case _ if isinstance(event, _BACK):
            return _without(pace, event.task_id)
        case ev.MigrationFailed() if event.task_id is not None:
            return _without(pace, event.task_id)
        case ev.MigrationPaused():
            return replace(pace, at_work={}, span_began=None)
        case ev.MigrationResumed():
            return replace(pace, span_began=event.at, span_rows=0, span_bytes=0)
        case _ if isinstance(event, _OVER):
            return replace(pace, at_work={}, span_began=None)
        case _:
            return pace


def _without(pace: Pace, task_id: str) -> Pace:
    left = {key: value for key, value in pace.at_work.items() if key != task_id}
    return replace(pace, at_work=left)


def _done(pace: Pace, task_id: str, at: datetime) -> Pace:
    task = pace.at_work.get(task_id)
    if task is None:
        return pace
    took = max(0.0, (at - task.since).total_seconds())
    before = pace.task_seconds.get(task.kind, took)
    seconds = round(before + _LATEST_COUNTS * (took - before), 3)
    return replace(_without(pace, task_id), task_seconds={**pace.task_seconds, task.kind: seconds})


def counted(pace: Pace, at: datetime, *, rows: int, size: int) -> Pace:
    """Count rows that have arrived, and measure once the span is long enough."""
    began = pace.span_began or at
    pace = replace(
        pace,
        span_began=began,
        span_rows=pace.span_rows + rows,
        span_bytes=pace.span_bytes + size,
    )
    if (at - began).total_seconds() < SPAN_SECONDS:
        return pace
    return measured(pace, at)


def measured(pace: Pace, at: datetime) -> Pace:
    """Take the rates of the span so far, and begin another."""
    if pace.span_began is None:
        return pace
    seconds = (at - pace.span_began).total_seconds()
    if seconds <= 0 or not pace.span_rows:
        return pace
    rows = pace.span_rows / seconds
    return replace(
        pace,
        span_began=at,
        span_rows=0,
        span_bytes=0,
        rows_per_second=round(rows, 3),
        bytes_per_second=round(pace.span_bytes / seconds, 3),
        peak_rows_per_second=max(pace.peak_rows_per_second, round(rows, 3)),
        measured_at=at,
    )
