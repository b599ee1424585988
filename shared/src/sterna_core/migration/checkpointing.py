"""When a checkpoint is made, and what it says."""

from sterna_core.migration import state as st
from sterna_core.migration.checkpoint import (
    CHECKPOINT_SECONDS,
    Checkpoint,
    CheckpointKind,
    CheckpointRecorded,
    checkpoint_id_of,
)
from sterna_core.migration.checkpoint_marks import chunks_at
from sterna_core.migration.draft import Draft
from sterna_core.migration.refusal import refuse
from sterna_core.migration.run import Run
from sterna_core.migration.run_chunks import copied_chunks


def create_checkpoint(draft: Draft, reason: str | None) -> None:
    """Make one because somebody wants it."""
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        refuse(draft, "make a checkpoint of")
    record(draft, "manual", reason)


def record(draft: Draft, kind: CheckpointKind, reason: str | None = None) -> None:
    """Put on record how far the run is, where there is one."""
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        return
    run = draft.state.run
    number = run.checkpoints.count + 1
    draft.add(
        CheckpointRecorded(
            at=draft.at,
            checkpoint_id=checkpoint_id_of(draft.state.about.migration_id, number),
            kind=kind,
            phase=run.phase,
            reason=reason,
            rows=run.rows,
            bytes=run.bytes,
            copied=copied_of(run),
        )
    )


def record_if_due(draft: Draft) -> None:
    """Make one where rows have been copied for long enough without."""
    if not isinstance(draft.state, st.Running) or draft.state.run.phase != "data_transfer":
        return
    run = draft.state.run
    last = run.checkpoints.last_at or run.phase_started_at
    if (draft.at - last).total_seconds() >= CHECKPOINT_SECONDS:
        record(draft, "automatic")


def last_checkpoint(draft: Draft) -> str | None:
    """Give the run's last checkpoint; it is made now where the run has gone on since, or has none."""
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        return None
    kept = draft.state.run.checkpoints.kept
    if not kept or kept[-1].lost or not _stands_at(draft.state.run, kept[-1]):
        record(draft, "automatic")
    return draft.state.run.checkpoints.kept[-1].checkpoint_id


def copied_of(run: Run) -> tuple[int, ...]:
    """Give how many chunks of each table, from its first on without a gap, are in the target.

    What lies before the first that is not done, is done.
    """
    copied = [min((*each.but, each.below)) for each in copied_chunks(run).values()]
    while copied and copied[-1] == 0:
        copied.pop()
    return tuple(copied)


def _stands_at(run: Run, checkpoint: Checkpoint) -> bool:
    places = enumerate(copied_chunks(run).values())
    return all(chunks_at(checkpoint, place) == chunks for place, chunks in places)
