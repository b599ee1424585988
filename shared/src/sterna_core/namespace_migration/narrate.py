"""The lines that events of a namespace migration add to its log."""

from typing import Any, assert_never

from sterna_core.migration.events import TaskWithdrawn
from sterna_core.migration.narrate import Entry, LogEntry, ProgressEntry
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.job import (
    AttachJob,
    BatchJob,
    BenchmarkJob,
    CheckReferencesJob,
    ClusterJob,
    CompareJob,
    FenceJob,
    IndexJob,
    Job,
    PlanBatchesJob,
    ResourceJob,
    RollbackJob,
    SwitchJob,
    TargetJob,
    TaxonomyJob,
    resource_of,
    stage_of,
)

_DONE: dict[type[Job], str] = {
    TargetJob: "The target namespace is made",
    ResourceJob: "Resource made in the target",
    PlanBatchesJob: "Batches planned",
    BatchJob: "Batch moved",
    IndexJob: "Index built in the target",
    ClusterJob: "Cluster brought",
    TaxonomyJob: "Taxonomy brought",
    BenchmarkJob: "Exact searches compared",
    CompareJob: "Source and target are equal",
    AttachJob: "Resource attached in the target",
    CheckReferencesJob: "No definition of the target names what is not there",
    SwitchJob: "Aliases are switched",
    FenceJob: "The target is shut to executors",
    RollbackJob: "Rolled back",
}


def narrate(event: ev.AnyEvent) -> tuple[Entry, ...]:
    """Give the lines that an event adds to the log: none, one, or one with a progress entry."""
    match event:
        case ev.BatchCompleted():
            progress = ProgressEntry(
                phase="batch_processing", percent=event.percent, records_processed=event.moved
            )
            return (_batch(event), progress)
        case (
            ev.JobDispatched()
            | ev.JobStopped()
            | ev.ResourcesRecorded()
            | ev.BatchesPlanned()
            | ev.ReferencesChecked()
            | TaskWithdrawn()
        ):
            return ()
        case ev.NamespaceMigrationValidated():
            return (_validated(event),)
        case (
            ev.StageStarted()
            | ev.StageCompleted()
            | ev.StepCompleted()
            | ev.CollectionPlanned()
            | ev.BatchFailed()
            | ev.BatchesSeparated()
            | ev.JobRetryScheduled()
        ):
            return (_work(event),)
        case ev.RollbackRequested() | ev.NamespaceMigrationRolledBack() | ev.RollbackFailed():
            return (_rollback(event),)
        case ev.BenchmarkMeasured() | ev.BenchmarkAccepted():
            return (_benchmark(event),)
        case _:
            return (_life(event),)


def _batch(event: ev.BatchCompleted) -> LogEntry:
    of = f"/{event.batches}" if event.batches else ""
    told: dict[str, Any] = {
        "phase": "batch_processing",
        "resource": event.collection_id,
        "records": event.documents,
    }
    first, last = event.number + 1, event.number + event.count
    name = f"Batch {first}" if event.count == 1 else f"Batches {first} to {last}"
    text = f"{name}{of} complete"
    if not event.set_aside:
        return _info(event, text, **told)
    example = event.poison[0] if event.poison else None
    text += f"; {event.set_aside} documents set aside"
    if example is not None:
        text += f", such as {example.document_id}: {example.reason}"
    return _warn(event, text, code=example.code if example else None, **told)


def _validated(event: ev.NamespaceMigrationValidated) -> LogEntry:
    found = event.result
    if not found.valid:
        return _warn(event, f"Validated: {len(found.errors)} errors", code="validation_failed")
    if found.warnings:
        text = f"Validated: {len(found.warnings)} warnings"
        return _warn(event, text, code="validation_warnings")
    return _info(event, f"Validated: {sum(found.estimated_resources.values())} resources")


def _work(
    event: ev.StageStarted
    | ev.StageCompleted
    | ev.StepCompleted
    | ev.CollectionPlanned
    | ev.BatchFailed
    | ev.BatchesSeparated
    | ev.JobRetryScheduled,
) -> LogEntry:
    match event:
        case ev.StageStarted():
            text = f"Stage started: {event.stage}, {event.items_total} items"
            return _info(event, text, phase=event.stage)
        case ev.StageCompleted():
            return _info(event, f"Stage completed: {event.stage}", phase=event.stage)
        case ev.StepCompleted():
            return _step(event)
        case ev.CollectionPlanned():
            return _info(
                event,
                f"{event.batches} batches planned",
                phase="batch_creation",
                resource=event.collection_id,
                records=event.documents,
            )
        case ev.BatchFailed():
            return _error(
                event,
                f"Batch {event.number + 1} was given up: {event.message}",
                code=event.code,
                phase="batch_processing",
                resource=event.collection_id,
                records=event.documents,
            )
        case ev.BatchesSeparated():
            first, last = event.number + 1, event.number + len(event.tasks)
            return _warn(
                event,
                f"Batches {first} to {last} are tried one by one: {event.message}",
                code=event.code,
                phase="batch_processing",
                resource=event.collection_id,
            )
        case ev.JobRetryScheduled():
            text = f"A task failed and will be tried again: {event.message}"
            return _warn(event, text, code=event.code)
    assert_never(event)


