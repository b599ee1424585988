"""The pieces a namespace migration is made of, as the journal names them."""

from typing import Literal, assert_never

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.ids import TASK, derived_id
from sterna_core.namespace_migration.progress import MigrationStage


class Job(Struct, frozen=True, kw_only=True, tag_field="job"):
    """One piece of a run; the subclasses are the kinds."""


class TargetJob(Job, frozen=True, kw_only=True, tag="target"):
    """Make the target namespace, and shut it to others."""


class ResourceJob(Job, frozen=True, kw_only=True, tag="resource"):
    """Make a resource in the target, without what is attached to it."""

    resource_id: str


class PlanBatchesJob(Job, frozen=True, kw_only=True, tag="plan_batches"):
    """Find the boundaries of a collection's batches."""

    collection_id: str


class BatchJob(Job, frozen=True, kw_only=True, tag="batch"):
    """Move a batch of documents, or as many that follow one another as `count` says."""

    collection_id: str
    number: int
    count: int = 1


class IndexJob(Job, frozen=True, kw_only=True, tag="index"):
    """Build the index of a feature, once all documents are there."""

    feature_uri: str


class ClusterJob(Job, frozen=True, kw_only=True, tag="cluster"):
    """Bring a cluster's artifacts, or compute it anew."""

    cluster_id: str


class TaxonomyJob(Job, frozen=True, kw_only=True, tag="taxonomy"):
    """Keep the enrichments of a taxonomy, or make them anew."""

    taxonomy_id: str


class BenchmarkJob(Job, frozen=True, kw_only=True, tag="benchmark"):
    """Ask a retriever and its successor the same questions."""

    retriever_id: str


class CompareJob(Job, frozen=True, kw_only=True, tag="compare"):
    """Compare every document of a collection with its source."""

    collection_id: str


class AttachJob(Job, frozen=True, kw_only=True, tag="attach"):
    """Apply to a resource what only could be once everything is there."""

    resource_id: str


class CheckReferencesJob(Job, frozen=True, kw_only=True, tag="check_references"):
    """Look for references of the target that lead nowhere."""


class SwitchJob(Job, frozen=True, kw_only=True, tag="switch"):
    """Let the target's name lead to the target."""


class FenceJob(Job, frozen=True, kw_only=True, tag="fence"):
    """Shut the target to work of earlier epochs."""

    epoch: int


class RollbackJob(Job, frozen=True, kw_only=True, tag="rollback"):
    """Lead aliases back to the source, and remove the target where it goes too."""

    epoch: int
    drops_target: bool


AnyJob = (
    TargetJob
    | ResourceJob
    | PlanBatchesJob
    | BatchJob
    | IndexJob
    | ClusterJob
    | TaxonomyJob
    | BenchmarkJob
    | CompareJob
    | AttachJob
    | CheckReferencesJob
    | SwitchJob
    | FenceJob
    | RollbackJob
)


class Assignment(Struct, frozen=True, kw_only=True):
    """A job that is not done: with an executor, or waiting for another attempt."""

    job: AnyJob
    attempt: int
    slot: int
    dispatched_at: UtcDatetime
    standing: Literal["dispatched", "waiting"] = "dispatched"
    failures: int = 0
    ready_at: UtcDatetime | None = None


_NO_IDENTITY = frozenset({"count"})
"""Fields that say how a job is done, and not which it is."""


def task_id(migration_id: str, job: AnyJob) -> str:
    """Give the task that belongs to a job: the same over attempts, deliveries and owners."""
    tag = str(job.__struct_config__.tag)
    named = (name for name in job.__struct_fields__ if name not in _NO_IDENTITY)
    fields = (str(getattr(job, name)) for name in named)
    return derived_id(TASK, migration_id, tag, *fields)


def resource_of(job: AnyJob) -> str | None:
    """Give the id of the resource that a job is about, if it is about one."""
    match job:
        case ResourceJob() | AttachJob():
            return job.resource_id
        case PlanBatchesJob() | BatchJob() | CompareJob():
            return job.collection_id
        case ClusterJob():
            return job.cluster_id
        case TaxonomyJob():
            return job.taxonomy_id
        case BenchmarkJob():
            return job.retriever_id
        case (
            TargetJob()
            | IndexJob()
            | CheckReferencesJob()
            | SwitchJob()
            | FenceJob()
            | RollbackJob()
        ):
            return None
    assert_never(job)


def stage_of(job: AnyJob) -> MigrationStage | None:
    """Give the stage that a job belongs to; fencing and rolling back belong to none."""
    match job:
        case TargetJob() | ResourceJob():
            return "namespace_setup"
        case PlanBatchesJob():
            return "batch_creation"
        case BatchJob() | IndexJob():
            return "batch_processing"
        case ClusterJob():
            return "cluster_execution"
        case TaxonomyJob():
            return "taxonomy_enrichment"
        case BenchmarkJob():
            return "benchmark_evaluation"
        case CompareJob() | AttachJob() | CheckReferencesJob() | SwitchJob():
            return "finalization"
        case FenceJob() | RollbackJob():
            return None
    assert_never(job)
