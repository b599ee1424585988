"""What events about a part of a run that is taken back say in a log."""

from typing import assert_never

from sterna_core.migration import undo_events as ue
from sterna_core.migration.undo_scope import UndoScope
from sterna_core.tasks.telemetry import Level


def narrate_undo(event: ue.AnyUndoEvent) -> tuple[Level, str, str | None]:
    """Give level, message and table."""
    match event:
        case ue.UndoRequested():
            return "warning", f"Going back to {_named(event.scope)}", None
        case ue.TableUndone():
            text = f"{event.rows_removed} rows taken back; {event.rows} are left"
            return "info", text, event.table_id
        case ue.ObjectsDropped():
            return "info", f"{event.dropped} indexes, constraints and the like dropped", None
        case ue.UndoCompleted():
            return "info", f"Back at {_named(event.scope)}: resume to go on from there", None
        case ue.UndoFailed():
            return "error", event.message, None
    assert_never(event)


def _named(scope: UndoScope) -> str:
    match scope.kind:
        case "checkpoint":
            return f"checkpoint {scope.checkpoint_id}"
        case "phase":
            return f"the beginning of {scope.phase}"
        case "tables":
            return f"before the rows of {len(scope.tables)} tables"
