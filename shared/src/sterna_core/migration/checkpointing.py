"""When a checkpoint is made, and what it says."""

from sterna_core.errors import Rejected
from sterna_core.migration import state as st
from sterna_core.migration.checkpoint import (
    CHECKPOINT_SECONDS,
    CheckpointKind,
    CheckpointRecorded,
    checkpoint_id_of,
)
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import ChunkJob
from sterna_core.migration.refusal import refuse
from sterna_core.migration.run import Run


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


def restore_checkpoint(draft: Draft, checkpoint_id: str) -> None:
    """Go back to a checkpoint that nothing has come after; refuse to take back what has.

    Every chunk is committed with its receipt, so a run stands exactly where its receipts say, and
    a checkpoint after which none was added is where it stands. Others are in the target, compared
    and indexed or about to be: a rollback removes them with everything else.
    """
    if not isinstance(draft.state, st.Paused | st.Failed):
        refuse(draft, "go back to a checkpoint of")
        return
    run = draft.state.run
    if not _was_made(draft.state.about.migration_id, run, checkpoint_id):
        raise Rejected("checkpoint_not_found", "There is no such checkpoint.")
    wanted = next(
        (each for each in run.checkpoints.kept if each.checkpoint_id == checkpoint_id), None
    )
    if wanted is not None and (wanted.phase, wanted.copied) == (run.phase, copied_of(run)):
        return
    since = None if wanted is None else sum(copied_of(run)) - sum(wanted.copied)
    raise Rejected(
        "restore_not_available",
        "The run has gone on since this checkpoint, and what is in the target with its receipt is "
        "not taken back in part. Resume to go on from where it is, or roll back to remove all.",
        {"checkpoint_id": checkpoint_id, "phase": run.phase, "chunks_since": since},
    )


def _was_made(migration_id: str, run: Run, checkpoint_id: str) -> bool:
    numbers = range(1, run.checkpoints.count + 1)
    return any(checkpoint_id_of(migration_id, number) == checkpoint_id for number in numbers)


def last_checkpoint(draft: Draft) -> str | None:
    """Give the run's last checkpoint; it is made now where the run has gone on since, or has none."""
    if not isinstance(draft.state, st.Running | st.Pausing | st.Paused | st.Failed):
        return None
    kept = draft.state.run.checkpoints.kept
    if not kept or kept[-1].copied != copied_of(draft.state.run):
        record(draft, "automatic")
    return draft.state.run.checkpoints.kept[-1].checkpoint_id


def copied_of(run: Run) -> tuple[int, ...]:
    """Give how many chunks of each table, from its first on without a gap, are in the target.

    Chunks are given out in order, so what lies before the first that is not done, is done.
    """
    undone: dict[str, int] = {}
    for each in run.jobs.values():
        if isinstance(each.job, ChunkJob):
            table_id, chunk = each.job.table_id, each.job.chunk
            undone[table_id] = min(undone.get(table_id, chunk), chunk)
    copied = [undone.get(table_id, run.tables[table_id].next_chunk) for table_id in run.order]
    while copied and copied[-1] == 0:
        copied.pop()
    return tuple(copied)
