"""Which jobs a run could do next, in the order in which they are wanted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sterna_core.migration.job import (
    AnyJob,
    BookkeepingJob,
    BuildJob,
    ChangesJob,
    CheckJob,
    ChunkJob,
    CompareJob,
    CutoverJob,
    RepairJob,
    RetryJob,
    ScanJob,
    SchemaJob,
    ValidateJob,
)
from sterna_core.migration.plan import MOVES_EVERYTHING, TablePlan
from sterna_core.migration.reports import ObjectWave
from sterna_core.migration.run import Plan, Run, TableRun, is_up_to_date
from sterna_core.migration.validation_parts import Stage, left
from sterna_core.tasks.work import Side

WAVES: tuple[ObjectWave, ...] = ("index", "attach", "foreign_key", "behaviour")


def next_jobs(plan: Plan, run: Run) -> Iterator[AnyJob]:
    """Give what the phase at hand still needs and could do now, whether or not it is at work."""
    yield from _retries(plan, run)
    match run.phase:
        case "schema_migration":
            if not run.schema_created:
                yield SchemaJob(run=plan.round)
            elif run.mode == "schema_only":
                yield from _waves(run, WAVES)
        case "data_transfer":
            yield from _transfer(plan, run)
        case "syncing":
            for table_id in run.order:
                if not _is_settled(run.tables[table_id], run):
                    yield from _passing(plan.tables[table_id], run.tables[table_id], run)
        case "validation":
            yield from _validations(plan, run, "validation")
            for table_id in run.order:
                table = run.tables[table_id]
                if table.proven != run.generation:
                    yield from _comparison(plan.tables[table_id], table, run)
            if not _is_checked(run) and _all_proven(run):
                yield CheckJob(number=_comparisons(run))
        case "cutover":
            yield from _cutover(plan, run)
        case _:
            return


def due_comparison(plan: Plan, run: Run) -> tuple[str, ...]:
    """Name the tables whose comparison must be begun: nothing that writes them is at work."""
    repairing = {
        each.job.table_id
        for each in run.jobs.values()
        if isinstance(each.job, RepairJob | ChangesJob) and each.standing == "dispatched"
    }
    retrying = {
        each.table_id
        for each in run.errors.values()
        if each.standing == "retrying" and _is_retried(plan, run, each.table_id)
    }
    return tuple(
        table_id
        for table_id, table in run.tables.items()
        if table.copied_chunks == plan.tables[table_id].chunks
        and table.pass_generation != run.generation
        and table_id not in repairing
        and table_id not in retrying
        and (
            table.generation != run.generation
            or (run.phase == "validation" and table.proven != run.generation)
        )
    )


def _retries(plan: Plan, run: Run) -> Iterator[AnyJob]:
    if run.phase not in {"data_transfer", "syncing", "validation"}:
        return
    for error_id, error in run.errors.items():
        if error.standing == "retrying" and _is_retried(plan, run, error.table_id):
            yield RetryJob(table_id=error.table_id, error_id=error_id, number=error.retries)


def _is_retried(plan: Plan, run: Run, table_id: str) -> bool:
    """Tell whether rows are tried again by themselves: under another snapshot, a repair does it."""
    return _is_full(plan, run, table_id) and run.tables[table_id].generation == run.generation


def phase_is_over(plan: Plan, run: Run) -> bool:
    """Tell whether the phase at hand has nothing left to do, at work or not."""
    match run.phase:
        case "schema_migration":
            return run.schema_created and (run.mode != "schema_only" or _all_built(run, WAVES))
        case "data_transfer":
            return all(
                table.copied_chunks == plan.tables[table_id].chunks and _is_settled(table, run)
                for table_id, table in run.tables.items()
            ) and _all_built(run, ("index", "attach"))
        case "syncing":
            return run.sync.at_work and run.sync.last and is_up_to_date(run)
        case "validation":
            return _all_proven(run) and _is_checked(run) and not left(plan, run, "validation")
        case "cutover":
            return run.cutover_finished and run.bookkeeping_settled
        case _:
            return False


def reads_source(job: AnyJob) -> bool:
    """Tell whether a job reads the source's rows, and so needs the snapshot."""
    if isinstance(job, ValidateJob):
        return job.kind in {"statistical", "behavioral"}
    return isinstance(job, ChunkJob | ScanJob | CompareJob | RepairJob | RetryJob | ChangesJob)


