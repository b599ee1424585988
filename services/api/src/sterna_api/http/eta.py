"""When a migration is expected to be complete: from rates that were measured, or not said."""

from datetime import datetime, timedelta

from sterna_core.migration.view import MigrationView

_AT_WORK = frozenset(("running", "validating"))


def average_rate(view: MigrationView, now: datetime) -> float:
    """Give the rows copied per second, over the whole of the data transfer so far."""
    phase = view.phases["data_transfer"]
    if phase.duration_seconds is not None:
        seconds = phase.duration_seconds
    elif phase.started_at is not None:
        end = view.finished_at or (now if view.status in _AT_WORK else view.updated_at)
        seconds = (end - phase.started_at).total_seconds()
    else:
        return 0.0
    return view.records_processed / seconds if seconds > 0 else 0.0


def rate_now(view: MigrationView, now: datetime) -> float:
    """Give the rows copied per second as last measured; 0 where none are being copied."""
    if view.status != "running" or view.phase != "data_transfer":
        return 0.0
    return view.pace.rows_per_second if view.pace.is_fresh(now) else average_rate(view, now)


def eta_of(view: MigrationView, now: datetime) -> datetime | None:
    """Give when everything is expected to be done; None without a measured rate.

    What comes after the phase at hand is expected to differ from the plan as that phase does.
    """
    if view.status not in _AT_WORK:
        return None
    phase = view.phases[view.phase]
    if phase.started_at is None:
        return None
    spent = max(0.0, (now - phase.started_at).total_seconds())
    if view.phase == "data_transfer":
        rate = rate_now(view, now)
        if rate <= 0:
            return None
        left = max(0, view.records_total - view.records_processed) / rate
    elif view.phase == "validation" and phase.progress_percent > 0:
        left = spent * (100.0 - phase.progress_percent) / phase.progress_percent
    else:
        return None
    planned = {each.name: each.estimated_duration_seconds for each in view.phase_plans}
    at_hand = planned.get(view.phase, 0)
    order = view.order
    later = sum(planned.get(name, 0) for name in order[order.index(view.phase) + 1 :])
    if at_hand > 0:
        left += later * (spent + left) / at_hand
    return now + timedelta(seconds=left)
