"""How events change a run of which a part is taken back."""

from collections import Counter
from typing import assert_never

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.checkpoint_marks import chunks_at, lose
from sterna_core.migration.data_error import DataError
from sterna_core.migration.doubt import doubted, tables_in_doubt
from sterna_core.migration.evolve_run import evolve_run, without
from sterna_core.migration.evolve_undo import has_ledger
from sterna_core.migration.job import (
    BuildJob,
    ChangesJob,
    CompareJob,
    CutoverJob,
    RepairJob,
    RetryJob,
    ScanJob,
)
from sterna_core.migration.kept_chunks import KeptChunks, kept
from sterna_core.migration.run import Doubt, ObjectRun, Run, TableRun
from sterna_core.migration.run_chunks import attempted
from sterna_core.migration.sync_run import SyncRun
from sterna_core.migration.undo_events import (
    AnyUndoEvent,
    ObjectsDropped,
    TableUndone,
    UndoCompleted,
    UndoFailed,
    UndoRequested,
)
from sterna_core.migration.undo_plan import place_of


def begun(state: st.Paused | st.Failed, event: UndoRequested) -> st.Restoring:
    """Give the state in which a part of a run is taken back: nobody is at work any more."""
    run, jobs = state.run, [each.job for each in state.run.jobs.values()]
    chunks, doubtful = attempted(run), tables_in_doubt(run, state.plan)
    built = [job.object_id for job in jobs if isinstance(job, BuildJob)]
    compared = {
        job.table_id
        for job in jobs
        if isinstance(job, ScanJob | CompareJob | RepairJob | RetryJob | ChangesJob)
    }
    tables = {
        table_id: _idle(table, chunks.get(table_id, set()), anew=table_id in compared)
        for table_id, table in run.tables.items()
    }
    return st.Restoring(
        about=state.about,
        plan=state.plan,
        run=replace(run, epoch=event.epoch, tables=tables, jobs={}, doubt=Doubt()),
        undo=event.scope,
        tried=tuple(table_id for table_id in run.order if table_id in {*chunks, *doubtful}),
        begun=(*built, *(each for each in run.doubt.objects if each not in built)),
        unfinish=run.doubt.unfinish or any(isinstance(job, CutoverJob) for job in jobs),
    )


def _idle(table: TableRun, chunks: set[int], *, anew: bool) -> TableRun:
    again = tuple(sorted({*table.again, *chunks}))
    if anew:
        table = _uncompared(table)
    return table if again == table.again else replace(table, again=again)


def _uncompared(table: TableRun) -> TableRun:
    return replace(
        table, pass_generation=0, next_scan=0, scanned=0, verdict="none", by_changes=False
    )


def restoring(state: st.Restoring, event: ev.AnyEvent) -> st.State:
    """Give the state after an event while a part of a run is taken back."""
    about, plan = state.about, state.plan
    if isinstance(event, AnyUndoEvent):
        return _undo(state, event)
    run = evolve_run(state.run, event)
    match event:
        case ev.CancelRequested():
            return st.Cancelling(about=about, plan=plan, run=run, rollback=event.rollback)
        case ev.MigrationCancelled():
            return st.Cancelled(about=about, epoch=run.epoch, ledger=has_ledger(about, run))
        case ev.RollbackFailed():
            return st.RollbackBlocked(about=about, plan=plan, run=run)
        case _:
            return replace(state, run=run)


def _undo(state: st.Restoring, event: AnyUndoEvent) -> st.State:
    match event:
        case UndoRequested():
            return state
        case ObjectsDropped():
            return replace(
                state,
                run=_dropped(state.run, event),
                begun=tuple(each for each in state.begun if each not in event.object_ids),
                unfinish=state.unfinish and not event.unfinished,
                removed=_counted(state.removed, object=event.dropped),
            )
        case TableUndone():
            return replace(
                state,
                run=_undone(state.run, event),
                tried=tuple(each for each in state.tried if each != event.table_id),
                removed=_counted(state.removed, row=event.rows_removed),
            )
        case UndoCompleted():
            return st.Paused(
                about=state.about, plan=state.plan, run=_over(state.run, event), since=event.at
            )
        case UndoFailed():
            run = replace(
                doubted(state),
                phase=event.phase,
                phase_started_at=event.at,
                epoch=event.epoch,
                jobs={},
                checked=None,
                sync=_before_a_pass(state.run.sync, event),
            )
            return st.Failed(
                about=state.about, plan=state.plan, run=run, since=event.at, code=event.code
            )
    assert_never(event)