def _rollback(
    event: ev.RollbackRequested | ev.NamespaceMigrationRolledBack | ev.RollbackFailed,
) -> LogEntry:
    match event:
        case ev.RollbackRequested():
            what = "; the target is removed" if event.drops_target else ""
            return _warn(event, f"Rolling back{what}")
        case ev.NamespaceMigrationRolledBack():
            text = "Rolled back: aliases are where they were"
            if event.aliases:
                text += f": {_led(event.aliases)}"
            if event.drops_target:
                text += "; the target is removed"
            return _info(event, text)
        case ev.RollbackFailed():
            return _error(event, f"Not rolled back: {event.message}", code=event.code)
    assert_never(event)


def _led(aliases: dict[str, str]) -> str:
    return ", ".join(f"{name} → {where or 'nothing'}" for name, where in sorted(aliases.items()))


def _benchmark(event: ev.BenchmarkMeasured | ev.BenchmarkAccepted) -> LogEntry:
    told: dict[str, Any] = {"phase": "benchmark_evaluation", "resource": event.retriever_id}
    if isinstance(event, ev.BenchmarkAccepted):
        return _warn(event, "What the gate refused was accepted as it was measured", **told)
    report = event.report
    text = f"Retriever measured against its successor, {report.queries} queries: {report.verdict}"
    if report.verdict == "passed":
        return _info(event, text, **told)
    return _warn(event, f"{text}. {report.message}", code=report.code, **told)


def _step(event: ev.StepCompleted) -> LogEntry:
    text = _DONE[type(event.job)]
    if event.figures:
        figures = (f"{name} {value:g}" for name, value in sorted(event.figures.items()))
        text += f": {', '.join(figures)}"
    if event.aliases:
        text += f": {_led(event.aliases)}"
    compared = event.figures.get("documents_compared")
    return _info(
        event,
        text,
        phase=stage_of(event.job),
        resource=resource_of(event.job),
        records=None if compared is None else int(compared),
    )


def _life(
    event: ev.NamespaceMigrationCreated
    | ev.NamespaceMigrationStarted
    | ev.WorkBegun
    | ev.NamespaceMigrationFailed
    | ev.PauseRequested
    | ev.NamespaceMigrationPaused
    | ev.NamespaceMigrationResumed
    | ev.NamespaceMigrationCancelled
    | ev.TargetFenced
    | ev.NamespaceMigrationCompleted
    | ev.NamespaceMigrationDeleted,
) -> LogEntry:
    match event:
        case ev.NamespaceMigrationCreated():
            return _info(event, f"Migration created: {event.source.name} to {event.target.name}")
        case ev.NamespaceMigrationStarted():
            return _info(event, "Migration started")
        case ev.WorkBegun():
            return _info(event, "Executors have begun")
        case ev.NamespaceMigrationFailed():
            return _error(
                event,
                event.message,
                code=event.code,
                phase=event.stage,
                resource=event.resource_id,
            )
        case ev.PauseRequested():
            return _info(event, "Pausing: no more work is given out")
        case ev.NamespaceMigrationPaused():
            return _info(event, "Migration paused")
        case ev.NamespaceMigrationResumed():
            return _info(event, "Migration resumed")
        case ev.NamespaceMigrationCancelled():
            return _warn(event, "Cancelling" if event.epoch else "Migration cancelled")
        case ev.TargetFenced() if event.code is None:
            return _warn(event, "Migration cancelled: nothing writes to the target any more")
        case ev.TargetFenced():
            text = f"Migration cancelled; its target could not be reached: {event.message}"
            return _warn(event, text, code=event.code)
        case ev.NamespaceMigrationCompleted():
            text = f"Completed: {event.documents} documents, compared and equal"
            if event.set_aside:
                text += f"; {event.set_aside} were set aside"
            return _info(event, text, records=event.documents)
        case ev.NamespaceMigrationDeleted():
            return _warn(event, "Migration deleted")
    assert_never(event)


def _info(event: ev.Event, message: str, **fields: Any) -> LogEntry:
    return LogEntry(timestamp=event.at, level="info", message=message, **fields)


def _warn(event: ev.Event, message: str, **fields: Any) -> LogEntry:
    return LogEntry(timestamp=event.at, level="warning", message=message, **fields)


def _error(event: ev.Event, message: str, **fields: Any) -> LogEntry:
    return LogEntry(timestamp=event.at, level="error", message=message, **fields)
