"""What each event says to somebody who follows the log."""

from typing import Any

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration import schedule_events as sev
from sterna_core.migration import sync_events as sy
from sterna_core.migration import validation_events as vev
from sterna_core.migration.checkpoint import CheckpointRecorded
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.error_events import AnyErrorEvent
from sterna_core.migration.event import Event
from sterna_core.migration.narrate_error import narrate_error
from sterna_core.migration.narrate_undo import narrate_undo
from sterna_core.migration.review_events import AnyReviewEvent
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.schedule_events import AnyScheduleEvent
from sterna_core.migration.sync_events import AnySyncEvent
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import AnyUndoEvent
from sterna_core.namespace_migration.progress import MigrationStage
from sterna_core.tasks.telemetry import Level, Phase
from sterna_core.waiting.circles import spoken

LogPhase = Phase | MigrationStage
"""What a line belongs to: a phase of a database's migration, a stage of a namespace's."""


class LogEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log, as REST and SSE give it."""

    timestamp: UtcDatetime
    level: Level
    message: str
    phase: LogPhase | None = None
    table: str | None = None
    resource: str | None = None
    records: int | None = None
    code: str | None = None


class ProgressEntry(Struct, frozen=True, kw_only=True):
    """How far a phase is, as SSE gives it."""

    phase: LogPhase
    percent: float
    records_processed: int


Entry = LogEntry | ProgressEntry


def narrate(event: ev.AnyEvent) -> tuple[Entry, ...]:
    """Give the lines that an event adds to the log: none, one, or one with a progress entry."""
    match event:
        case ev.ChunkCopied():
            line = LogEntry(
                timestamp=event.at,
                level="info",
                message=f"Batch {event.chunk + 1}/{event.chunks} complete",
                phase="data_transfer",
                table=event.table_id,
                records=event.rows,
            )
            progress = ProgressEntry(
                phase="data_transfer",
                percent=event.percent,
                records_processed=event.records_processed,
            )
            return (line, progress)
        case ev.TableCompared(in_pass=True):
            return (_in_pass(event),) if event.differing_buckets else ()
        case ev.TableCompared():
            equal = event.differing_buckets == 0
            line = LogEntry(
                timestamp=event.at,
                level="info" if equal else "warning",
                message=(
                    f"Source and target are equal: {event.table_id}"
                    if equal
                    else f"{event.differing_buckets} buckets differ: {event.table_id}"
                ),
                phase="validation",
                table=event.table_id,
                records=event.target_rows,
            )
            progress = ProgressEntry(
                phase="validation", percent=event.percent, records_processed=event.target_rows
            )
            return (line, progress)
        case _ if isinstance(event, AnyErrorEvent):
            told = narrate_error(event)
            return () if told is None else (_warn_or_info(event, *told),)
        case _ if isinstance(event, AnyUndoEvent):
            return (_warn_or_info(event, *narrate_undo(event)),)
        case _:
            line_only = _line(event)
            return () if line_only is None else (line_only,)


def _in_pass(event: ev.TableCompared) -> LogEntry:
    text = f"Written to on the source: {event.table_id}, in {event.differing_buckets} buckets"
    return _info(event, text, phase="syncing", table=event.table_id)


def _warn_or_info(event: Event, level: Level, message: str, table: str | None) -> LogEntry:
    return LogEntry(timestamp=event.at, level=level, message=message, table=table)


def _line(event: ev.AnyEvent) -> LogEntry | None:
    match event:
        case ev.MigrationCreated():
            return _info(event, f"Migration created: {event.about.name}", phase="planning")
        case MigrationEdited():
            text = "Migration changed"
            if event.round is not None:
                text += ": the plan is made again"
            return _info(event, text, phase="planning")
        case ev.PlanBegun():
            return _info(event, "Planning begun", phase="planning")
        case ev.PlanCompleted():
            summary = event.summary
            text = f"Plan ready: {summary.tables} tables, about {summary.estimated_records} rows"
            return _info(event, text, phase="planning")
        case ev.MappingReviewed():
            verb = "approved" if event.approved else "rejected"
            return _info(event, f"Mapping {verb}", phase="planning", table=event.table_id)
        case ev.PlanApproved():
            return _info(event, "Plan approved", phase="planning")
        case ev.MigrationStarted():
            return _info(event, "Migration started")
        case ev.PhaseStarted():
            return _info(event, f"Phase started: {event.phase}", phase=event.phase)
        case ev.PhaseCompleted():
            text = f"Phase completed: {event.phase} in {event.seconds:.1f} s"
            return _info(event, text, phase=event.phase)
        case ev.SchemaCreated():
            text = f"Schema created: {sum(event.created.values())} objects"
            if event.skipped:
                text += f"; left out: {', '.join(event.skipped[:20])}"
            return _info(event, text, phase="schema_migration")
        case ev.SnapshotExported():
            return _info(event, f"Snapshot {event.generation} of the source taken")
        case ev.SnapshotEnded() if event.lost:
            text = (
                "The snapshot of the source was lost: tables begun under it will be compared "
                "and repaired under a new one"
            )
            return _warn(event, text, code="snapshot_lost")
        case ev.TableRepaired():
            text = f"{event.rows_deleted} rows removed and {event.rows_copied} copied again"
            return _info(event, text, table=event.table_id, records=event.rows_copied)
        case ev.ObjectBuilt():
            return _info(event, f"{event.kind} built: {event.name} in {event.seconds:.1f} s")
        case ev.TaskRetryScheduled() if event.code != "snapshot_lost":
            text = f"A task failed and will be tried again: {event.message}"
            return _warn(event, text, code=event.code)
        case ev.TargetChecked():
            what = "parts of the schema" if event.mode == "schema_only" else "foreign keys"
            text = f"The target is as planned: {event.checked} {what} were checked"
            return _info(event, text, phase="validation")
        case ev.CutoverFinished():
            return _info(event, "Target ready for use", phase="cutover")
        case ev.BookkeepingRemoved():
            return _info(event, "Bookkeeping removed from the target", phase="cutover")
        case _:
            return _life(event)


def _life(event: ev.AnyEvent) -> LogEntry | None:
    match event:
        case ev.PauseRequested():
            return _info(event, "Pausing at the next checkpoint")
        case ev.MigrationPaused():
            return _info(event, "Migration paused")
        case CheckpointRecorded() if event.kind != "automatic":
            text = f"Checkpoint ({event.kind}): {event.rows} rows so far"
            return _info(event, text, phase=event.phase, records=event.rows)
        case MigrationDeleted():
            return _warn(event, "Migration deleted", code=None)
        case RollbackRequested():
            return _warn(event, f"Rollback asked for: {event.strategy}", code=None)
        case ev.MigrationResumed():
            return _info(event, "Migration resumed")
        case ev.MigrationFailed():
            return LogEntry(
                timestamp=event.at,
                level="error",
                message=event.message,
                phase=event.phase,
                table=event.table,
                code=event.code,
            )
        case vev.ValidationChecked() if event.failed:
            text = f"Validation ({event.kind}): {event.failed} of {event.checked} did not pass"
            return _warn(event, text, code="validation_failed")
        case vev.ValidationChecked():
            return _info(event, f"Validation ({event.kind}): {event.checked} passed")
        case vev.ValidationSkipped():
            return _warn(event, f"Validation skipped: {', '.join(event.kinds)}", code=None)
        case ev.CertificateIssued():
            return _info(event, f"Certificate issued: {event.statement.certificate_id}")
        case ev.CancelRequested():
            return _warn(event, "Cancelling", code=None)
        case ev.FenceRaised():
            return _info(event, "The target is shut to executors")
        case ev.MigrationCancelled():
            return _warn(event, "Migration cancelled", code=None)
        case ev.RollbackStarted():
            return _info(event, "Rolling back")
        case ev.RollbackCompleted():
            text = (
                "the tables of the migration are empty"
                if event.strategy == "truncate"
                else "the target is as it was found"
            )
            return _info(event, f"Rolled back: {text}")
        case ev.RollbackFailed():
            return LogEntry(
                timestamp=event.at, level="error", message=event.message, code=event.code
            )
        case ev.MigrationCompleted():
            text = (
                f"Completed: {event.rows} rows in {event.tables} tables, "
                f"compared and equal, in {event.seconds:.1f} s"
            )
            if event.skipped_rows:
                text += f"; {event.skipped_rows} rows were left out, as decided"
            if event.replaced_rows:
                text += f"; {event.replaced_rows} rows have another value, as decided"
            return _info(event, text, records=event.rows)
        case _ if isinstance(event, AnyReviewEvent):
            return _review(event)
        case _ if isinstance(event, AnyScheduleEvent):
            return _schedule(event)
        case _ if isinstance(event, AnySyncEvent):
            return _sync(event)
        case _:
            return None


def _sync(event: AnySyncEvent) -> LogEntry | None:
    match event:
        case sy.ChangesStarted():
            return None
        case sy.ChangesCopied():
            if not event.rows_written:
                return None
            text = f"{event.rows_removed} rows removed and {event.rows_written} written"
            table, rows = event.table_id, event.rows_written
            return _info(event, text, phase="syncing", table=table, records=rows)
        case sy.ChangesRefused():
            text = f"The table is compared, since changes alone do not fit: {event.message}"
            return _info(event, text, phase="syncing", table=event.table_id, code=event.code)
        case sy.StopRequested():
            text = "Stop asked for: the target is brought up to date for the last time"
        case sy.PassStarted():
            text = f"Pass {event.number} begun" + (", the last one" if event.last else "")
        case sy.PassFinished():
            text = f"Pass {event.number} finished in {event.seconds:.1f} s"
    return _info(event, text, phase="syncing")


def _review(event: AnyReviewEvent) -> LogEntry | None:
    match event:
        case rv.MappingCommented():
            return None
        case rv.TransformationProposed():
            text = "A transformation is tried"
            return _info(event, text, phase="planning", table=event.table_id)
        case rv.TransformationAccepted():
            text = f"A transformation is accepted: {event.rows:,} rows were tried"
            return _info(event, text, phase="planning", table=event.table_id)
        case rv.TransformationRefused():
            return LogEntry(
                timestamp=event.at,
                level="warning",
                message=f"A transformation is refused: {event.reason}",
                phase="planning",
                table=event.table_id,
                code=event.code,
            )
        case rv.PlanCheckRequested():
            text = "Dry run begun" if event.rehearsal else "The plan is compared with the source"
            return _info(event, text, phase="planning")
        case rv.PlanChecked() if event.differences:
            return _warn(event, "The source is not what was planned", code="plan_not_ready")
        case rv.PlanChecked():
            text = "Dry run finished" if event.rehearsal else "The source is as it was planned"
            return _info(event, text, phase="planning")
        case rv.PlanCheckFailed():
            return _warn(event, event.message, code=event.code)


def _schedule(event: AnyScheduleEvent) -> LogEntry | None:
    match event:
        case sev.ScheduleSet():
            return _info(event, "Schedule set" if event.schedule else "Schedule removed")
        case sev.ApprovalMissed():
            text = (
                f"The migration was to start at {event.start_at.isoformat()}, but its plan is not"
                " approved: it starts when it is"
            )
            return _warn(event, text, code="approval_timeout")
        case sev.WindowEnding():
            text = f"The maintenance window ends at {event.closes_at.isoformat()}"
            return _warn(event, text, code="window_ending")
        case sev.ScheduleHeld() if event.held_by == "window":
            return _info(
                event, f"The maintenance window ends at {event.until.isoformat()}: pausing"
            )
        case sev.ScheduleHeld():
            return _info(event, "A migration that this one must not run beside is at work: pausing")
        case sev.WaitsLearned() if event.circle:
            text = (
                f"The migration waits for itself: {spoken(event.circle)}. None of these starts by"
                " itself until the schedule of one of them is changed"
            )
            return _warn(event, text, code="waits_for_itself")
        case sev.RecurrenceFired():
            return _info(event, f"Recurrence due: {event.child_id} is made")
        case sev.RecurrenceSkipped():
            text = f"Recurrence left out: {event.child_id} is still at work"
            return _warn(event, text, code="recurrence_skipped")
        case _:
            return None


def _info(event: Event, message: str, **fields: Any) -> LogEntry:
    return LogEntry(timestamp=event.at, level="info", message=message, **fields)


def _warn(event: Event, message: str, *, code: str | None) -> LogEntry:
    return LogEntry(timestamp=event.at, level="warning", message=message, code=code)