def _counted(removed: dict[str, int], **more: int) -> dict[str, int]:
    added = Counter(removed) + Counter(more)
    return {kind: added[kind] for kind in sorted(added)}


def _dropped(run: Run, event: ObjectsDropped) -> Run:
    gone = [run.objects[each] for each in event.object_ids if each in run.objects]
    first = min((each.number for each in gone if each.built), default=run.builds + 1)
    left = {each.object.object_id: ObjectRun(object=each.object) for each in gone}
    run = replace(
        run, objects={**run.objects, **left}, jobs=without(run.jobs, event.task_id), checked=None
    )
    return lose(run, "taken_back", "an index or a constraint", lambda each: each.builds >= first)


def _undone(run: Run, event: TableUndone) -> Run:
    table, stay = run.tables[event.table_id], kept(event.below, event.but)
    anew = TableRun(
        next_chunk=stay.below,
        again=stay.but,
        copied_chunks=stay.count,
        rows=event.rows,
        bytes=event.bytes,
        generation=table.began if stay.count else 0,
        began=table.began if stay.count else 0,
        pass_number=table.pass_number,
    )
    run = replace(
        run,
        tables={**run.tables, event.table_id: anew},
        jobs=without(run.jobs, event.task_id),
        rows=event.records_processed,
        bytes=event.bytes_processed,
        errors=_errors(run.errors, event.table_id, stay),
        checked=None,
    )
    place = run.order.index(event.table_id)
    return lose(
        run,
        "taken_back",
        event.table_id,
        lambda each: not chunks_at(each, place).is_within(stay),
    )


def is_undone(error: DataError, table_id: str, stay: KeptChunks) -> bool:
    """Tell whether the rows of an error are of chunks of a table that do not stay."""
    if error.table_id != table_id:
        return False
    return not stay.count or (error.chunk is not None and not stay.holds(error.chunk))


def _errors(errors: dict[str, DataError], table_id: str, stay: KeptChunks) -> dict[str, DataError]:
    """Forget errors with the chunks that had them; that somebody skipped one is remembered."""
    left = {}
    for error_id, error in errors.items():
        if not is_undone(error, table_id, stay):
            left[error_id] = error
        elif error.standing == "skipped":
            left[error_id] = replace(error, rows=0, generation=0)
    return left


def _before_a_pass(sync: SyncRun, event: UndoCompleted | UndoFailed) -> SyncRun:
    """Let the next pass begin when the run is there again; a stop that was asked for stands."""
    if place_of(event.phase) > place_of("syncing") or not sync.number:
        return sync
    return replace(sync, at_work=False, last=False, due_at=event.at)


def _over(run: Run, event: UndoCompleted) -> Run:
    run = replace(
        run,
        phase=event.phase,
        phase_started_at=event.at,
        epoch=event.epoch,
        jobs={},
        awaits_errors=False,
        threshold=None,
        checked=None,
        sync=_before_a_pass(run.sync, event),
    )
    if event.scope.whole:
        tables = {
            table_id: TableRun(pass_number=table.pass_number)
            for table_id, table in run.tables.items()
        }
        run = replace(
            run,
            tables=tables,
            objects={},
            errors={},
            rows=0,
            bytes=0,
            schema_created=False,
            fenced=event.epoch,
        )
        run = lose(run, "taken_back", "the schema", lambda each: each.schema)
    elif event.scope.kind == "phase" and event.phase == "validation":
        tables = {
            table_id: replace(_uncompared(table), proven=0)
            for table_id, table in run.tables.items()
        }
        run = replace(run, tables=tables)
    return lose(
        run, "taken_back", event.phase, lambda each: place_of(each.phase) > place_of(event.phase)
    )
