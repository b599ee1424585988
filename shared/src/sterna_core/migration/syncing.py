"""Passes: when they begin, when they are over, and how somebody ends them."""

from datetime import timedelta

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.refusal import refuse
from sterna_core.migration.run import Run, is_up_to_date
from sterna_core.migration.snapshots import release_snapshot
from sterna_core.migration.status import status_of
from sterna_core.migration.sync_commands import StopMigration
from sterna_core.migration.sync_events import PassFinished, PassStarted, StopRequested


def stop(draft: Draft, command: StopMigration, context: Context) -> None:
    """End the passes: one more under a last snapshot, and then what every migration ends with."""
    state = draft.state
    if isinstance(state, st.Absent) or state.about.options.mode != "incremental":
        raise Rejected(
            "invalid_state",
            "Only a migration of the mode incremental goes on until it is stopped; others end by"
            " themselves.",
            {"status": status_of(state)},
        )
    if not isinstance(state, st.Running):
        refuse(draft, "stop")
        return
    sync = state.run.sync
    if sync.stop == "no" or (sync.stop == "asked" and command.immediate and not sync.last):
        draft.add(StopRequested(at=draft.at, by=context.actor, immediate=command.immediate))


def begin_due_pass(draft: Draft, number: int) -> None:
    """Begin a pass whose time has come; a timer that comes late or twice changes nothing."""
    if not isinstance(draft.state, st.Running) or draft.state.run.phase != "syncing":
        return
    sync = draft.state.run.sync
    if not sync.at_work and number == sync.number + 1:
        _begin(draft, draft.state.run)


def take_steps(draft: Draft) -> bool:
    """Begin and finish passes without waiting for the clock; tells whether anything happened.

    The last pass is not finished here: its snapshot is kept, and the phase ends with it.
    """
    if not isinstance(draft.state, st.Running) or draft.state.run.phase != "syncing":
        return False
    run = draft.state.run
    sync = run.sync
    if not sync.at_work:
        # The first pass follows the copy: what was written meanwhile is seen under a new snapshot.
        if sync.number and sync.stop == "no":
            return False
        _begin(draft, run)
        return True
    if sync.last:
        return False
    if is_up_to_date(run):
        release_snapshot(draft)
        finish(draft)
        return True
    if sync.stop == "at_once" and run.snapshot is not None:
        _begin(draft, run)
        return True
    return False


def finish(draft: Draft) -> None:
    """Put on record that the pass at hand is over."""
    assert isinstance(draft.state, st.Running)
    run, options = draft.state.run, draft.state.about.options.passes
    began_at = run.sync.began_at or draft.at
    # Counted from the beginning, which a timer has set: what ends a pass is an executor's report,
    # by the clock there. A moment that has passed already is due at once.
    due_at = began_at + timedelta(seconds=options.interval_seconds)
    draft.add(
        PassFinished(
            at=draft.at,
            number=run.sync.number,
            generation=run.generation,
            seconds=max(0.0, (draft.at - began_at).total_seconds()),
            next_at=None if run.sync.last else due_at,
        )
    )


def _begin(draft: Draft, run: Run) -> None:
    """Begin a pass. It has a snapshot of its own: one that is held is of an earlier moment."""
    assert isinstance(draft.state, st.Running)
    every, number = draft.state.about.options.passes.compare_every, run.sync.number + 1
    last = run.sync.stop != "no"
    release_snapshot(draft)
    draft.add(
        PassStarted(
            at=draft.at, number=number, last=last, comparing=last or (number - 1) % every == 0
        )
    )
