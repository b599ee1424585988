"""What executors are asked to do to take a part of a run back."""

from sterna_core.migration import job as jb
from sterna_core.migration import state as st
from sterna_core.migration.kept_chunks import KeptChunks
from sterna_core.migration.undo_plan import chunks_left
from sterna_core.tasks import work as wk
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.undo_work import DropObjects, UndoRows


def restore_work(state: st.Restoring) -> dict[str, wk.AnyWork]:
    """Give the work of each job, by task."""
    stays = dict(chunks_left(state.run, state.undo, state.tried))
    return {
        task_id: _work(state, stays, each.job)
        for task_id, each in state.run.jobs.items()
        if each.standing == "dispatched"
    }


def _work(state: st.Restoring, stays: dict[str, KeptChunks], job: jb.AnyJob) -> wk.AnyWork:
    match job:
        case jb.RollbackJob():
            return wk.RollBack(ledger_required=state.run.schema_created)
        case jb.DropObjectsJob():
            return DropObjects(object_ids=job.object_ids, unfinish=job.unfinish)
        case jb.UndoRowsJob():
            stay = stays[job.table_id]
            return UndoRows(
                table=TableSpec.of(state.plan.tables[job.table_id]),
                below=stay.below,
                but=stay.but,
            )
        case _:
            return wk.RaiseFence()
