"""What webhooks are told about webhooks."""

from sterna_api.projections.notification import Notification, make_notification
from sterna_api.projections.occurrence import Occurrence
from sterna_core import ids
from sterna_core.webhook.events import WebhookDisabled, WebhookTested

_NOBODY = ids.MIGRATION + "0" * 32


def test_notice(occurrence: Occurrence, event: WebhookTested) -> Notification:
    """Give the test event that one webhook is sent: of the type asked for, about no migration."""
    return make_notification(
        org_id=occurrence.org_id,
        event_id=event.event_id,
        kind=event.event_type,
        at=event.at,
        data={
            "migration_id": _NOBODY,
            "migration_name": "Test",
            "test": True,
            "webhook_id": occurrence.aggregate_id,
        },
        addressee=occurrence.aggregate_id,
        request_id=occurrence.request_id,
    )


def disabled_notice(occurrence: Occurrence, event: WebhookDisabled) -> Notification:
    """Give what the organisation's other webhooks are told of one that is disabled."""
    event_id = ids.derived_id(
        ids.EVENT, occurrence.org_id, occurrence.aggregate_id, str(occurrence.sequence)
    )
    return make_notification(
        org_id=occurrence.org_id,
        event_id=event_id,
        kind="webhook.disabled",
        at=event.at,
        data={"webhook_id": occurrence.aggregate_id, "reason": event.reason},
        request_id=occurrence.request_id,
    )
