"""Which events of a migration webhooks are told, and in what words."""

from typing import Any

import msgspec

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.webhook_rows import Notification
from sterna_core import ids
from sterna_core.migration import events as ev
from sterna_core.migration import schedule_events as sev
from sterna_core.migration.event import Event
from sterna_core.migration.view import MigrationView

_EVENT = "evt_"


def notification_of(occurrence: Occurrence, view: MigrationView) -> Notification | None:
    """Give what webhooks are told of an event, as CloudEvents 1.0 structured JSON; None for most.

    `view` is the migration after the event. The id is the same in every reading of the log.
    """
    event = occurrence.event
    assert isinstance(event, Event)
    told = _told(event)
    if told is None:
        return None
    kind, facts = told
    event_id = ids.derived_id(
        _EVENT, occurrence.org_id, occurrence.aggregate_id, str(occurrence.sequence)
    )
    body = {
        "specversion": "1.0",
        "id": event_id,
        "type": kind,
        "source": f"/v1/migrations/{occurrence.aggregate_id}",
        "subject": occurrence.aggregate_id,
        "time": event.at,
        "datacontenttype": "application/json",
        "data": {
            "migration_id": occurrence.aggregate_id,
            "migration_name": view.about.name,
            "status": view.status,
            "organization_id": occurrence.org_id,
            **facts,
        },
    }
    text = msgspec.json.encode(body).decode()
    return Notification(occurrence.org_id, event_id, kind, event.at, text)


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
