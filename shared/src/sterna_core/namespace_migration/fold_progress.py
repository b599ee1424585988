"""How events move figures on: stages, resources, and the whole."""

from datetime import datetime

from msgspec.structs import replace

from sterna_core.namespace.resource import ResourceKind
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.job import (
    AnyJob,
    BatchJob,
    BenchmarkJob,
    ClusterJob,
    CompareJob,
    IndexJob,
    Job,
    TaxonomyJob,
    resource_of,
    stage_of,
)
from sterna_core.namespace_migration.progress import (
    MigrationStage,
    StageProgress,
    overall_percent,
    percent_of,
)
from sterna_core.namespace_migration.view import CollectionFigures, NamespaceMigrationView

View = NamespaceMigrationView
POISON_SHOWN = 100
"""Documents set aside that are named; all are counted."""

_FINISHES: dict[ResourceKind, type[Job]] = {
    "bucket": CompareJob,
    "collection": CompareJob,
    "cluster": ClusterJob,
    "taxonomy": TaxonomyJob,
    "retriever": BenchmarkJob,
}
"""What has to be done for a resource to be."""


def fold_progress(view: View, event: ev.AnyEvent) -> View:
    """Give the view with the figures after an event."""
    match event:
        case ev.StageStarted():
            begun = replace(
                view.stages[event.stage],
                status="in_progress",
                started_at=event.at,
                items_total=event.items_total,
            )
            return replace(_with_stage(view, begun), current_stage=event.stage)
        case ev.StageCompleted():
            ended = replace(
                view.stages[event.stage],
                status="completed",
                completed_at=event.at,
                progress_percent=100.0,
            )
            return _with_stage(view, ended)
        case ev.StepCompleted():
            return _after_step(view, event)
        case ev.ReferencesChecked():
            return replace(view, references=event.report)
        case ev.BenchmarkMeasured():
            return replace(view, benchmarks={**view.benchmarks, event.retriever_id: event.report})
        case ev.BenchmarkAccepted():
            known = view.benchmarks[event.retriever_id]
            accepted = replace(known, accepted_by=event.by, accepted_at=event.at)
            return replace(view, benchmarks={**view.benchmarks, event.retriever_id: accepted})
        case ev.BatchesPlanned(left_out=left_out) if left_out:
            return _after_part(view, event)
        case ev.CollectionPlanned():
            return _after_planning(view, event)
        case ev.JobDispatched(job=BatchJob(collection_id=name)):
            return _begun(view, name, event.at)
        case ev.BatchCompleted():
            return _after_batch(view, event)
        case ev.BatchFailed():
            return _with_items(view, "batch_processing", failed=event.documents)
        case ev.NamespaceMigrationResumed():
            return _without_failed(view)
        case _:
            return view


def _with_stage(view: View, stage: StageProgress) -> View:
    stages = {**view.stages, stage.stage: stage}
    return replace(view, stages=stages, percent=max(view.percent, overall_percent(stages)))


def _with_items(view: View, name: MigrationStage, *, done: int = 0, failed: int = 0) -> View:
    known = view.stages[name]
    completed, given_up = known.items_completed + done, known.items_failed + failed
    # A source that is written to may have more than was planned.
    total = max(known.items_total, completed + given_up)
    moved = replace(
        known,
        items_total=total,
        items_completed=completed,
        items_failed=given_up,
        progress_percent=max(known.progress_percent, percent_of(completed, total)),
    )
    return _with_stage(view, moved)


def _after_step(view: View, event: ev.StepCompleted) -> View:
    stage = stage_of(event.job)
    if stage is None:
        return view
    if isinstance(event.job, IndexJob):  # the items of its stage are documents
        return replace(view, figures={**view.figures, event.job.feature_uri: event.figures})
    view = _with_items(view, stage, done=1)
    name = resource_of(event.job)
    if name is None:
        return view
    if event.figures:
        view = replace(view, figures={**view.figures, name: event.figures})
    return _with_resource(view, name, event.job)


def _with_resource(view: View, name: str, job: AnyJob) -> View:
    known = view.resources.get(name)
    if known is None:
        return view
    if isinstance(job, _FINISHES[known.resource_type]):
        known = replace(known, status="completed", progress_percent=100.0)
    elif known.status == "pending":
        known = replace(known, status="in_progress")
    return replace(view, resources={**view.resources, name: known})


def _after_part(view: View, event: ev.BatchesPlanned) -> View:
    known = view.collections.get(event.collection_id, CollectionFigures())
    known = replace(
        known, left_out=known.left_out + event.left_out, undated=known.undated + event.undated
    )
    return replace(view, collections={**view.collections, event.collection_id: known})


def _after_planning(view: View, event: ev.CollectionPlanned) -> View:
    known = view.collections.get(event.collection_id, CollectionFigures())
    figures = replace(known, batches=event.batches, documents=event.documents)
    view = replace(view, collections={**view.collections, event.collection_id: figures})
    return _with_items(view, "batch_creation", done=1)


def _begun(view: View, name: str, at: datetime) -> View:
    known = view.collections.get(name)
    if known is None or known.began_at is not None:
        return view
    return replace(view, collections={**view.collections, name: replace(known, began_at=at)})


def _after_batch(view: View, event: ev.BatchCompleted) -> View:
    known = view.collections.get(event.collection_id, CollectionFigures())
    known = replace(
        known,
        batches_done=known.batches_done + event.count,
        moved=known.moved + event.documents,
        set_aside=known.set_aside + event.set_aside,
        bytes=known.bytes + event.bytes,
        moved_at=event.at,
    )
    room = POISON_SHOWN - len(view.poison)
    view = replace(
        view,
        collections={**view.collections, event.collection_id: known},
        poison=view.poison + event.poison[:room],
    )
    resource = view.resources.get(event.collection_id)
    if resource is not None:
        # What is left is to be compared.
        share = min(99.0, percent_of(known.batches_done, known.batches))
        moved = replace(resource, progress_percent=max(resource.progress_percent, share))
        view = replace(view, resources={**view.resources, event.collection_id: moved})
    return _with_items(
        view, "batch_processing", done=event.documents, failed=event.set_aside - event.recovered
    )


def _without_failed(view: View) -> View:
    """Count batches that were given up no more: they are tried again."""
    known = view.stages["batch_processing"]
    return _with_stage(view, replace(known, items_failed=view.set_aside))
