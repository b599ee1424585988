"""What has happened to a namespace migration. Tags are on the wire for ever, never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.migration.events import TaskWithdrawn
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.batch import Batch, Poison
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport, Difference
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.features import Extractors
from sterna_core.namespace_migration.graph import Graph
from sterna_core.namespace_migration.job import AnyJob
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.progress import MigrationStage
from sterna_core.namespace_migration.references_report import ReferencesReport
from sterna_core.namespace_migration.validating import ValidationResult


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class NamespaceMigrationCreated(
    Event, frozen=True, kw_only=True, tag="namespace_migration.created.v1"
):
    """There is a draft; what a look at the source has found comes with it."""

    migration_id: str
    org_id: str
    config: MigrationConfig
    source: Place
    target: Place
    result: ValidationResult
    graph: Graph | None
    by: str


class NamespaceMigrationValidated(
    Event, frozen=True, kw_only=True, tag="namespace_migration.validated.v1"
):
    """The source was looked at before a start; `accepted` where it may begin.

    `extractors` are those that the target is to have, where they are not the source's.
    """

    result: ValidationResult
    graph: Graph | None
    digest: str
    parts: int
    accepted: bool
    extractors: Extractors | None = None


class ResourcesRecorded(
    Event, frozen=True, kw_only=True, tag="namespace_migration.resources_recorded.v1"
):
    """Some of what goes along, as it is now."""

    part: int
    resources: tuple[Resource, ...]


class NamespaceMigrationStarted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.started.v1"
):
    """It is carried out from now on."""

    epoch: int
    by: str


class WorkBegun(Event, frozen=True, kw_only=True, tag="namespace_migration.work_begun.v1"):
    """An executor has begun."""

    executor_id: str


class StageStarted(Event, frozen=True, kw_only=True, tag="namespace_migration.stage_started.v1"):
    """A stage has begun; so many items are to be gone through."""

    stage: MigrationStage
    items_total: int


class StageCompleted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.stage_completed.v1"
):
    """A stage is over, and nothing of it is left."""

    stage: MigrationStage


class JobDispatched(Event, frozen=True, kw_only=True, tag="namespace_migration.job_dispatched.v1"):
    """A job was given to the executors."""

    task_id: str
    attempt: int
    job: AnyJob
    slot: int


class JobRetryScheduled(
    Event, frozen=True, kw_only=True, tag="namespace_migration.job_retry_scheduled.v1"
):
    """A job failed, and will be tried again."""

    task_id: str
    attempt: int
    code: str
    message: str
    failures: int
    ready_at: UtcDatetime


class JobStopped(Event, frozen=True, kw_only=True, tag="namespace_migration.job_stopped.v1"):
    """A withdrawn task has stopped; its job waits."""

    task_id: str


class StepCompleted(Event, frozen=True, kw_only=True, tag="namespace_migration.step_completed.v1"):
    """A job is done that is neither a batch nor their planning.

    `aliases` says of the switch where each leads by now.
    """

    task_id: str
    job: AnyJob
    figures: dict[str, float] = {}
    aliases: dict[str, str] = {}


class ReferencesChecked(
    Event, frozen=True, kw_only=True, tag="namespace_migration.references_checked.v1"
):
    """The target was searched for references that lead nowhere."""

    task_id: str
    report: ReferencesReport


class BenchmarkMeasured(
    Event, frozen=True, kw_only=True, tag="namespace_migration.benchmark_measured.v1"
):
    """A retriever was held against its successor; the gate decides what follows."""

    task_id: str
    retriever_id: str
    report: BenchmarkReport


class BenchmarkAccepted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.benchmark_accepted.v1"
):
    """What the gate refused was accepted as it was measured last: these are the numbers."""

    retriever_id: str
    difference: Difference | None
    by: str


class BatchesPlanned(
    Event, frozen=True, kw_only=True, tag="namespace_migration.batches_planned.v1"
):
    """Boundaries of a collection's batches, which never change again.

    Between them `left_out` documents are not wanted; `undated` of them have no date to tell by.
    """

    collection_id: str
    part: int
    batches: tuple[Batch, ...]
    left_out: int = 0
    undated: int = 0


class CollectionPlanned(
    Event, frozen=True, kw_only=True, tag="namespace_migration.collection_planned.v1"
):
    """All boundaries of a collection are known."""

    task_id: str
    collection_id: str
    batches: int
    documents: int


class BatchCompleted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.batch_completed.v1"
):
    """A batch is in the target, or `count` from this on, but for what was set aside.

    `batches` are those of its collection. `moved` counts the documents of the whole migration that
    are in the target by now, which is `percent` of the stage; 0 in events that are older than
    these fields.
    """

    task_id: str
    collection_id: str
    number: int
    documents: int
    set_aside: int
    poison: tuple[Poison, ...] = ()
    batches: int = 0
    moved: int = 0
    percent: float = 0.0
    bytes: int = 0
    count: int = 1
    recovered: int = 0
    """Documents of it that were counted as failed before."""


class BatchFailed(Event, frozen=True, kw_only=True, tag="namespace_migration.batch_failed.v1"):
    """A batch was given up; the others go on, and the migration cannot be completed without it."""

    task_id: str
    collection_id: str
    number: int
    documents: int
    code: str
    message: str


class BatchesSeparated(
    Event, frozen=True, kw_only=True, tag="namespace_migration.batches_separated.v1"
):
    """Batches that could not be moved together are tried one by one, from `number` on.

    `tasks` names the task of each; that of the first was the task of all.
    """

    task_id: str
    collection_id: str
    number: int
    tasks: tuple[str, ...]
    code: str
    message: str


class NamespaceMigrationFailed(
    Event, frozen=True, kw_only=True, tag="namespace_migration.failed.v1"
):
    """It stands still until somebody resumes or cancels it."""

    stage: MigrationStage
    code: str
    message: str
    task_id: str | None = None
    resource_id: str | None = None


class PauseRequested(
    Event, frozen=True, kw_only=True, tag="namespace_migration.pause_requested.v1"
):
    """No more work is given out."""

    reason: str | None


class NamespaceMigrationPaused(
    Event, frozen=True, kw_only=True, tag="namespace_migration.paused.v1"
):
    """Nothing is at work."""


class NamespaceMigrationResumed(
    Event, frozen=True, kw_only=True, tag="namespace_migration.resumed.v1"
):
    """It goes on; batches that were given up are tried again."""

    by: str


class NamespaceMigrationCancelled(
    Event, frozen=True, kw_only=True, tag="namespace_migration.cancelled.v1"
):
    """It has ended by request.

    The target is shut to epochs before `epoch`; 0 where nothing was ever written.
    """

    reason: str | None
    epoch: int
    by: str


class TargetFenced(Event, frozen=True, kw_only=True, tag="namespace_migration.target_fenced.v1"):
    """Nothing that was at work can write to the target any more.

    With a `code` it could not be told so, and why. `aliases` says where each leads, the source as a
    rule: one that was switched already is led back.
    """

    task_id: str
    epoch: int
    code: str | None = None
    message: str | None = None
    aliases: dict[str, str] = {}


class NamespaceMigrationCompleted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.completed.v1"
):
    """Every document was compared, and the target's name leads to it."""

    documents: int
    set_aside: int


