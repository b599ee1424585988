"""Letting the source's snapshot go."""

from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft


def release_snapshot(draft: Draft) -> None:
    """Let the holder go, and forget a request for a snapshot that nobody has answered yet."""
    if not isinstance(draft.state, st.ActiveState | st.Restoring):
        return
    held = draft.state.run.snapshot
    if held is None:
        return
    draft.add(ev.TaskWithdrawn(at=draft.at, task_id=held.task_id))
    draft.add(ev.SnapshotEnded(at=draft.at, generation=held.generation, lost=False))
