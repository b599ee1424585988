"""How a rollback goes, as its readers see it."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import (
    AnyUndoEvent,
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
    UndoRequested,
)
from sterna_core.tasks.telemetry import Phase
from sterna_core.tasks.work import UndoStrategy

RollbackStatus = Literal["initiated", "in_progress", "completed", "failed"]


class RollbackView(Struct, frozen=True, kw_only=True):
    """The last rollback of a migration.

    `differences` says in words what is otherwise than before; with `verify` and a status of
    completed, it is empty since nothing is.
    """

    status: RollbackStatus = "initiated"
    strategy: UndoStrategy = "reverse_migration"
    verify: bool = True
    scope: str = "all"
    tables: tuple[str, ...] = ()
    phase: Phase | None = None
    started_at: UtcDatetime
    finished_at: UtcDatetime | None = None
    removed: dict[str, int] = {}
    differences: tuple[str, ...] = ()
    code: str | None = None
    message: str | None = None


def fold_rollback(view: RollbackView | None, event: ev.AnyEvent) -> RollbackView | None:
    """Give the last rollback after an event; None where there was none."""
    match event:
        case ev.CancelRequested():
            return RollbackView(started_at=event.at) if event.rollback else None
        case RollbackRequested():
            return RollbackView(strategy=event.strategy, verify=event.verify, started_at=event.at)
        case UndoRequested(scope=scope) if scope.kind != "checkpoint":
            return RollbackView(
                strategy=event.strategy,
                verify=event.verify,
                scope=scope.kind,
                phase=scope.phase if scope.kind == "phase" else None,
                tables=scope.tables,
                started_at=event.at,
            )
    if view is None or view.status == "completed":
        return view
    if view.status == "failed" and isinstance(event, AnyUndoEvent):
        return view  # it is a checkpoint that is gone back to
    match event:
        case ev.RollbackStarted() | TableUndone() | ObjectsDropped():
            return replace(view, status="in_progress")
        case ev.RollbackCompleted() | UndoCompleted():
            return replace(view, status="completed", finished_at=event.at, removed=event.removed)
        case ev.RollbackFailed() | UndoFailed():
            named = event.details.get("differences", ())
            return replace(
                view,
                status="failed",
                finished_at=event.at,
                differences=tuple(str(each) for each in named),
                code=event.code,
                message=event.message,
            )
        case ev.MigrationCancelled():
            return replace(view, status="failed", finished_at=event.at, code="abandoned")
        case _:
            return view