class RollbackRequested(
    Event, frozen=True, kw_only=True, tag="namespace_migration.rollback_requested.v1"
):
    """Aliases are led back to the source; the target is shut to epochs before `epoch`.

    With `drops_target` it is removed, or emptied where it was there before the migration.
    """

    reason: str | None
    drops_target: bool
    epoch: int
    by: str


class NamespaceMigrationRolledBack(
    Event, frozen=True, kw_only=True, tag="namespace_migration.rolled_back.v1"
):
    """Readers are where they were before. `aliases` says where each leads now."""

    task_id: str
    aliases: dict[str, str]
    drops_target: bool


class RollbackFailed(
    Event, frozen=True, kw_only=True, tag="namespace_migration.rollback_failed.v1"
):
    """It is not rolled back, or not wholly; it can be asked for again."""

    task_id: str
    code: str
    message: str


class NamespaceMigrationDeleted(
    Event, frozen=True, kw_only=True, tag="namespace_migration.deleted.v1"
):
    """It is forgotten."""

    by: str


AnyEvent = (
    NamespaceMigrationCreated
    | NamespaceMigrationValidated
    | ResourcesRecorded
    | NamespaceMigrationStarted
    | WorkBegun
    | StageStarted
    | StageCompleted
    | JobDispatched
    | JobRetryScheduled
    | JobStopped
    | TaskWithdrawn
    | StepCompleted
    | ReferencesChecked
    | BenchmarkMeasured
    | BenchmarkAccepted
    | BatchesPlanned
    | CollectionPlanned
    | BatchCompleted
    | BatchFailed
    | BatchesSeparated
    | NamespaceMigrationFailed
    | PauseRequested
    | NamespaceMigrationPaused
    | NamespaceMigrationResumed
    | NamespaceMigrationCancelled
    | TargetFenced
    | NamespaceMigrationCompleted
    | RollbackRequested
    | NamespaceMigrationRolledBack
    | RollbackFailed
    | NamespaceMigrationDeleted
)
