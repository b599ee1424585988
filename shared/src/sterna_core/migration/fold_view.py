"""The read model of a migration, folded from its events alone."""

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import validation_events as vev
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.error_events import ErrorRetried, ErrorsAwaited
from sterna_core.migration.error_figures import fold_figures
from sterna_core.migration.evolve_agenda import evolve_agenda
from sterna_core.migration.pace import fold_pace
from sterna_core.migration.review import Difference
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.rollback_view import fold_rollback
from sterna_core.migration.status import Status
from sterna_core.migration.sync_events import PassFinished, PassStarted
from sterna_core.migration.sync_view import fold_sync
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import (
    AnyUndoEvent,
)
from sterna_core.migration.validation_view import fold_validation
from sterna_core.migration.view import (
    FailureView,
    IssuedCertificate,
    MigrationView,
    PhaseView,
    first_view,
)
from sterna_core.migration.view_phases import phase_over, with_phase
from sterna_core.migration.view_plan import PlanEvent, fold_plan
from sterna_core.migration.view_undo import fold_undo


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
            return fold_plan(view, event)
        case ev.PlanBegun():
            return replace(view, status="planning")
        case MigrationEdited():
            return _edited(view, event)
        case ev.MigrationStarted():
            return replace(view, status="running", started_at=event.at)
        case ev.PhaseStarted():
            status: Status = "validating" if event.phase == "validation" else "running"
            phase = PhaseView(name=event.phase, status="running", started_at=event.at)
            return replace(with_phase(view, phase), phase=event.phase, status=status)
        case ev.PhaseCompleted():
            return phase_over(view, event.phase, event.seconds)
        case ev.SchemaObjectsFound():
            return replace(view, objects=view.objects + len(event.objects))
        case ev.ObjectBuilt():
            return replace(view, objects_built=view.objects_built + 1)
        case ev.SnapshotExported():
            return replace(view, snapshots=event.generation)
        case PassStarted() | PassFinished():
            percent = 100.0 if isinstance(event, PassFinished) else 0.0
            at_hand = replace(view.phases["syncing"], progress_percent=percent)
            return with_phase(view, at_hand)
        case ev.ChunkCopied() | ev.TableCompared() | ev.TableRepaired():
            return _table(view, event)
        case vev.ValidationChecked() | vev.ValidationSkipped():
            return replace(view, validation=fold_validation(view.validation, event))
        case ev.CutoverFinished():
            return replace(view, receipts=event.receipts)
        case _:
            return _lifecycle(view, event)


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
    return replace(with_phase(view, at_hand), tables={**view.tables, event.table_id: changed})


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
                with_phase(view, failed),
                status="failed",
                plan_status="failed" if event.phase == "planning" else view.plan_status,
                failure=failure,
            )
        case ev.CancelRequested():
            return replace(view, status="rolling_back", rollback=event.rollback)
        case RollbackRequested():
            return replace(view, status="rolling_back", rollback=True, finished_at=None)
        case _ if isinstance(event, AnyUndoEvent):
            return fold_undo(view, event)
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
            with_phase(view, again), status="pending", plan_status="generating", failure=None
        )
    status: Status = "validating" if view.phase == "validation" else "running"
    return replace(with_phase(view, again), status=status, failure=None)


def _edited(view: MigrationView, event: MigrationEdited) -> MigrationView:
    if event.round is None:
        return replace(view, about=event.about)
    fresh = first_view(ev.MigrationCreated(at=event.at, about=event.about))
    return replace(
        fresh, errors_recovered=view.errors_recovered, errors_escalated=view.errors_escalated
    )
