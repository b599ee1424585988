"""Which jobs a run could do next, and when a stage is over."""

from collections.abc import Iterator

from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace.resource import ResourceKind
from sterna_core.namespace_migration.cluster_lots import cluster_lots
from sterna_core.namespace_migration.config import RetrieverOptions
from sterna_core.namespace_migration.histories import histories
from sterna_core.namespace_migration.job import (
    AnyJob,
    AttachJob,
    BenchmarkJob,
    CheckReferencesJob,
    ClusterJob,
    CompareJob,
    IndexJob,
    PlanBatchesJob,
    ResourceJob,
    SwitchJob,
    TargetJob,
    TaxonomyJob,
    task_id,
)
from sterna_core.namespace_migration.lots import lots
from sterna_core.namespace_migration.progress import STAGES, MigrationStage
from sterna_core.namespace_migration.relabelling import re_runs
from sterna_core.namespace_migration.state import CollectionRun, Run
from sterna_core.namespace_migration.view import NamespaceMigrationView


def next_jobs(view: NamespaceMigrationView, run: Run) -> Iterator[AnyJob]:
    """Give what the stage at hand still needs and could be begun now, at work or not."""
    match run.stage:
        case "batch_creation":
            for name in with_documents(view, run):
                if not run.collections.get(name, CollectionRun()).is_planned:
                    yield PlanBatchesJob(collection_id=name)
        case "batch_processing":
            yield from lots(view.config, run, with_documents(view, run))
            if _all_moved(run):
                yield from _indexes(view, run)
        case _:
            for wave in _waves(view, run):
                left = [job for job in wave if task_id(view.migration_id, job) not in run.steps]
                if left:
                    yield from left
                    return


def is_over(view: NamespaceMigrationView, run: Run) -> bool:
    """Tell whether the stage at hand has nothing left to do, at work or not."""
    if run.stage == "batch_processing" and not _all_moved(run):
        return False
    return next(next_jobs(view, run), None) is None


def _all_moved(run: Run) -> bool:
    return all(each.done == len(each.batches) for each in run.collections.values())


def _indexes(view: NamespaceMigrationView, run: Run) -> Iterator[AnyJob]:
    """Give the indexes that are not built: later than the documents, and before any search."""
    for uri in feature_uris(view.target.extractors):
        job = IndexJob(feature_uri=uri)
        if task_id(view.migration_id, job) not in run.steps:
            yield job


def items_total(view: NamespaceMigrationView, run: Run, stage: MigrationStage) -> int:
    """Count what a stage goes through: documents where these move, jobs elsewhere."""
    if stage == "batch_processing":
        return sum(each.documents for each in run.collections.values())
    if stage == "batch_creation":
        return len(with_documents(view, run))
    return sum(len(wave) for wave in _waves(view, run, stage))


def following(stage: MigrationStage) -> MigrationStage | None:
    """Give the stage that comes after one; None after the last."""
    place = STAGES.index(stage) + 1
    return STAGES[place] if place < len(STAGES) else None


def _waves(
    view: NamespaceMigrationView, run: Run, stage: MigrationStage | None = None
) -> tuple[tuple[AnyJob, ...], ...]:
    """Give the jobs of a stage, in lots of which each is begun when those before it are done."""
    match stage or run.stage:
        case "namespace_setup":
            return ((TargetJob(),), *_tiers(view, run))
        case "cluster_execution":
            return tuple(
                tuple(ClusterJob(cluster_id=each) for each in lot) for lot in _clusters(view, run)
            )
        case "taxonomy_enrichment":
            jobs = tuple(TaxonomyJob(taxonomy_id=each) for each in _of_kind(run, "taxonomy"))
            # What is made anew is written into whole documents, so one follows upon another.
            return tuple((each,) for each in jobs) if re_runs(view.config) else (jobs,)
        case "benchmark_evaluation":
            return (tuple(BenchmarkJob(retriever_id=each) for each in _of_kind(run, "retriever")),)
        case "finalization":
            compared = tuple(CompareJob(collection_id=each) for each in with_documents(view, run))
            attached = tuple(AttachJob(resource_id=each) for each in run.attached)
            return (compared, attached, _checks(view), (SwitchJob(),))
        case _:
            return ()


def _checks(view: NamespaceMigrationView) -> tuple[AnyJob, ...]:
    options = view.config.retriever_options or RetrieverOptions()
    return (CheckReferencesJob(),) if options.validate_references else ()


def _tiers(view: NamespaceMigrationView, run: Run) -> Iterator[tuple[AnyJob, ...]]:
    tiers = {} if view.graph is None else {each.resource_id: each.tier for each in view.graph.nodes}
    lots: dict[int, list[AnyJob]] = {}
    for each in run.resources:
        lots.setdefault(tiers.get(each.resource_id, 0), []).append(
            ResourceJob(resource_id=each.resource_id)
        )
    return (tuple(lots[tier]) for tier in sorted(lots))


def with_documents(view: NamespaceMigrationView, run: Run) -> tuple[str, ...]:
    """Name what has documents: collections, buckets with their objects, and histories."""
    named = (each.resource_id for each in run.resources if each.kind in {"bucket", "collection"})
    return (*named, *histories(view.config, run.resources))


def _clusters(view: NamespaceMigrationView, run: Run) -> tuple[tuple[str, ...], ...]:
    options = view.config.cluster_options
    if options is None or not options.recompute_clusters:
        return (_of_kind(run, "cluster"),)
    return cluster_lots(each for each in run.resources if each.kind == "cluster")


def _of_kind(run: Run, kind: ResourceKind) -> tuple[str, ...]:
    return tuple(each.resource_id for each in run.resources if each.kind == kind)
