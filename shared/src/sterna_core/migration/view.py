"""The read model of a migration: what a GET answers from, folded from the events alone."""

from datetime import timedelta
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sterna_core.certificate.signing import Signature
from sterna_core.certificate.statement import Statement
from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration import validation_events as vev
from sterna_core.migration.about import About
from sterna_core.migration.check_view import CheckView, finished
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.error_events import ErrorRetried, ErrorsAwaited
from sterna_core.migration.error_figures import ErrorFigures, fold_figures
from sterna_core.migration.evolve_agenda import evolve_agenda
from sterna_core.migration.incremental import TableSync
from sterna_core.migration.pace import Pace, fold_pace
from sterna_core.migration.plan import PhasePlan, PlanSummary, Risk
from sterna_core.migration.review import Difference
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.rollback_view import RollbackView, fold_rollback
from sterna_core.migration.status import Status
from sterna_core.migration.sync_events import PassFinished, PassStarted
from sterna_core.migration.sync_view import SyncView, fold_sync
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import (
    AnyUndoEvent,
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
    UndoRequested,
)
from sterna_core.migration.validation_view import ValidationView, fold_validation
from sterna_core.tasks.telemetry import Phase

PhaseStatus = Literal["pending", "running", "completed", "failed"]
PlanStatus = Literal["generating", "failed", "pending_approval", "approved"]
PlanEvent = (
    ev.PlanTablesAdded | ev.PlanCompleted | ev.MappingReviewed | ev.PlanApproved | rv.AnyReviewEvent
)
PHASES: tuple[Phase, ...] = (
    "planning",
    "schema_migration",
    "data_transfer",
    "syncing",
    "validation",
    "cutover",
)
"""All phases in order; `syncing` is left out of every mode but `incremental`."""


class PhaseView(Struct, frozen=True, kw_only=True):
    """One phase, with its duration when it is over and its percentage while it is not."""

    name: Phase
    status: PhaseStatus = "pending"
    started_at: UtcDatetime | None = None
    duration_seconds: float | None = None
    progress_percent: float = 0.0


class TableView(Struct, frozen=True, kw_only=True):
    """One table: what was copied, and what the last comparison said."""

    table_id: str
    target: str
    estimated_rows: int
    chunks: int
    chunks_copied: int = 0
    rows: int = 0
    bytes: int = 0
    rows_repaired: int = 0
    errors: int = 0
    began_at: UtcDatetime | None = None
    copied_at: UtcDatetime | None = None
    compared: bool = False
    equal: bool = False
    source_rows: int | None = None
    target_rows: int | None = None
    source_digest: str | None = None
    target_digest: str | None = None
    sync: TableSync | None = None


class FailureView(Struct, frozen=True, kw_only=True):
    """Why the migration stopped."""

    code: str
    message: str
    phase: Phase
    table: str | None
    at: UtcDatetime
    differences: tuple[Difference, ...] = ()


class IssuedCertificate(Struct, frozen=True, kw_only=True):
    """What was signed at the end."""

    statement: Statement
    signature: Signature


class MigrationView(Struct, frozen=True, kw_only=True):
    """A migration as its readers see it."""

    about: About
    status: Status = "pending"
    phase: Phase = "planning"
    phases: dict[Phase, PhaseView]
    plan_status: PlanStatus = "generating"
    plan_digest: str | None = None
    plan_generated_at: UtcDatetime | None = None
    summary: PlanSummary | None = None
    phase_plans: tuple[PhasePlan, ...] = ()
    risks: tuple[Risk, ...] = ()
    pending_mappings: int = 0
    check: CheckView | None = None
    dry_run: CheckView | None = None
    tables: dict[str, TableView] = {}
    objects: int = 0
    objects_built: int = 0
    records_processed: int = 0
    bytes_processed: int = 0
    errors_recovered: int = 0
    errors_escalated: int = 0
    snapshots: int = 0
    started_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    updated_at: UtcDatetime
    failure: FailureView | None = None
    rollback: bool = False
    receipts: int | None = None
    certificate: IssuedCertificate | None = None
    pace: Pace = Pace()
    undone: RollbackView | None = None
    errors: ErrorFigures = ErrorFigures()
    validation: ValidationView = ValidationView()
    sync: SyncView | None = None

    @property
    def order(self) -> tuple[Phase, ...]:
        """The phases that this migration has, in order."""
        return tuple(name for name in PHASES if name in self.phases)

    @property
    def records_total(self) -> int:
        """Rows in all, as the plan estimates them."""
        return self.summary.estimated_records if self.summary else 0

    @property
    def why_no_certificate(self) -> tuple[str, str]:
        """The reason, as a word and in words, why there is no certificate (if there is none)."""
        if self.status != "completed":
            return "not_completed", "A certificate is issued when a migration completes."
        not_proven = self.validation.why_not_proven(self.about)
        if not_proven is not None:
            return not_proven
        return "not_signed", "No key to sign with was set when the migration completed."


