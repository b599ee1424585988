"""What is decided about a migration's schedule."""

from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import schedule_commands as scmd
from sterna_core.migration import schedule_events as sev
from sterna_core.migration import state as st
from sterna_core.migration.agenda import WATCHERS_MAX
from sterna_core.migration.child import child_id
from sterna_core.migration.draft import Draft
from sterna_core.migration.due import (
    CHECK_AGAIN,
    base,
    deadline,
    firing,
    is_checked,
    start_moment,
)
from sterna_core.migration.lifecycle import cancel, resume, start
from sterna_core.migration.refusal import refuse
from sterna_core.migration.review_commands import CheckPlan
from sterna_core.migration.reviewing import review
from sterna_core.schedule.open_hours import OpenHours, length_seconds
from sterna_core.schedule.schedule import Schedule


def schedule(draft: Draft, command: scmd.AnyScheduleCommand, context: Context) -> None:
    """Decide on a command about the schedule."""
    match command:
        case scmd.SetSchedule():
            _set(draft, command.schedule, context)
        case scmd.ChangeSchedule():
            given = msgspec.structs.asdict(command)
            changes = {key: value for key, value in given.items() if value is not UNSET}
            _set(draft, replace(_known(draft), **changes), context)
        case scmd.RemoveSchedule():
            _known(draft)
            _set(draft, None, context)
        case scmd.AttendSchedule():
            attend(draft, context)
        case scmd.WatchMigration():
            _watch(draft, command)
        case scmd.LearnStanding():
            _learn(draft, command)
        case scmd.ConfirmTold():
            _confirm(draft, command)
        case scmd.LearnWaits():
            _learn_waits(draft, command)


def _known(draft: Draft) -> Schedule:
    state = draft.state
    if isinstance(state, st.Absent) or state.about.agenda.schedule is None:
        raise Rejected("schedule_not_found", "This migration has no schedule.")
    return state.about.agenda.schedule


def _set(draft: Draft, wanted: Schedule | None, context: Context) -> None:
    match draft.state:
        case st.Absent() | st.Cancelled() | st.RolledBack():
            refuse(draft, "schedule")
        case st.Completed() if wanted is not None and wanted.recurring is None:
            refuse(draft, "schedule")
        case _:
            refuse_impossible(wanted, context.aggregate_id)
            draft.add(sev.ScheduleSet(at=draft.at, schedule=wanted, by=context.actor))


def refuse_impossible(wanted: Schedule | None, migration_id: str) -> None:
    """Refuse a schedule by which a migration could never work; raises Rejected."""
    if wanted is None:
        return
    if migration_id in wanted.others:
        raise Rejected("waits_for_itself", "A migration cannot wait for itself.")
    for window in wanted.windows:
        seconds = length_seconds(window)
        if wanted.pause_lead_seconds >= seconds:
            raise Rejected(
                "pause_lead_too_long",
                f"The window {window.name} lasts for {seconds} s, and a pause would be asked for"
                f" {wanted.pause_lead_seconds} s before its end.",
                {"window": window.name, "window_seconds": seconds},
            )


def attend(draft: Draft, context: Context) -> None:
    """Do what is due by now. Whatever is left afterwards is due later."""
    state = draft.state
    if isinstance(state, st.Absent):
        return
    agenda = state.about.agenda
    if agenda.deadline_seconds is not None and isinstance(state, st.ActiveState):
        _keep_deadline(draft, state, agenda.deadline_seconds)
    if agenda.schedule is not None and draft.state is state:
        _recur(draft, state, agenda.schedule)
        _work_by(draft, agenda.schedule, context)
    draft.add(sev.ScheduleAttended(at=draft.at))


def _keep_deadline(draft: Draft, state: st.ActiveState, seconds: int) -> None:
    if draft.at >= deadline(state, seconds):
        cancel(draft, cmd.CancelMigration(reason="It has lasted for as long as it may"))


def _recur(draft: Draft, state: st.State, wanted: Schedule) -> None:
    due_at = firing(state, wanted)
    if due_at is None or due_at > draft.at or wanted.recurring is None:
        return
    assert not isinstance(state, st.Absent)
    agenda = state.about.agenda
    if agenda.child_id is not None and wanted.recurring.skip_if_running:
        known = agenda.known.get(agenda.child_id)
        if known is None or known.standing.kind in {"idle", "working"}:
            draft.add(sev.RecurrenceSkipped(at=draft.at, due_at=due_at, child_id=agenda.child_id))
            return
    made = child_id(state.about, due_at)
    draft.add(sev.RecurrenceFired(at=draft.at, due_at=due_at, child_id=made))


