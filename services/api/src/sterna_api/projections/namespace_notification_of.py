"""Which events of a migration of a namespace webhooks are told, and in what words."""

from typing import Any

from sterna_api.projections.notification import Notification, make_notification
from sterna_api.projections.occurrence import Occurrence
from sterna_core import ids
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.view import NamespaceMigrationView


def namespace_notifications_of(
    occurrence: Occurrence, view: NamespaceMigrationView
) -> tuple[Notification, ...]:
    """Give what webhooks are told of an event; nothing of most.

    `view` is the migration after the event. The ids are the same in every reading of the log.
    """
    event: ev.AnyEvent = occurrence.event  # type: ignore[assignment]  # an event of this kind
    told = _told(event, view)
    if told is None:
        return ()
    kind, facts = told
    migration_id = occurrence.aggregate_id
    notification = make_notification(
        org_id=occurrence.org_id,
        event_id=ids.derived_id(
            ids.EVENT, occurrence.org_id, migration_id, str(occurrence.sequence)
        ),
        kind=kind,
        at=event.at,
        data={
            "migration_id": migration_id,
            "migration_type": view.config.migration_type,
            "source_namespace_id": view.source.namespace_id,
            "target_namespace_id": view.target.namespace_id,
            "status": view.status,
            **facts,
        },
        request_id=occurrence.request_id,
        about=migration_id,
    )
    return (notification,)


def _told(event: ev.AnyEvent, view: NamespaceMigrationView) -> tuple[str, dict[str, Any]] | None:
    match event:
        case ev.NamespaceMigrationCreated():
            return "namespace_migration.created", {"valid": event.result.valid}
        case ev.NamespaceMigrationStarted():
            return "namespace_migration.started", {}
        case ev.StageStarted():
            return "namespace_migration.stage.started", {
                "stage": event.stage,
                "items_total": event.items_total,
            }
        case ev.StageCompleted():
            return "namespace_migration.stage.completed", {
                "stage": event.stage,
                "items_completed": view.stages[event.stage].items_completed,
                "progress_percent": view.percent,
            }
        case ev.NamespaceMigrationPaused():
            return "namespace_migration.paused", {"reason": view.reason}
        case ev.NamespaceMigrationResumed():
            return "namespace_migration.resumed", {}
        case ev.NamespaceMigrationCompleted():
            return "namespace_migration.completed", {
                "documents": event.documents,
                "set_aside": event.set_aside,
            }
        case ev.NamespaceMigrationFailed():
            return "namespace_migration.failed", {
                "stage": event.stage,
                "code": event.code,
                "message": event.message,
                "resource_id": event.resource_id,
            }
        case ev.NamespaceMigrationCancelled():
            return "namespace_migration.cancelled", {"reason": event.reason}
        case ev.RollbackRequested():
            return "namespace_migration.rollback.started", {"drops_target": event.drops_target}
        case ev.NamespaceMigrationRolledBack():
            return "namespace_migration.rollback.completed", {"aliases": event.aliases}
        case ev.RollbackFailed():
            return "namespace_migration.rollback.failed", {
                "code": event.code,
                "message": event.message,
            }
        case _:
            return None
