"""How events change an agenda, and how a migration stands for others."""

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration import schedule_events as sev
from sterna_core.migration import state as st
from sterna_core.migration.about import About
from sterna_core.migration.agenda import Agenda, Farewell, Watcher
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.standing import KnownStanding, Standing, StandingKind
from sterna_core.migration.undo_events import UndoRequested


def keep_agenda(before: st.State, state: st.State, event: ev.AnyEvent) -> st.State:
    """Give a state, reached from another by an event, with its agenda brought up to date."""
    if isinstance(state, st.Absent):
        if isinstance(before, st.Absent) or not isinstance(event, MigrationDeleted):
            return state
        return replace(state, farewell=_farewell(before.about, event))
    agenda = evolve_agenda(state.about.agenda, event)
    kind = standing_kind(state)
    if kind != agenda.standing.kind or isinstance(event, sev.ScheduleSet):
        number = agenda.standing.number + 1
        agenda = replace(agenda, standing=Standing(kind=kind, number=number, at=event.at))
    if agenda is state.about.agenda:
        return state
    return replace(state, about=replace(state.about, agenda=agenda))


def evolve_agenda(agenda: Agenda, event: ev.AnyEvent) -> Agenda:
    """Give the agenda after an event; most change nothing."""
    match event:
        case sev.ScheduleSet():
            return _set(agenda, event)
        case sev.ScheduleAttended():
            return replace(agenda, attended_at=event.at)
        case sev.ApprovalMissed():
            return replace(agenda, approval_missed=True)
        case sev.WindowEnding():
            return replace(agenda, warned_for=event.closes_at)
        case sev.ScheduleHeld():
            return replace(agenda, held_until=event.until)
        case sev.WatcherAdded():
            watchers = {**agenda.watchers, event.watcher_id: Watcher(asked_at=event.at)}
            return replace(agenda, watchers=watchers)
        case sev.WatchersTold():
            return replace(agenda, watchers=_told(agenda.watchers, event))
        case sev.StandingLearned():
            known = KnownStanding(standing=event.standing, mutual=event.mutual)
            return replace(agenda, known={**agenda.known, event.migration_id: known})
        case sev.WaitsLearned():
            return replace(
                agenda, registered=event.waits_for, answer=event.answer, circle=event.circle
            )
        case sev.RecurrenceFired():
            known_left = {k: v for k, v in agenda.known.items() if k != agenda.child_id}
            return replace(agenda, fired_at=event.at, child_id=event.child_id, known=known_left)
        case sev.RecurrenceSkipped():
            return replace(agenda, fired_at=event.at)
        case rv.PlanCheckRequested() if not event.rehearsal:
            return replace(agenda, check_asked_at=event.at, checked=False)
        case rv.PlanChecked() if event.rehearsal is None and not event.differences:
            return replace(agenda, checked=True)
        case ev.MappingReviewed() | rv.TransformationAccepted() | ev.PlanCompleted() if (
            agenda.checked
        ):
            return replace(agenda, checked=False)
        case (
            ev.PauseRequested()
            | ev.MigrationStarted()
            | ev.MigrationResumed()
            | ev.MigrationFailed()
            | ev.CancelRequested()
            | UndoRequested()
        ) if agenda.held_until is not None:
            return replace(agenda, held_until=None)
        case _:
            return agenda


def _set(agenda: Agenda, event: sev.ScheduleSet) -> Agenda:
    held = agenda.held_until is not None and event.schedule is not None
    # Whoever was asked before goes on telling.
    wanted = (event.schedule.others if event.schedule else frozenset()) | {agenda.child_id}
    known = {key: value for key, value in agenda.known.items() if key in wanted}
    return replace(
        agenda,
        schedule=event.schedule,
        set_at=event.at,
        attended_at=event.at,
        approval_missed=False,
        held_until=event.at if held else None,
        warned_for=None,
        known=known,
        fired_at=None,
    )


def _farewell(about: About, event: ev.AnyEvent) -> Farewell | None:
    standing, watchers = about.agenda.standing, about.agenda.watchers
    registered = bool(about.agenda.registered)
    if not watchers and not registered:
        return None
    if standing.kind not in {"completed", "ended"}:
        standing = Standing(kind="ended", number=standing.number + 1, at=event.at)
    return Farewell(
        migration_id=about.migration_id,
        standing=standing,
        watchers=watchers,
        org_id=about.org_id if registered else "",
    )


def _told(watchers: dict[str, Watcher], event: sev.WatchersTold) -> dict[str, Watcher]:
    return {
        key: replace(each, told=event.number)
        if each.asked_at <= event.asked_by and each.told < event.number
        else each
        for key, each in watchers.items()
    }


def standing_kind(state: st.State) -> StandingKind:
    """Tell how a migration stands for others."""
    match state:
        case st.Running() | st.Pausing() | st.Cancelling() | st.RollingBack() | st.Restoring():
            return "working"
        case st.PlanFailed() | st.Failed() | st.RollbackBlocked():
            return "failed"
        case st.Completed():
            return "completed"
        case st.Cancelled() | st.RolledBack():
            return "ended"
        case _:
            return "idle"