def first_view(event: ev.MigrationCreated) -> MigrationView:
    """Give the view of a migration that was just created."""
    syncs = event.about.options.mode == "incremental"
    phases = {name: PhaseView(name=name) for name in PHASES if syncs or name != "syncing"}
    phases["planning"] = PhaseView(name="planning", status="running", started_at=event.at)
    return MigrationView(about=event.about, phases=phases, updated_at=event.at)


def fold_view(view: MigrationView | None, event: ev.AnyEvent) -> MigrationView | None:
    """Give the view after an event; None while the migration does not exist."""
    if isinstance(event, ev.MigrationCreated):
        return first_view(event)
    if view is None or isinstance(event, MigrationDeleted):
        return None
    agenda = evolve_agenda(view.about.agenda, event)
    if agenda is not view.about.agenda:
        view = replace(view, about=replace(view.about, agenda=agenda))
    errors = fold_figures(view.errors, event)
    if errors is not view.errors:
        view = replace(
            view,
            errors=errors,
            errors_recovered=errors.recovered,
            errors_escalated=errors.escalated,
        )
    return replace(
        _fold(view, event),
        updated_at=event.at,
        pace=fold_pace(view.pace, event),
        undone=fold_rollback(view.undone, event),
        sync=fold_sync(view.sync, event) if view.about.options.mode == "incremental" else None,
    )


def _fold(view: MigrationView, event: ev.AnyEvent) -> MigrationView:
    match event:
        case _ if isinstance(event, PlanEvent):
            return _plan(view, event)
        case ev.PlanBegun():
            return replace(view, status="planning")
        case MigrationEdited():
            return _edited(view, event)
        case ev.MigrationStarted():
            return replace(view, status="running", started_at=event.at)
        case ev.PhaseStarted():
            status: Status = "validating" if event.phase == "validation" else "running"
            phase = PhaseView(name=event.phase, status="running", started_at=event.at)
            return replace(_with_phase(view, phase), phase=event.phase, status=status)
        case ev.PhaseCompleted():
            return _phase_over(view, event.phase, event.seconds)
        case ev.SchemaObjectsFound():
            return replace(view, objects=view.objects + len(event.objects))
        case ev.ObjectBuilt():
            return replace(view, objects_built=view.objects_built + 1)
        case ev.SnapshotExported():
            return replace(view, snapshots=event.generation)
        case PassStarted() | PassFinished():
            percent = 100.0 if isinstance(event, PassFinished) else 0.0
            at_hand = replace(view.phases["syncing"], progress_percent=percent)
            return _with_phase(view, at_hand)
        case ev.ChunkCopied() | ev.TableCompared() | ev.TableRepaired():
            return _table(view, event)
        case vev.ValidationChecked() | vev.ValidationSkipped():
            return replace(view, validation=fold_validation(view.validation, event))
        case ev.CutoverFinished():
            return replace(view, receipts=event.receipts)
        case _:
            return _lifecycle(view, event)


def _with_phase(view: MigrationView, phase: PhaseView) -> MigrationView:
    return replace(view, phases={**view.phases, phase.name: phase})


def _phase_over(view: MigrationView, name: Phase, seconds: float) -> MigrationView:
    over = replace(
        view.phases[name],
        status="completed",
        duration_seconds=round(seconds, 3),
        progress_percent=100.0,
    )
    return _with_phase(view, over)


