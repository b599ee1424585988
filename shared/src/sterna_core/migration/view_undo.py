"""What the read model shows of a run that goes back."""

from msgspec.structs import replace

from sterna_core.migration.undo_events import (
    AnyUndoEvent,
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
    UndoRequested,
)
from sterna_core.migration.view import PHASES, FailureView, MigrationView, PhaseView, TableView
from sterna_core.migration.view_phases import with_phase
from sterna_core.tasks.telemetry import Phase


def fold_undo(view: MigrationView, event: AnyUndoEvent) -> MigrationView:
    """Give the view after a step back."""
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
                sync=known.sync,
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
            return replace(with_phase(view, phase), status="failed", failure=failure)


def _schemaless(view: MigrationView) -> MigrationView:
    tables = {
        table_id: TableView(
            table_id=table.table_id,
            target=table.target,
            estimated_rows=table.estimated_rows,
            chunks=table.chunks,
            sync=table.sync,
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
