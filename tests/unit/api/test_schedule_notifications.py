from datetime import UTC, datetime

import pytest

from sterna_api.projections.notification_of import notifications_of
from sterna_api.projections.occurrence import Occurrence
from sterna_core.migration import schedule_events as sev
from sterna_core.migration.event import Event
from sterna_core.migration.fold_view import fold_view
from sterna_core.webhook.event_type import EVENT_TYPES
from support.migration.clockwork import Clockwork

AT = datetime(2026, 2, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (sev.ApprovalMissed(at=AT, start_at=AT), "approval.timeout"),
        (sev.WindowEnding(at=AT, closes_at=AT), "migration.window.ending"),
        (sev.ScheduleAttended(at=AT), None),
    ],
)
def test_webhooks_are_told_of_late_approvals_and_windows_that_end(
    event: Event, kind: str | None
) -> None:
    clock = Clockwork(AT)
    clock.create("mig_1")
    view = None
    for each in clock.events("mig_1"):
        view = fold_view(view, each)
    assert view is not None
    told = notifications_of(Occurrence("org", "mig_1", 0, 1, 9, event), view)
    assert [each.type for each in told] == ([kind] if kind else [])
    assert kind is None or kind in EVENT_TYPES