def _plan(
    view: MigrationView,
    event: PlanEvent,
) -> MigrationView:
    match event:
        case ev.PlanTablesAdded():
            tables = {} if event.part == 0 else dict(view.tables)
            for table in event.tables:
                tables[table.table_id] = TableView(
                    table_id=table.table_id,
                    target=f"{table.target_schema}.{table.target_table}",
                    estimated_rows=table.estimated_rows,
                    chunks=table.chunks,
                    sync=table.sync,
                )
            return replace(view, tables=tables, status="planning")
        case ev.PlanCompleted():
            seconds = (event.at - view.about.created_at).total_seconds()
            return replace(
                _phase_over(view, "planning", seconds),
                status="plan_ready",
                plan_status="pending_approval",
                plan_digest=event.digest,
                plan_generated_at=event.at,
                summary=event.summary,
                phase_plans=event.phases,
                risks=event.risks,
                pending_mappings=event.pending,
                check=None,
                dry_run=None,
            )
        case ev.MappingReviewed() | rv.TransformationProposed():
            return replace(
                view,
                status="plan_ready",
                plan_status="pending_approval",
                plan_digest=event.digest or view.plan_digest,
            )
        case ev.PlanApproved():
            return replace(
                view,
                status="approved",
                plan_status="approved",
                plan_digest=event.digest or view.plan_digest,
                pending_mappings=0,
            )
        case rv.TransformationAccepted():
            return replace(view, plan_digest=event.digest)
        case rv.PlanCheckRequested():
            check = CheckView(number=event.number, requested_at=event.at)
            return replace(view, check=check, dry_run=check if event.rehearsal else view.dry_run)
        case rv.PlanChecked() | rv.PlanCheckFailed():
            return replace(
                view,
                check=finished(view.check, event),
                dry_run=finished(view.dry_run, event),
            )
        case _:
            return view


def _table(
    view: MigrationView, event: ev.ChunkCopied | ev.TableCompared | ev.TableRepaired
) -> MigrationView:
    table = view.tables[event.table_id]
    match event:
        case ev.ChunkCopied():
            changed = replace(
                table,
                chunks_copied=table.chunks_copied + 1,
                rows=table.rows + event.rows,
                bytes=table.bytes + event.bytes,
                began_at=table.began_at or event.at - timedelta(seconds=event.seconds),
                copied_at=event.at,
            )
            view = replace(
                view,
                records_processed=event.records_processed,
                bytes_processed=event.bytes_processed,
            )
            percent = event.percent
        case ev.TableCompared():
            changed = replace(
                table,
                compared=True,
                equal=event.differing_buckets == 0,
                source_rows=event.source_rows,
                target_rows=event.target_rows,
                source_digest=event.source_digest,
                target_digest=event.target_digest,
            )
            percent = event.percent
        case ev.TableRepaired():
            changed = replace(table, rows_repaired=table.rows_repaired + event.rows_copied)
            percent = view.phases[view.phase].progress_percent
    at_hand = view.phases[view.phase]
    if not (view.phase == "data_transfer" and isinstance(event, ev.TableCompared)):
        at_hand = replace(at_hand, progress_percent=percent)
    return replace(_with_phase(view, at_hand), tables={**view.tables, event.table_id: changed})


def _lifecycle(view: MigrationView, event: ev.AnyEvent) -> MigrationView:
    match event:
        case ev.PauseRequested():
            return replace(view, status="pausing")
        case ErrorRetried():
            short = view.tables[event.table_id]
            fuller = replace(short, rows=short.rows + event.rows_copied)
            return replace(
                view,
                tables={**view.tables, event.table_id: fuller},
                records_processed=view.records_processed + event.rows_copied,
            )
        case ErrorsAwaited():
            failure = FailureView(
                code="errors_escalated",
                message=(
                    f"{event.rows} rows were refused by the target, in {event.errors} errors:"
                    " retry or skip each, or put the data right and resume."
                ),
                phase=view.phase,
                table=None,
                at=event.at,
            )
            return replace(view, failure=failure)
        case ev.MigrationPaused():
            return replace(view, status="paused")
        case ev.MigrationResumed():
            return _resumed(view)
        case ev.MigrationFailed():
            failure = FailureView(
                code=event.code,
                message=event.message,
                phase=event.phase,
                table=event.table,
                at=event.at,
                differences=_differences(event),
            )
            table = view.tables.get(event.table or "")
            if table is not None:
                counted = replace(table, errors=table.errors + 1)
                view = replace(view, tables={**view.tables, table.table_id: counted})
            if event.phase == "planning":
                view = _unstarted(view)
            failed = replace(view.phases[event.phase], status="failed")
            return replace(
                _with_phase(view, failed),
                status="failed",
                plan_status="failed" if event.phase == "planning" else view.plan_status,
                failure=failure,
            )
        case ev.CancelRequested():
            return replace(view, status="rolling_back", rollback=event.rollback)
        case RollbackRequested():
            return replace(view, status="rolling_back", rollback=True, finished_at=None)
        case _ if isinstance(event, AnyUndoEvent):
            return _undo(view, event)
        case ev.RollbackFailed():
            failure = FailureView(
                code=event.code, message=event.message, phase=view.phase, table=None, at=event.at
            )
            return replace(view, status="failed", failure=failure)
        case ev.RollbackCompleted():
            return replace(view, status="rolled_back", finished_at=event.at)
        case ev.MigrationCancelled():
            return replace(view, status="cancelled", finished_at=event.at)
        case ev.MigrationCompleted():
            return replace(view, status="completed", finished_at=event.at)
        case ev.CertificateIssued():
            issued = IssuedCertificate(statement=event.statement, signature=event.signature)
            return replace(view, certificate=issued)
        case _:
            return view