def _validations(plan: Plan, run: Run, stage: Stage) -> Iterator[AnyJob]:
    settled = all(_is_settled(table, run) for table in run.tables.values())
    for kind, part in left(plan, run, stage):
        # While tables are still being repaired, rows are not what they will be.
        if settled or kind == "structural":
            yield ValidateJob(kind=kind, part=part, round=run.validation.of(kind).round)


def _is_full(plan: Plan, run: Run, table_id: str) -> bool:
    return run.tables[table_id].copied_chunks == plan.tables[table_id].chunks


def _is_settled(table: TableRun, run: Run) -> bool:
    return table.generation in {0, run.generation}


def _is_checked(run: Run) -> bool:
    """Tell whether the target was checked after the last rows came."""
    return run.mode in MOVES_EVERYTHING or run.checked == _comparisons(run)


def _comparisons(run: Run) -> int:
    return sum(table.pass_number for table in run.tables.values())


def _all_proven(run: Run) -> bool:
    return all(table.proven == run.generation for table in run.tables.values())


def _all_built(run: Run, waves: Iterable[ObjectWave]) -> bool:
    return all(each.built for each in run.objects.values() if each.object.wave in waves)


def _transfer(plan: Plan, run: Run) -> Iterator[AnyJob]:
    indexes: dict[str | None, list[str]] = defaultdict(list)
    for object_id, each in run.objects.items():
        if each.object.wave == "index" and not each.built:
            indexes[each.object.table_id].append(object_id)
    for table_id in run.order:
        table, planned = run.tables[table_id], plan.tables[table_id]
        if not all(_is_full(plan, run, earlier) for earlier in planned.after):
            continue
        if table.again or table.next_chunk < planned.chunks:
            for chunk in (*table.again, *range(table.next_chunk, planned.chunks)):
                yield ChunkJob(table_id=table_id, chunk=chunk)
        elif table.copied_chunks < planned.chunks:
            continue
        elif not _is_settled(table, run):
            yield from _comparison(planned, table, run)
        else:
            for object_id in indexes.get(table_id, ()):
                yield BuildJob(object_id=object_id)
    for table_of_index, object_ids in indexes.items():
        if table_of_index is None or table_of_index not in run.tables:
            for object_id in object_ids:
                yield BuildJob(object_id=object_id)
    if not indexes:
        yield from _wave(run, "attach")


def _passing(planned: TablePlan, table: TableRun, run: Run) -> Iterator[AnyJob]:
    if not table.by_changes:
        yield from _comparison(planned, table, run)
    elif table.pass_generation == run.generation:
        yield ChangesJob(table_id=planned.table_id, pass_number=table.pass_number)


def _comparison(planned: TablePlan, table: TableRun, run: Run) -> Iterator[AnyJob]:
    if table.pass_generation != run.generation:
        return
    table_id, number = planned.table_id, table.pass_number
    if table.verdict == "differs":
        yield RepairJob(table_id=table_id, pass_number=number)
        return
    scans = 0 if planned.chunks == 1 else 2 * planned.chunks
    for scan in range(table.next_scan, scans):
        side: Side = "source" if scan % 2 == 0 else "target"
        yield ScanJob(table_id=table_id, pass_number=number, side=side, range_number=scan // 2)
    if table.scanned == scans:
        yield CompareJob(table_id=table_id, pass_number=number)


def _cutover(plan: Plan, run: Run) -> Iterator[AnyJob]:
    yield from _waves(run, ("foreign_key", "behaviour"))
    if not _all_built(run, ("foreign_key", "behaviour")):
        return
    if left(plan, run, "cutover"):
        yield from _validations(plan, run, "cutover")
    elif not run.cutover_finished:
        yield CutoverJob()
    elif not run.bookkeeping_settled:
        # Not before the journal says that the migration cannot be cancelled any more: without the
        # ledger there is no rollback.
        yield BookkeepingJob()


def _waves(run: Run, waves: Iterable[ObjectWave]) -> Iterator[AnyJob]:
    for wave in waves:
        if not _all_built(run, (wave,)):
            yield from _wave(run, wave)
            return


def _wave(run: Run, wave: ObjectWave) -> Iterator[AnyJob]:
    for object_id, each in run.objects.items():
        if each.object.wave == wave and not each.built:
            yield BuildJob(object_id=object_id)
