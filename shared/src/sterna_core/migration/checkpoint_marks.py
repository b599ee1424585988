"""How the checkpoints of a run are kept, and which of them it cannot go back to any more."""

from collections.abc import Callable

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration.checkpoint import (
    CHECKPOINTS_KEPT,
    Checkpoint,
    CheckpointMarks,
    CheckpointRecorded,
    Loss,
)
from sterna_core.migration.error_events import ErrorReplaced, ErrorRetried
from sterna_core.migration.kept_chunks import NO_CHUNKS, KeptChunks
from sterna_core.migration.run import Run
from sterna_core.migration.run_chunks import copied_chunks
from sterna_core.migration.sync_events import ChangesCopied


def marked(run: Run, event: CheckpointRecorded) -> CheckpointMarks:
    """Give the checkpoints with one more; the oldest of its sort may go.

    Those that a phase or a person made are not crowded out by those that time makes.
    """
    chunks = list(copied_chunks(run).values())
    while chunks and not chunks[-1].count:
        chunks.pop()
    newest = Checkpoint(
        checkpoint_id=event.checkpoint_id,
        kind=event.kind,
        phase=event.phase,
        chunks=tuple(chunks),
        builds=run.builds,
        schema=run.schema_created,
    )
    marks = run.checkpoints
    kept = (*marks.kept, newest)
    alike = [each for each in kept if _is_automatic(each) == _is_automatic(newest)]
    if len(alike) > CHECKPOINTS_KEPT:
        kept = tuple(each for each in kept if each is not alike[0])
    return CheckpointMarks(count=marks.count + 1, last_at=event.at, kept=kept)


def _is_automatic(checkpoint: Checkpoint) -> bool:
    return checkpoint.kind == "automatic"


def chunks_at(checkpoint: Checkpoint, place: int) -> KeptChunks:
    """Give the chunks that were in the target at a checkpoint, of the table in this place."""
    return checkpoint.chunks[place] if place < len(checkpoint.chunks) else NO_CHUNKS


def lose(run: Run, why: Loss, subject: str, is_lost: Callable[[Checkpoint], bool]) -> Run:
    """Give the run with checkpoints marked that it cannot go back to any more."""
    kept = tuple(
        replace(each, lost=why, lost_with=subject) if each.lost is None and is_lost(each) else each
        for each in run.checkpoints.kept
    )
    if kept == run.checkpoints.kept:
        return run
    return replace(run, checkpoints=replace(run.checkpoints, kept=kept))


def corrected(run: Run, event: ev.AnyEvent) -> Run:
    """Give the run, after an event, without going back to before rows of a table were corrected.

    What a repair deleted is nowhere any more, and what it copied belongs to no chunk.
    """
    match event:
        case ev.TableRepaired(table_id=table_id):
            pass
        case ErrorRetried(table_id=table_id) if event.rows_copied:
            pass
        case ErrorReplaced(table_id=table_id) if event.rows:
            pass
        case ChangesCopied(table_id=table_id) if event.rows_removed or event.rows_written:
            pass
        case _:
            return run
    place = run.order.index(table_id)
    return lose(run, "corrected", table_id, lambda each: bool(chunks_at(each, place).count))