def _undo(view: MigrationView, event: AnyUndoEvent) -> MigrationView:
    match event:
        case UndoRequested():
            return replace(view, status="rolling_back", failure=None)
        case TableUndone():
            known = view.tables[event.table_id]
            left = TableView(
                table_id=known.table_id,
                target=known.target,
                estimated_rows=known.estimated_rows,
                chunks=known.chunks,
                chunks_copied=event.below - len(event.but),
                rows=event.rows,
                bytes=event.bytes,
                errors=known.errors,
                began_at=known.began_at,
                copied_at=known.copied_at,
            )
            return replace(
                view,
                tables={**view.tables, event.table_id: left},
                records_processed=event.records_processed,
                bytes_processed=event.bytes_processed,
            )
        case ObjectsDropped():
            built = max(0, view.objects_built - len(event.object_ids))
            return replace(view, objects_built=built)
        case UndoCompleted():
            if event.scope.whole:
                view = _schemaless(view)
            return replace(_back_in(view, event.phase), status="paused")
        case UndoFailed():
            failure = FailureView(
                code=event.code, message=event.message, phase=event.phase, table=None, at=event.at
            )
            view = _back_in(view, event.phase)
            phase = replace(view.phases[event.phase], status="failed")
            return replace(_with_phase(view, phase), status="failed", failure=failure)


def _schemaless(view: MigrationView) -> MigrationView:
    tables = {
        table_id: TableView(
            table_id=table.table_id,
            target=table.target,
            estimated_rows=table.estimated_rows,
            chunks=table.chunks,
        )
        for table_id, table in view.tables.items()
    }
    return replace(
        view, tables=tables, objects=0, objects_built=0, records_processed=0, bytes_processed=0
    )


def _back_in(view: MigrationView, phase: Phase) -> MigrationView:
    """Let a phase be at hand, and those after it still to come."""
    copied = sum(table.chunks_copied for table in view.tables.values())
    chunks = sum(table.chunks for table in view.tables.values())
    percent = round(100.0 * copied / chunks, 1) if phase == "data_transfer" and chunks else 0.0
    place = PHASES.index(phase)
    phases = {
        name: each if PHASES.index(name) < place else PhaseView(name=name)
        for name, each in view.phases.items()
    }
    at_hand = replace(view.phases[phase], status="running", progress_percent=percent)
    phases[phase] = replace(at_hand, duration_seconds=None)
    return replace(view, phase=phase, phases=phases)


def _differences(event: ev.MigrationFailed) -> tuple[Difference, ...]:
    if event.code != "plan_not_ready":
        return ()
    return msgspec.convert(event.details.get("differences", ()), tuple[Difference, ...])


def _unstarted(view: MigrationView) -> MigrationView:
    """Forget a start that came to nothing, since the plan was not true any more."""
    phases = {
        name: phase if name == "planning" else PhaseView(name=name)
        for name, phase in view.phases.items()
    }
    return replace(view, phase="planning", phases=phases, started_at=None)


def _resumed(view: MigrationView) -> MigrationView:
    again = replace(view.phases[view.phase], status="running")
    if view.phase == "planning":
        return replace(
            _with_phase(view, again), status="pending", plan_status="generating", failure=None
        )
    status: Status = "validating" if view.phase == "validation" else "running"
    return replace(_with_phase(view, again), status=status, failure=None)


def _edited(view: MigrationView, event: MigrationEdited) -> MigrationView:
    if event.round is None:
        return replace(view, about=event.about)
    fresh = first_view(ev.MigrationCreated(at=event.at, about=event.about))
    return replace(
        fresh, errors_recovered=view.errors_recovered, errors_escalated=view.errors_escalated
    )
