"""The timers of a schedule: when it is to be attended to, and what others must be told."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sterna_core.journal.aggregate import Timer
from sterna_core.migration import state as st
from sterna_core.migration.agenda import Farewell, Watcher
from sterna_core.migration.child import child_command
from sterna_core.migration.due import moments
from sterna_core.migration.schedule_commands import (
    AttendSchedule,
    ConfirmTold,
    LearnStanding,
    WatchMigration,
)
from sterna_core.migration.standing import Standing
from sterna_core.waiting.commands import RegisterWaits
from sterna_core.waiting.place import waits_of

_BEFORE_START = (st.Planning, st.PlanFailed, st.PlanReady, st.Approved)
_CONFIRM_AFTER = timedelta(seconds=30)
"""Tellings are given up only when this much later they are all on the bus: timers go in order."""


def schedule_timers(state: st.State) -> tuple[Timer, ...]:
    """Give every timer that a schedule sets in this state."""
    if isinstance(state, st.Absent):
        return () if state.farewell is None else tuple(_farewells(state.farewell))
    return (
        *_wakings(state),
        *_questions(state),
        *_tellings(state),
        *_registration(state),
        *_birth(state),
    )


def _wakings(state: st.State) -> Iterator[Timer]:
    assert not isinstance(state, st.Absent)
    attended = state.about.agenda.attended_at
    for at, what in moments(state):
        since = attended.isoformat() if attended else ""
        name = f"schedule:{what}:{at.isoformat()}:{since}"
        yield Timer(at=at, command=AttendSchedule(), name=name)


def _questions(state: st.State) -> Iterator[Timer]:
    """Ask others how they stand; whoever has answered goes on telling by itself."""
    if isinstance(state, st.Absent | st.Completed | st.Cancelled | st.RolledBack):
        return
    about, agenda = state.about, state.about.agenda
    if agenda.schedule is None:
        return
    at = agenda.set_at or about.created_at
    for other in sorted(agenda.schedule.others - agenda.known.keys()):
        yield Timer(
            at=at,
            command=WatchMigration(watcher_id=about.migration_id),
            name=f"watch:{other}:{at.isoformat()}",
            to=other,
        )


def _tellings(state: st.State) -> Iterator[Timer]:
    """Tell whoever watches how this migration stands."""
    assert not isinstance(state, st.Absent)
    about, agenda = state.about, state.about.agenda
    standing = agenda.standing
    waiting = {k: each for k, each in agenda.watchers.items() if each.told < standing.number}
    if not waiting:
        return
    excluded = agenda.schedule.exclude_concurrent if agenda.schedule else ()
    for watcher_id, each in waiting.items():
        mutual = watcher_id in excluded
        yield _telling(about.migration_id, standing, watcher_id, each, mutual=mutual)
    asked = max(each.asked_at for each in waiting.values())
    yield Timer(
        at=max(standing.at or asked, asked) + _CONFIRM_AFTER,
        command=ConfirmTold(number=standing.number, asked_by=asked),
        name=f"told:{standing.number}:{asked.isoformat()}",
    )


def _farewells(farewell: Farewell) -> Iterator[Timer]:
    """Tell whoever watched a migration that was deleted how it has ended."""
    if farewell.org_id and farewell.standing.at is not None:
        command = RegisterWaits(
            migration_id=farewell.migration_id, number=farewell.standing.number, waits_for=()
        )
        yield _registering(farewell.org_id, command, farewell.standing.at)
    for watcher_id, each in farewell.watchers.items():
        if each.told < farewell.standing.number:
            yield _telling(farewell.migration_id, farewell.standing, watcher_id, each, mutual=False)


def _registration(state: st.State) -> Iterator[Timer]:
    """Say for whom this migration waits, until that is known: circles are seen there."""
    assert not isinstance(state, st.Absent)
    about, agenda = state.about, state.about.agenda
    waits_for = agenda.waits_for if isinstance(state, _BEFORE_START) else ()
    if waits_for != agenda.registered:
        standing = agenda.standing
        yield _registering(
            about.org_id,
            RegisterWaits(
                migration_id=about.migration_id, number=standing.number, waits_for=waits_for
            ),
            standing.at or about.created_at,
        )


def _registering(org_id: str, command: RegisterWaits, at: datetime) -> Timer:
    return Timer(at=at, command=command, name=f"waits:{command.number}", to=waits_of(org_id))


def _telling(
    migration_id: str, standing: Standing, watcher_id: str, watcher: Watcher, *, mutual: bool
) -> Timer:
    return Timer(
        at=max(standing.at or watcher.asked_at, watcher.asked_at),
        command=LearnStanding(migration_id=migration_id, standing=standing, mutual=mutual),
        name=f"tell:{watcher_id}:{watcher.asked_at.isoformat()}:{standing.number}",
        to=watcher_id,
    )


def _birth(state: st.State) -> Iterator[Timer]:
    """Make the migration that the last recurrence stands for, until it has told of itself."""
    assert not isinstance(state, st.Absent)
    about, agenda = state.about, state.about.agenda
    if agenda.child_id is None or agenda.fired_at is None or agenda.child_id in agenda.known:
        return
    yield Timer(
        at=agenda.fired_at,
        command=child_command(about, agenda.fired_at),
        name=f"birth:{agenda.child_id}",
        to=agenda.child_id,
    )
