"""What of a rollback is shown."""

from msgspec.structs import replace

from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.view import NamespaceMigrationView, Rollback


def fold_rollback(view: NamespaceMigrationView, event: ev.AnyEvent) -> NamespaceMigrationView:
    """Give the view after an event; the status stays, the phase tells."""
    match event:
        case ev.StepCompleted() if event.aliases:
            return replace(view, aliases=event.aliases)
        case ev.TargetFenced() if view.aliases and event.aliases:
            return replace(view, aliases=event.aliases)
        case ev.RollbackRequested():
            asked = Rollback(
                requested_at=event.at,
                requested_by=event.by,
                reason=event.reason,
                drops_target=event.drops_target,
            )
            return replace(view, phase="rolling_back", epoch=event.epoch, rollback=asked)
        case ev.NamespaceMigrationRolledBack() if view.rollback is not None:
            done = replace(view.rollback, finished_at=event.at, aliases=event.aliases)
            return replace(view, phase="rolled_back", rollback=done)
        case ev.RollbackFailed() if view.rollback is not None:
            failed = replace(
                view.rollback,
                finished_at=event.at,
                error_code=event.code,
                error_message=event.message,
            )
            return replace(view, phase="rollback_failed", rollback=failed)
        case _:
            return view
