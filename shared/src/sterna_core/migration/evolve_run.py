"""How each event changes a run."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration.checkpoint import CheckpointRecorded
from sterna_core.migration.checkpoint_marks import corrected, marked
from sterna_core.migration.error_events import AnyErrorEvent
from sterna_core.migration.evolve_errors import evolve_errors
from sterna_core.migration.evolve_sync import evolve_sync
from sterna_core.migration.evolve_table import TableEvent, evolve_table
from sterna_core.migration.job import Assignment, ChunkJob, ScanJob, SnapshotJob
from sterna_core.migration.plan import Mode
from sterna_core.migration.run import ObjectRun, Plan, Run, Snapshot, TableRun
from sterna_core.migration.sync_events import AnyPassEvent
from sterna_core.migration.undo import RollbackRequested


def first_run(plan: Plan, event: ev.MigrationStarted, mode: Mode = "full") -> Run:
    """Give the run of a plan that was just started."""
    return Run(
        mode=mode,
        epoch=event.epoch,
        fenced=event.epoch,
        phase="schema_migration",
        phase_started_at=event.at,
        started_at=event.at,
        tables={table_id: TableRun() for table_id in plan.tables},
        order=tuple(
            sorted(plan.tables, key=lambda table_id: (-plan.tables[table_id].bytes, table_id))
        ),
    )


def evolve_run(run: Run, event: ev.AnyEvent) -> Run:
    """Give the run after an event; an event that is not about it changes nothing."""
    match event:
        case ev.PhaseStarted():
            return replace(run, phase=event.phase, phase_started_at=event.at)
        case ev.TaskDispatched():
            return _dispatched(run, event)
        case ev.TaskRetryScheduled():
            jobs = waiting(run.jobs, event.task_id, event.ready_at, event.failures)
            return replace(run, jobs=jobs)
        case ev.TaskStopped():
            return replace(run, jobs=waiting(run.jobs, event.task_id, event.at, 0))
        case ev.MigrationFailed() if event.task_id is not None:
            return replace(run, jobs=waiting(run.jobs, event.task_id, event.at, 0))
        case ev.SchemaObjectsFound():
            found = {each.object_id: ObjectRun(object=each) for each in event.objects}
            return replace(run, objects={**run.objects, **found})
        case ev.SchemaCreated():
            return replace(run, schema_created=True, jobs=without(run.jobs, event.task_id))
        case ev.SnapshotExported():
            snapshot = Snapshot(
                generation=event.generation,
                snapshot_id=event.snapshot_id,
                task_id=event.task_id,
            )
            jobs = without(run.jobs, event.task_id)
            return replace(run, snapshot=snapshot, generation=event.generation, jobs=jobs)
        case ev.SnapshotEnded():
            return replace(run, snapshot=None)
        case ev.ObjectBuilt():
            number = run.builds + 1
            built = replace(run.objects[event.object_id], built=True, number=number)
            objects = {**run.objects, event.object_id: built}
            jobs = without(run.jobs, event.task_id)
            return replace(run, objects=objects, builds=number, jobs=jobs)
        case ev.TargetChecked():
            return replace(run, checked=event.number, jobs=without(run.jobs, event.task_id))
        case ev.CutoverFinished():
            return replace(
                run,
                cutover_finished=True,
                bookkeeping_settled=event.bookkeeping != "to_remove",
                jobs=without(run.jobs, event.task_id),
            )
        case ev.BookkeepingRemoved():
            return replace(run, bookkeeping_settled=True, jobs=without(run.jobs, event.task_id))
        case CheckpointRecorded():
            return replace(run, checkpoints=marked(run, event))
        case ev.CancelRequested() | RollbackRequested():
            return replace(run, epoch=event.epoch, jobs={}, snapshot=None)
        case ev.FenceRaised():
            return replace(run, fenced=event.epoch, jobs=without(run.jobs, event.task_id))
        case ev.RollbackFailed() | ev.RollbackCompleted():
            return replace(run, jobs=without(run.jobs, event.task_id))
        case _ if isinstance(event, AnyErrorEvent):
            return corrected(evolve_errors(run, event), event)
        case _ if isinstance(event, TableEvent):
            return corrected(evolve_table(run, event), event)
        case _ if isinstance(event, AnyPassEvent):
            return replace(run, sync=evolve_sync(run.sync, event))
        case _:
            return run


def without(jobs: Mapping[str, Assignment], task_id: str) -> dict[str, Assignment]:
    """Give the jobs that are left when one is done."""
    return {key: value for key, value in jobs.items() if key != task_id}


def waiting(
    jobs: dict[str, Assignment], task_id: str, ready_at: datetime, failures: int
) -> dict[str, Assignment]:
    """Give the jobs after one has come back undone."""
    assignment = jobs.get(task_id)
    if assignment is None:
        return jobs
    back = replace(assignment, standing="waiting", ready_at=ready_at, failures=failures)
    return {**jobs, task_id: back}


def dispatched(known: Assignment | None, event: ev.TaskDispatched) -> Assignment:
    """Give the assignment of a job that goes to an executor, for the first time or again."""
    return Assignment(
        job=event.job,
        attempt=event.attempt,
        slot=event.slot,
        dispatched_at=event.at,
        snapshot_id=event.snapshot_id,
        generation=event.generation,
        failures=known.failures if known else 0,
    )


def _dispatched(run: Run, event: ev.TaskDispatched) -> Run:
    known = run.jobs.get(event.task_id)
    changed = replace(run, jobs={**run.jobs, event.task_id: dispatched(known, event)})
    if known is not None:
        return changed
    match event.job:
        case SnapshotJob(request=request):
            return replace(changed, snapshot_requests=request)
        case ChunkJob(table_id=table_id):
            table = run.tables[table_id]
            begun = _begun(table, event.job.chunk, event.generation)
        case ScanJob(table_id=table_id):
            table = run.tables[table_id]
            begun = replace(table, next_scan=table.next_scan + 1)
        case _:
            return changed
    return replace(changed, tables={**run.tables, table_id: begun})


def _begun(table: TableRun, chunk: int, generation: int) -> TableRun:
    began = replace(
        table, generation=table.generation or generation, began=table.began or generation
    )
    if chunk in table.again:
        return replace(began, again=tuple(each for each in table.again if each != chunk))
    return replace(began, next_chunk=table.next_chunk + 1)
