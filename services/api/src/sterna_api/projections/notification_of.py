"""Which events of a migration webhooks are told, and in what words."""

from typing import Any

from sterna_api.projections.notification import Notification, make_notification
from sterna_api.projections.occurrence import Occurrence
from sterna_core import ids
from sterna_core.migration import events as ev
from sterna_core.migration import schedule_events as sev
from sterna_core.migration.error_events import (
    ErrorEscalated,
    ErrorRecovered,
    ErrorResolved,
    ErrorThresholdReached,
)
from sterna_core.migration.event import Event
from sterna_core.migration.view import MigrationView


def notifications_of(occurrence: Occurrence, view: MigrationView) -> tuple[Notification, ...]:
    """Give what webhooks and people are told of an event; nothing of most.

    `view` is the migration after the event. The ids are the same in every reading of the log.
    """
    event = occurrence.event
    assert isinstance(event, Event)
    first = _told(event)
    told = (*((first,) if first is not None else ()), *_also_told(event))
    place = (occurrence.org_id, occurrence.aggregate_id, str(occurrence.sequence))
    return tuple(
        make_notification(
            org_id=occurrence.org_id,
            event_id=ids.derived_id(ids.EVENT, *place, *((kind,) if number else ())),
            kind=kind,
            at=event.at,
            data={
                "migration_id": occurrence.aggregate_id,
                "migration_name": view.about.name,
                "status": view.status,
                **facts,
            },
            request_id=occurrence.request_id,
        )
        for number, (kind, facts) in enumerate(told)
    )


def _told(event: Event) -> tuple[str, dict[str, Any]] | None:
    match event:
        case ev.MigrationCreated():
            return "migration.created", {}
        case ev.MigrationStarted():
            return "migration.started", {}
        case ev.MigrationPaused():
            return "migration.paused", {}
        case ev.MigrationResumed():
            return "migration.resumed", {}
        case ev.MigrationCompleted():
            return "migration.completed", {
                "records": event.rows,
                "tables": event.tables,
                "seconds": event.seconds,
            }
        case ev.CertificateIssued():
            return "certificate.generated", {"certificate_id": event.statement.certificate_id}
        case ev.MigrationFailed():
            return "migration.failed", {
                "code": event.code,
                "message": event.message,
                "phase": event.phase,
            }
        case ev.MigrationCancelled():
            return "migration.cancelled", {}
        case ErrorRecovered():
            return "error.recovered", {"failures": event.failures}
        case ErrorEscalated():
            return "error.escalated", {
                "error_id": event.error_id,
                "class": event.error_class,
                "table": event.table_id,
                "column": event.column,
                "rows": event.rows,
            }
        case ErrorResolved():
            return "error.resolved", {
                "error_id": event.error_id,
                "table": event.table_id,
                "resolution": event.resolution,
                "rows": event.rows,
                "by": event.by,
            }
        case ErrorThresholdReached():
            return "error.occurred", {
                "code": "error_threshold_reached",
                "level": event.level,
                "measure": event.measure,
                "value": event.value,
                "limit": event.limit,
            }
        case ev.PhaseStarted():
            return "migration.phase.started", {"phase": event.phase}
        case ev.PhaseCompleted():
            return "migration.phase.completed", {"phase": event.phase, "seconds": event.seconds}
        case ev.PlanCompleted() if event.pending:
            return "approval.required", {"mappings_pending": event.pending}
        case ev.PlanApproved():
            return "approval.granted", {"by": event.by}
        case ev.MappingReviewed() if not event.approved:
            return "approval.denied", {"mapping_id": event.mapping_id, "by": event.by}
        case sev.ApprovalMissed():
            return "approval.timeout", {"start_at": event.start_at}
        case sev.WaitsLearned() if event.circle:
            return "error.occurred", {"code": "waits_for_itself", "circle": list(event.circle)}
        case sev.WindowEnding():
            return "migration.window.ending", {"closes_at": event.closes_at}
        case ev.RollbackStarted():
            return "rollback.started", {}
        case ev.RollbackCompleted():
            return "rollback.completed", {}
        case ev.RollbackFailed():
            return "rollback.failed", {"code": event.code, "message": event.message}
        case _:
            return None


def _also_told(event: Event) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Give what else the same event is called."""
    match event:
        case ev.PhaseStarted(phase="validation"):
            return (("validation.started", {}),)
        case ev.PhaseCompleted(phase="validation"):
            return (("validation.completed", {"seconds": event.seconds}),)
        case ev.TaskRetryScheduled():
            facts = {"code": event.code, "message": event.message, "failures": event.failures}
            return (("error.occurred", {**facts, "next_attempt_at": event.ready_at}),)
        case ev.MigrationFailed():
            facts = {"code": event.code, "message": event.message, "phase": event.phase}
            kinds = ["migration.phase.failed", "error.escalated"]
            if event.phase == "validation":
                kinds.append("validation.failed")
            return tuple((kind, {**facts, "table": event.table}) for kind in kinds)
        case _:
            return ()
