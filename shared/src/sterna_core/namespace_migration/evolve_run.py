"""What of a run an event changes."""

from msgspec.structs import replace

from sterna_core.migration.events import TaskWithdrawn
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.job import Assignment, BatchJob
from sterna_core.namespace_migration.state import CollectionRun, Run


def evolve_run(run: Run, event: ev.AnyEvent) -> Run:
    """Give the run after an event."""
    match event:
        case ev.StageStarted():
            return replace(run, stage=event.stage, steps=frozenset())
        case ev.JobDispatched():
            return _dispatched(run, event)
        case ev.JobRetryScheduled():
            return _waiting(run, event.task_id, failures=event.failures, ready_at=event.ready_at)
        case ev.JobStopped() | TaskWithdrawn():
            return _waiting(run, event.task_id)
        case ev.StepCompleted():
            return replace(_done(run, event.task_id), steps=run.steps | {event.task_id})
        case ev.BatchesPlanned():
            known = run.collections.get(event.collection_id, CollectionRun())
            longer = replace(known, batches=known.batches + event.batches, parts=event.part + 1)
            return _with_collection(run, event.collection_id, longer)
        case ev.CollectionPlanned():
            known = run.collections.get(event.collection_id, CollectionRun())
            run = _done(run, event.task_id)
            return _with_collection(run, event.collection_id, replace(known, is_planned=True))
        case ev.BatchCompleted():
            known = run.collections[event.collection_id]
            run = _done(run, event.task_id)
            return _with_collection(
                run,
                event.collection_id,
                replace(
                    known,
                    done=known.done + event.count,
                    given_up=tuple(each for each in known.given_up if each != event.number),
                ),
            )
        case ev.BatchesSeparated():
            return _separated(run, event)
        case ev.BatchFailed():
            known = run.collections[event.collection_id]
            run = _waiting(run, event.task_id)
            longer = replace(known, given_up=(*known.given_up, event.number))
            return _with_collection(run, event.collection_id, longer)
        case ev.NamespaceMigrationFailed() if event.task_id is not None:
            return _waiting(run, event.task_id)
        case ev.NamespaceMigrationResumed():
            return replace(
                run,
                collections={
                    name: replace(each, given_up=()) for name, each in run.collections.items()
                },
                jobs={
                    name: each
                    if each.standing == "dispatched"
                    else replace(each, failures=0, ready_at=None)
                    for name, each in run.jobs.items()
                },
            )
        case _:
            return run


def _dispatched(run: Run, event: ev.JobDispatched) -> Run:
    known = run.jobs.get(event.task_id)
    given = Assignment(
        job=event.job,
        attempt=event.attempt,
        slot=event.slot,
        dispatched_at=event.at,
        failures=known.failures if known else 0,
    )
    run = replace(run, jobs={**run.jobs, event.task_id: given})
    if isinstance(event.job, BatchJob) and known is None:
        collection = run.collections[event.job.collection_id]
        after = replace(collection, next=max(collection.next, event.job.number + event.job.count))
        return _with_collection(run, event.job.collection_id, after)
    return run


def _separated(run: Run, event: ev.BatchesSeparated) -> Run:
    lot = run.jobs[event.task_id]
    singles = {
        task: replace(
            lot,
            job=BatchJob(collection_id=event.collection_id, number=number),
            attempt=lot.attempt if task == event.task_id else 0,
            standing="waiting",
            failures=0,
            ready_at=None,
        )
        for number, task in enumerate(event.tasks, event.number)
    }
    return replace(run, jobs={**run.jobs, **singles})


def _waiting(run: Run, task_id: str, **changes: object) -> Run:
    known = run.jobs.get(task_id)
    if known is None:
        return run
    waiting = replace(known, **{"standing": "waiting", "ready_at": None, **changes})
    return replace(run, jobs={**run.jobs, task_id: waiting})


def _done(run: Run, task_id: str) -> Run:
    return replace(run, jobs={name: each for name, each in run.jobs.items() if name != task_id})


def _with_collection(run: Run, collection_id: str, collection: CollectionRun) -> Run:
    return replace(run, collections={**run.collections, collection_id: collection})
