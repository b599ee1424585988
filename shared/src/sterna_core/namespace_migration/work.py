"""What executors are asked to do for a job."""

from hashlib import blake2b
from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from sterna_core.journal.aggregate import OutgoingTask
from sterna_core.namespace.input_text import input_path
from sterna_core.namespace.json_path import Path
from sterna_core.namespace.json_path import replaced as replaced_at
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_migration import job as jb
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.config import BatchOptions, ClusterOptions, MigrationConfig
from sterna_core.namespace_migration.date_range import dated_collections
from sterna_core.namespace_migration.features import successors
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.histories import new_id_of, shelf_kind, text_path
from sterna_core.namespace_migration.id_map import IdMap, id_map_of
from sterna_core.namespace_migration.made_anew import made_anew
from sterna_core.namespace_migration.re_extraction import match_of
from sterna_core.namespace_migration.reference_work import reference_check
from sterna_core.namespace_migration.relabelling import (
    Applied,
    applied,
    bring_taxonomy,
    relabelling,
)
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_migration.view import CollectionFigures, NamespaceMigrationView
from sterna_core.tasks import namespace_work as wk


def tasks(state: st.State) -> tuple[OutgoingTask, ...]:
    """Give every task that should be with executors in this state."""
    if not isinstance(state, st.WithJobs):
        return ()
    view, run = state.view, state.run
    outgoing = {name: each for name, each in run.jobs.items() if each.standing == "dispatched"}
    if not outgoing:
        return ()
    offset = blake2b(view.migration_id.encode(), digest_size=2).digest()
    first = int.from_bytes(offset)
    rewriting = rewriting_of(view, run)
    needs_labels = run.stage in {"taxonomy_enrichment", "finalization"}
    labels = applied(view.config, run.resources) if needs_labels else {}
    return tuple(
        OutgoingTask(
            key=f"{name}:{each.attempt}",
            partition_hint=first + each.slot,
            body=wk.NamespaceTask(
                task_id=name,
                attempt=each.attempt,
                migration_id=view.migration_id,
                org_id=view.org_id,
                epoch=run.epoch,
                source=view.source,
                target=view.target,
                config=_config_for(view.config, each.job),
                work=_work(view, run, rewriting, labels, each.job),
                dispatched_at=each.dispatched_at,
            ),
        )
        for name, each in outgoing.items()
    )


def rewriting_of(view: NamespaceMigrationView, run: st.Run) -> Rewriting:
    """Give what becomes of ids and addresses in this migration."""
    old, new = view.source.extractors, view.target.extractors
    match = match_of(view.config, old, new)
    return Rewriting(
        ids=IdMap(
            source_namespace_id=view.source.namespace_id,
            target_namespace_id=view.target.namespace_id,
            resources=run.ids,
            keeps_document_ids=view.config.preserve_resource_ids,
        ),
        known=kinds_of(run.resources),
        clusters=view.config.cluster_options or ClusterOptions(),
        features=match.changed,
        extractors=successors(old, new, match),
    )


def without_attachments(resource: Resource, rewriting: Rewriting) -> Resource:
    """Give a resource as it can be made before everything is there."""
    cuts: set[Path] = {
        each.cut
        for each in references(resource, rewriting.known)
        if each.edge == "attachment" and each.cut is not None
    }
    bare = replaced_at(resource.definition, {}, frozenset(cuts))
    return rewriting.resource(replace(resource, definition=bare))


def _config_for(config: MigrationConfig, job: jb.AnyJob) -> MigrationConfig:
    """Give the configuration without the queries of a benchmark, but for what asks them."""
    if isinstance(job, jb.BenchmarkJob) or not config.benchmark_options:
        return config
    return replace(config, benchmark_options=UNSET)


def _dates(view: NamespaceMigrationView, run: st.Run, collection_id: str) -> dict[str, str]:
    """Give the dates that bound a collection's documents; {} where all go along."""
    dates = (view.config.filters.date_range if view.config.filters else None) or {}
    return dates if dates and collection_id in dated_collections(run.resources) else {}


