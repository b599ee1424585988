"""What executors are given to take a part of a run back."""

from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import DropObjectsJob, FenceJob, RollbackJob, UndoRowsJob
from sterna_core.migration.table_order import parents_first
from sterna_core.migration.undo_events import UndoCompleted
from sterna_core.migration.undo_plan import chunks_left, objects_left

DROPPED_AT_ONCE = 100
"""How many objects are dropped in one transaction: each holds several locks."""


def take_back(draft: Draft) -> None:
    """Shut the target to whoever wrote before, drop objects, then remove rows; pause at the end."""
    assert isinstance(draft.state, st.Restoring)
    about, run, scope = draft.state.about, draft.state.run, draft.state.undo
    migration_id = about.migration_id
    if run.fenced != run.epoch:
        draft.want(migration_id, FenceJob(epoch=run.epoch))
        return
    if scope.whole:
        draft.want(migration_id, RollbackJob(epoch=run.epoch))
        return
    objects = objects_left(run, scope, draft.state.begun)
    if objects or draft.state.unfinish:
        some = objects[:DROPPED_AT_ONCE]
        draft.want(migration_id, DropObjectsJob(object_ids=some, unfinish=draft.state.unfinish))
        return
    tables = [table_id for table_id, _ in chunks_left(run, scope, draft.state.tried)]
    if not tables:
        draft.add(
            UndoCompleted(
                at=draft.at,
                scope=scope,
                phase=scope.phase,
                epoch=run.epoch,
                removed=draft.state.removed,
            )
        )
        return
    if run.mode == "data_only":
        # Foreign keys may be at work: what refers to others goes first.
        ordered = reversed(parents_first(draft.state.plan.tables))
        tables = [each.table_id for each in ordered if each.table_id in tables][:1]
    for table_id in tables:
        if draft.at_work >= about.options.parallelism:
            return
        draft.want(migration_id, UndoRowsJob(table_id=table_id))