def _work_by(draft: Draft, wanted: Schedule, context: Context) -> None:
    hours = OpenHours(wanted.windows)
    match draft.state:
        case st.Planning() | st.PlanFailed() | st.PlanReady():
            late = wanted.start_at is not None and wanted.start_at <= draft.at
            if late and wanted.start_at and not draft.state.about.agenda.approval_missed:
                draft.add(sev.ApprovalMissed(at=draft.at, start_at=wanted.start_at))
        case st.Approved() as state:
            due_at = start_moment(state, wanted)
            if due_at is not None and due_at <= draft.at and _has_time(hours, wanted, draft.at):
                _begin(draft, state, context)
        case st.Running() as state:
            _keep_hours(draft, state, wanted, hours)
        case st.Pausing(about=about) if about.agenda.held_until is not None:
            if draft.at >= about.agenda.held_until:
                _stop_work(draft)
        case st.Paused(about=about) if about.agenda.held_until is not None:
            may = draft.at >= about.agenda.held_until and not about.agenda.is_excluded()
            if may and _has_time(hours, wanted, draft.at):
                resume(draft, context)
        case _:
            return


def _begin(draft: Draft, state: st.Approved, context: Context) -> None:
    """Start a migration whose plan is true of the source still; have that found out before."""
    agenda = state.about.agenda
    asked = agenda.check_asked_at
    if is_checked(agenda, draft.at):
        start(draft, cmd.StartMigration(), context)
    elif asked is None or draft.at >= asked + CHECK_AGAIN:
        review(draft, CheckPlan(), context)


def _has_time(hours: OpenHours, wanted: Schedule, at: datetime) -> bool:
    return hours.opening(at, least=wanted.pause_lead) == at


def _keep_hours(draft: Draft, state: st.Running, wanted: Schedule, hours: OpenHours) -> None:
    agenda, at = state.about.agenda, draft.at
    if agenda.gives_way_to(state.about.migration_id) is not None:
        until = at + wanted.pause_lead
        _hold(draft, until=until, held_by="excluded", reason="Another migration is at work")
        return
    closes = hours.closing(base(state))
    if closes is None:
        return
    warning = wanted.window_ending_warning_seconds
    is_near = warning is not None and at >= closes - timedelta(seconds=warning)
    if is_near and at < closes and agenda.warned_for != closes:
        draft.add(sev.WindowEnding(at=at, closes_at=closes))
    ends = closes - wanted.pause_lead if wanted.outside_window == "pause" else closes
    if wanted.outside_window == "continue" or at < ends or _has_time(hours, wanted, at):
        # Where nobody attended for long, the next hours may have begun by now.
        return
    if wanted.outside_window == "fail":
        _stop_work(draft)
        draft.add(
            ev.MigrationFailed(
                at=at,
                task_id=None,
                phase=state.run.phase,
                code="window_over",
                message=(
                    "The hours in which work is allowed are over. Resume the migration to go on"
                    " all the same, or change its schedule first."
                ),
                table=None,
                details={},
            )
        )
        return
    over = (hours.closing(at) or at) if hours.is_open(at) else at
    _hold(draft, until=over, held_by="window", reason="The maintenance window is ending")


def _hold(draft: Draft, *, until: datetime, held_by: sev.HeldBy, reason: str) -> None:
    draft.add(ev.PauseRequested(at=draft.at, reason=reason, immediate=False))
    draft.add(sev.ScheduleHeld(at=draft.at, until=until, held_by=held_by))
    if until <= draft.at:
        _stop_work(draft)


def _stop_work(draft: Draft) -> None:
    """Stop what is at work still at the end of the hours; the snapshot is kept."""
    for task_id, each in draft.jobs.items():
        if each.standing == "dispatched" and each.job.__struct_config__.tag != "snapshot":
            draft.add(ev.TaskWithdrawn(at=draft.at, task_id=task_id, attempt=each.attempt))


def _watch(draft: Draft, command: scmd.WatchMigration) -> None:
    assert not isinstance(draft.state, st.Absent)
    watchers = draft.state.about.agenda.watchers
    if command.watcher_id not in watchers and len(watchers) >= WATCHERS_MAX:
        raise Rejected("too_many_watchers", "Too many migrations depend on this one.")
    draft.add(sev.WatcherAdded(at=draft.at, watcher_id=command.watcher_id))


def _learn(draft: Draft, command: scmd.LearnStanding) -> None:
    assert not isinstance(draft.state, st.Absent)
    agenda = draft.state.about.agenda
    wanted = agenda.schedule.others if agenda.schedule else frozenset()
    if command.migration_id not in wanted and command.migration_id != agenda.child_id:
        return
    known = agenda.known.get(command.migration_id)
    if known is not None and known.standing.number >= command.standing.number:
        return
    draft.add(
        sev.StandingLearned(
            at=draft.at,
            migration_id=command.migration_id,
            standing=command.standing,
            mutual=command.mutual,
        )
    )


def _learn_waits(draft: Draft, command: scmd.LearnWaits) -> None:
    assert not isinstance(draft.state, st.Absent)
    if command.answer > draft.state.about.agenda.answer:
        draft.add(
            sev.WaitsLearned(
                at=draft.at,
                answer=command.answer,
                waits_for=command.waits_for,
                circle=command.circle,
            )
        )


def _confirm(draft: Draft, command: scmd.ConfirmTold) -> None:
    assert not isinstance(draft.state, st.Absent)
    watchers = draft.state.about.agenda.watchers.values()
    if any(each.told < command.number and each.asked_at <= command.asked_by for each in watchers):
        draft.add(sev.WatchersTold(at=draft.at, number=command.number, asked_by=command.asked_by))