def _counted(estimates: Estimates | None) -> int:
    """Give how many documents and objects a validation found in the source; 0 if it did not look."""
    if estimates is None:
        return 0
    return sum(each.count for each in (estimates.documents, estimates.objects) if each is not None)


def _made(view: NamespaceMigrationView) -> tuple[wk.Named, ...]:
    """Name what is made in the target, each before what it needs."""
    if view.graph is None:
        return ()
    kinds = {each.resource_id: each.resource_type for each in view.graph.nodes}
    there = id_map_of(view.config, view.graph, view.target.namespace_id).resources
    return tuple((kinds[name], there[name]) for name in reversed(view.graph.execution_order))


def _work(
    view: NamespaceMigrationView,
    run: st.Run,
    rewriting: Rewriting,
    labels: Applied,
    job: jb.AnyJob,
) -> wk.AnyNamespaceWork:
    options = view.config.batch_options or BatchOptions()
    new_ids = rewriting.ids.resources
    by_id = {each.resource_id: each for each in run.resources}
    match job:
        case jb.TargetJob():
            return wk.PrepareTarget(ids=new_ids, kinds=dict(rewriting.known))
        case jb.ResourceJob():
            resource = by_id[job.resource_id]
            return wk.MakeResource(resource=resource, made=without_attachments(resource, rewriting))
        case jb.PlanBatchesJob():
            known = run.collections.get(job.collection_id, st.CollectionRun())
            return wk.PlanBatches(
                kind=shelf_kind(by_id, job.collection_id),
                collection_id=job.collection_id,
                batch_size=options.batch_size,
                part=known.parts,
                after=known.batches[-1].until if known.batches else None,
                date_range=_dates(view, run, job.collection_id),
                counted=_counted(view.result.estimates),
            )
        case jb.BatchJob():
            batch, *more = run.collections[job.collection_id].batches[
                job.number : job.number + job.count
            ]
            first = wk.MoveBatch(
                kind=shelf_kind(by_id, job.collection_id),
                collection_id=job.collection_id,
                target_collection_id=new_id_of(job.collection_id, new_ids),
                number=job.number,
                batch=batch,
                date_range=_dates(view, run, job.collection_id),
                text_path=text_path(by_id, job.collection_id),
                recorded_before=view.started_at,
            )
            return wk.MoveBatches(first=first, more=tuple(more)) if more else first
        case jb.IndexJob(feature_uri=uri):
            return wk.BuildIndex(feature_uri=uri)
        case jb.ClusterJob():
            return wk.BringCluster(cluster=by_id[job.cluster_id], target_id=new_ids[job.cluster_id])
        case jb.TaxonomyJob():
            return bring_taxonomy(
                view.config, run.resources, rewriting, by_id[job.taxonomy_id], labels
            )
        case jb.BenchmarkJob():
            return wk.BenchmarkRetriever(
                retriever=by_id[job.retriever_id],
                target_id=new_ids[job.retriever_id],
                text_fields={
                    each.resource_id: input_path(each.definition)
                    for each in run.resources
                    if each.kind == "collection"
                },
            )
        case jb.CompareJob():
            figures = view.collections.get(job.collection_id, CollectionFigures())
            fields, taxonomies = relabelling(job.collection_id, labels, by_id, rewriting)
            return wk.CompareCollection(
                kind=shelf_kind(by_id, job.collection_id),
                collection_id=job.collection_id,
                target_collection_id=new_id_of(job.collection_id, new_ids),
                set_aside=figures.set_aside,
                date_range=_dates(view, run, job.collection_id),
                made_anew=(*made_anew(view.config, run.resources, job.collection_id), *fields),
                relabelled_by=taxonomies,
                text_path=text_path(by_id, job.collection_id),
                recorded_before=view.started_at,
            )
        case jb.AttachJob():
            resource = by_id[job.resource_id]
            return wk.AttachResource(resource_id=job.resource_id, made=rewriting.resource(resource))
        case jb.CheckReferencesJob():
            return reference_check(view, run, rewriting)
        case jb.SwitchJob():
            return wk.SwitchNamespace()
        case jb.FenceJob():
            return wk.FenceTarget()
        case jb.RollbackJob():
            return wk.RollBack(drops_target=job.drops_target, resources=_made(view))
    assert_never(job)
