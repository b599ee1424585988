"""What is not known of a target in which something could not be taken back.

Whoever was at it may have done so and told nobody. What may be gone is done again, which finds out
by receipts and names what is there; what may be there is taken back again, if anything is.
"""

from msgspec.structs import replace

from sterna_core.migration import state as st
from sterna_core.migration.checkpoint_marks import chunks_at, lose
from sterna_core.migration.job import DropObjectsJob, UndoRowsJob
from sterna_core.migration.kept_chunks import KeptChunks
from sterna_core.migration.run import Doubt, ObjectRun, Plan, Run, TableRun
from sterna_core.migration.run_chunks import copied_chunks
from sterna_core.migration.undo_plan import chunks_left


def doubted(state: st.Restoring) -> Run:
    """Give the run for which what was being taken back is neither there nor gone."""
    run, jobs = state.run, [each.job for each in state.run.jobs.values()]
    tables, objects = list(state.tried), list(state.begun)
    stays = dict(chunks_left(run, state.undo, state.tried))
    for job in jobs:
        if isinstance(job, UndoRowsJob):
            tables.append(job.table_id)
            run = _without_chunks(run, job.table_id, stays[job.table_id])
        elif isinstance(job, DropObjectsJob):
            gone = _with_later(run, job.object_ids)
            objects += gone
            run = _without_objects(run, gone)
    doubt = Doubt(
        tables=tuple(dict.fromkeys(tables)),
        objects=tuple(dict.fromkeys(objects)),
        unfinish=state.unfinish,
    )
    return replace(run, doubt=doubt)


def tables_in_doubt(run: Run, plan: Plan) -> tuple[str, ...]:
    """Name the tables of which more may be in the target than is known."""
    there = copied_chunks(run)
    return tuple(
        table_id
        for table_id in run.doubt.tables
        if there[table_id].count < plan.tables[table_id].chunks
    )


def _without_chunks(run: Run, table_id: str, stay: KeptChunks) -> Run:
    """Know of no more chunks than stay; their rows are as many as they are of the chunks."""
    table, there = run.tables[table_id], copied_chunks(run)[table_id]
    share = stay.count / there.count if there.count else 0.0
    anew = TableRun(
        next_chunk=stay.below,
        again=stay.but,
        copied_chunks=stay.count,
        rows=round(table.rows * share),
        bytes=round(table.bytes * share),
        generation=table.began,
        began=table.began,
        pass_number=table.pass_number,
    )
    place = run.order.index(table_id)
    run = replace(
        run,
        tables={**run.tables, table_id: anew},
        rows=max(0, run.rows - table.rows + anew.rows),
        bytes=max(0, run.bytes - table.bytes + anew.bytes),
    )
    return lose(
        run, "taken_back", table_id, lambda each: not chunks_at(each, place).is_within(stay)
    )


def _with_later(run: Run, object_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Name objects and those that were built after the first of them: they may have gone along."""
    first = _first(run, object_ids)
    later = (name for name, each in run.objects.items() if each.built and each.number >= first)
    return tuple(dict.fromkeys((*object_ids, *later)))


def _without_objects(run: Run, object_ids: tuple[str, ...]) -> Run:
    first = _first(run, object_ids)
    left = {
        each: ObjectRun(object=run.objects[each].object)
        for each in object_ids
        if each in run.objects
    }
    run = replace(run, objects={**run.objects, **left})
    return lose(run, "taken_back", "an index or a constraint", lambda each: each.builds >= first)


def _first(run: Run, object_ids: tuple[str, ...]) -> int:
    """Give the number of the object that was built first; one that comes next, if none was."""
    found = [run.objects[each] for each in object_ids if each in run.objects]
    return min((each.number for each in found if each.built), default=run.builds + 1)
