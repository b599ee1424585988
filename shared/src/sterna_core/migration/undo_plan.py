"""What is left to take back of a run, given how far it is to go back."""

from collections.abc import Iterator

from sterna_core.migration.checkpoint import Checkpoint
from sterna_core.migration.checkpoint_marks import chunks_at
from sterna_core.migration.job import SchemaJob
from sterna_core.migration.kept_chunks import NO_CHUNKS, KeptChunks
from sterna_core.migration.next_jobs import WAVES
from sterna_core.migration.run import ObjectRun, Run
from sterna_core.migration.run_chunks import copied_chunks
from sterna_core.migration.undo_scope import UndoScope
from sterna_core.tasks.telemetry import Phase

PHASE_ORDER: tuple[Phase, ...] = (
    "planning",
    "schema_migration",
    "data_transfer",
    "syncing",
    "validation",
    "cutover",
)
_CUTOVER = frozenset({"foreign_key", "behaviour"})
"""The waves that come when all rows are proven."""


def place_of(phase: Phase) -> int:
    """Give where a phase stands among the others."""
    return PHASE_ORDER.index(phase)


def checkpoint_of(run: Run, checkpoint_id: str | None) -> Checkpoint | None:
    """Give a checkpoint that the run knows."""
    kept = run.checkpoints.kept
    return next((each for each in kept if each.checkpoint_id == checkpoint_id), None)


def chunks_left(
    run: Run, scope: UndoScope, tried: tuple[str, ...]
) -> Iterator[tuple[str, KeptChunks]]:
    """Give each table of which chunks are to be taken back, with the chunks that stay.

    `tried` are tables of which more may be in the target than is known.
    """
    if scope.whole:
        return
    there = copied_chunks(run)
    checkpoint = checkpoint_of(run, scope.checkpoint_id)
    for place, table_id in enumerate(run.order):
        match scope.kind:
            case "checkpoint":
                stay = there[table_id].both(
                    chunks_at(checkpoint, place) if checkpoint else there[table_id]
                )
            case "tables" if table_id in scope.tables:
                stay = NO_CHUNKS
            case "phase" if scope.phase == "data_transfer":
                stay = NO_CHUNKS
            case _:
                continue
        if stay != there[table_id] or table_id in tried:
            yield table_id, stay


def objects_left(run: Run, scope: UndoScope, begun: tuple[str, ...]) -> tuple[str, ...]:
    """Name the objects that are to be dropped, in that order.

    `begun` are those of which something may be in the target that was not reported.
    """
    if scope.whole:
        return ()
    checkpoint = checkpoint_of(run, scope.checkpoint_id)
    found = [
        (-WAVES.index(each.object.wave), -each.number if each.built else -run.builds - 1, object_id)
        for object_id, each in run.objects.items()
        if (each.built or object_id in begun) and _goes(run, scope, checkpoint, each)
    ]
    return tuple(object_id for _, _, object_id in sorted(found))


def is_begun(run: Run) -> bool:
    """Tell whether anything of a run may be in the target."""
    return run.schema_created or any(isinstance(each.job, SchemaJob) for each in run.jobs.values())


def has_validated(run: Run) -> bool:
    """Tell whether anything of the validation is known."""
    return any(each.done for each in run.validation.kinds.values()) or any(
        table.proven or table.pass_generation for table in run.tables.values()
    )


def _goes(run: Run, scope: UndoScope, checkpoint: Checkpoint | None, item: ObjectRun) -> bool:
    match scope.kind:
        case "checkpoint":
            return checkpoint is not None and (not item.built or item.number > checkpoint.builds)
        case "tables":
            # What is attached or refers to others was made on top of indexes and full tables.
            return item.object.wave != "index" or item.object.table_id in scope.tables
        case "phase" if run.mode == "schema_only":
            return False
        case "phase" if scope.phase == "data_transfer":
            return True
        case "phase":
            return item.object.wave in _CUTOVER
