"""What has happened to a migration. Tags are on the wire for ever and are never edited."""

from typing import Any, Literal

from sterna_core.certificate.proof import TableProof
from sterna_core.certificate.signing import Signature
from sterna_core.certificate.statement import Statement
from sterna_core.clock import UtcDatetime
from sterna_core.migration.about import About
from sterna_core.migration.checkpoint import CheckpointRecorded
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.error_events import AnyErrorEvent
from sterna_core.migration.event import Event
from sterna_core.migration.job import AnyJob
from sterna_core.migration.plan import Mode, PhasePlan, PlanSummary, Risk, TablePlan
from sterna_core.migration.reports import PostObject
from sterna_core.migration.review_events import AnyReviewEvent
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.schedule_events import AnyScheduleEvent
from sterna_core.migration.sync_events import AnySyncEvent
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import AnyUndoEvent
from sterna_core.migration.validation_events import AnyValidationEvent
from sterna_core.tasks.telemetry import Phase
from sterna_core.tasks.work import Side, UndoStrategy


class MigrationCreated(Event, frozen=True, kw_only=True, tag="migration.created.v1"):
    """The migration exists and is to be planned."""

    about: About


class PlanBegun(Event, frozen=True, kw_only=True, tag="plan.begun.v1"):
    """An executor has taken up the planning."""

    task_id: str
    executor_id: str


class PlanTablesAdded(Event, frozen=True, kw_only=True, tag="plan.tables_added.v1"):
    """Some tables of the plan; `part` counts from 0."""

    part: int
    tables: tuple[TablePlan, ...]


class PlanCompleted(Event, frozen=True, kw_only=True, tag="plan.completed.v1"):
    """The plan is whole; `digest` is SHA-256 over all its tables."""

    digest: str
    structure_digest: str
    summary: PlanSummary
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]
    pending: int


class MappingReviewed(Event, frozen=True, kw_only=True, tag="mapping.reviewed.v1"):
    """Somebody approved or rejected a mapping."""

    mapping_id: str
    table_id: str
    approved: bool
    comment: str | None
    by: str
    digest: str = ""


class PlanApproved(Event, frozen=True, kw_only=True, tag="plan.approved.v1"):
    """Every mapping is approved; `by` is `auto` where the measured confidence did it.

    `digest` is that of the plan that is approved.
    """

    by: str
    digest: str = ""


class MigrationStarted(Event, frozen=True, kw_only=True, tag="migration.started.v1"):
    """The plan is being carried out."""

    by: str
    epoch: int


class PhaseStarted(Event, frozen=True, kw_only=True, tag="phase.started.v1"):
    """A phase began."""

    phase: Phase


class PhaseCompleted(Event, frozen=True, kw_only=True, tag="phase.completed.v1"):
    """A phase ended well."""

    phase: Phase
    seconds: float


class TaskDispatched(Event, frozen=True, kw_only=True, tag="task.dispatched.v1"):
    """A job was given to the executors, to read under the snapshot named (if any)."""

    task_id: str
    attempt: int
    job: AnyJob
    slot: int
    snapshot_id: str
    generation: int


class TaskRetryScheduled(Event, frozen=True, kw_only=True, tag="task.retry_scheduled.v1"):
    """A job failed and will be tried again."""

    task_id: str
    attempt: int
    code: str
    message: str
    failures: int
    ready_at: UtcDatetime


class TaskStopped(Event, frozen=True, kw_only=True, tag="task.stopped.v1"):
    """A withdrawn task has stopped; its job waits."""

    task_id: str


class TaskWithdrawn(Event, frozen=True, kw_only=True, tag="task.withdrawn.v1"):
    """The executors that have this task stop it: all of them, or the one named.

    `attempt` 0 means every attempt.
    """

    task_id: str
    attempt: int = 0
    executor_id: str | None = None


class SchemaObjectsFound(Event, frozen=True, kw_only=True, tag="schema.objects_found.v1"):
    """Objects to create after the rows."""

    part: int
    objects: tuple[PostObject, ...]


class SchemaCreated(Event, frozen=True, kw_only=True, tag="schema.created.v1"):
    """What comes before the rows is on the target."""

    task_id: str
    created: dict[str, int]
    skipped: tuple[str, ...] = ()
    fingerprint_digest: str


class SnapshotExported(Event, frozen=True, kw_only=True, tag="snapshot.exported.v1"):
    """Readers see the source as of one moment; `generation` counts the moments."""

    task_id: str
    generation: int
    snapshot_id: str
    executor_id: str


class SnapshotEnded(Event, frozen=True, kw_only=True, tag="snapshot.ended.v1"):
    """The snapshot is gone: `lost`, or released because it was not needed any more."""

    generation: int
    lost: bool


class ChunkCopied(Event, frozen=True, kw_only=True, tag="chunk.copied.v1"):
    """A chunk's rows are in the target, with a receipt.

    `records_processed`, `bytes_processed` and `percent` are of the whole migration, after it.
    """

    task_id: str
    table_id: str
    chunk: int
    chunks: int
    rows: int
    bytes: int
    seconds: float
    generation: int
    executor_id: str
    records_processed: int
    bytes_processed: int
    percent: float


class ComparisonStarted(Event, frozen=True, kw_only=True, tag="comparison.started.v1"):
    """A table's two sides are being compared under one snapshot."""

    table_id: str
    pass_number: int
    generation: int


class RangeScanned(Event, frozen=True, kw_only=True, tag="range.scanned.v1"):
    """A range of one side is summed."""

    task_id: str
    table_id: str
    pass_number: int
    side: Side
    range_number: int
    rows: int


class TableCompared(Event, frozen=True, kw_only=True, tag="table.compared.v1"):
    """The comparison's result; equal where `differing_buckets` is 0.

    `rows_set_aside` of the source were left out of it: they are refused by the target. For
    `rows_replaced` it was compared with what they got in place of what was refused. Where it is
    part of a pass (`in_pass`), what differs is what was written on the source since the last one.
    """

    task_id: str
    table_id: str
    pass_number: int
    generation: int
    source_rows: int
    target_rows: int
    differing_buckets: int
    source_digest: str
    target_digest: str
    percent: float
    proof: TableProof | None = None
    rows_set_aside: int = 0
    in_pass: bool = False
    rows_replaced: int = 0


class TableRepaired(Event, frozen=True, kw_only=True, tag="table.repaired.v1"):
    """What differed was copied again."""

    task_id: str
    table_id: str
    pass_number: int
    generation: int
    rows_deleted: int
    rows_copied: int


class ObjectBuilt(Event, frozen=True, kw_only=True, tag="object.built.v1"):
    """An index, a constraint, a trigger or the like exists on the target."""

    task_id: str
    object_id: str
    kind: str
    name: str
    seconds: float


class TargetChecked(Event, frozen=True, kw_only=True, tag="target.checked.v1"):
    """The target is what its mode promises beside the rows; `checked` things were looked at.

    `number` counts the comparisons of tables that came before.
    """

    task_id: str
    mode: Mode
    checked: int
    number: int = 0


class CutoverFinished(Event, frozen=True, kw_only=True, tag="cutover.finished.v1"):
    """The target is ready for use: from here on the migration cannot be undone by cancelling it.

    `bookkeeping` says whether the schema `_sterna` is still to be removed.
    """

    task_id: str
    sequences: int
    materialized_views: int
    receipts: int
    bookkeeping: Literal["removed", "kept", "to_remove"] = "removed"


class BookkeepingRemoved(Event, frozen=True, kw_only=True, tag="bookkeeping.removed.v1"):
    """What the migration kept in `_sterna` on the target is gone."""

    task_id: str


class PauseRequested(Event, frozen=True, kw_only=True, tag="migration.pause_requested.v1"):
    """The migration will stop at the next checkpoint."""

    reason: str | None
    immediate: bool


class MigrationPaused(Event, frozen=True, kw_only=True, tag="migration.paused.v1"):
    """Nothing is at work."""


class MigrationResumed(Event, frozen=True, kw_only=True, tag="migration.resumed.v1"):
    """Work goes on, from the checkpoint named where there is one."""

    by: str
    checkpoint_id: str | None = None


class MigrationFailed(Event, frozen=True, kw_only=True, tag="migration.failed.v1"):
    """Something must be put right; then the migration can be resumed or cancelled."""

    task_id: str | None
    phase: Phase
    code: str
    message: str
    table: str | None
    details: dict[str, Any]


class CancelRequested(Event, frozen=True, kw_only=True, tag="migration.cancel_requested.v1"):
    """The migration is being ended; `epoch` is the one that shuts the target."""

    reason: str | None
    rollback: bool
    epoch: int


class FenceRaised(Event, frozen=True, kw_only=True, tag="fence.raised.v1"):
    """No executor can write to the target any more."""

    task_id: str
    epoch: int


class MigrationCancelled(Event, frozen=True, kw_only=True, tag="migration.cancelled.v1"):
    """The migration has ended without a rollback."""


class RollbackStarted(Event, frozen=True, kw_only=True, tag="rollback.started.v1"):
    """What was created is being removed."""


class RollbackCompleted(Event, frozen=True, kw_only=True, tag="rollback.completed.v1"):
    """The target is as it was found; with `truncate`, its tables are empty.

    `verified` says whether that was looked at afterwards.
    """

    task_id: str
    removed: dict[str, int]
    strategy: UndoStrategy = "reverse_migration"
    verified: bool = True


class RollbackFailed(Event, frozen=True, kw_only=True, tag="rollback.failed.v1"):
    """The target could not be restored; cancel again after putting it right."""

    task_id: str
    code: str
    message: str
    details: dict[str, Any]


class CertificateIssued(Event, frozen=True, kw_only=True, tag="certificate.issued.v1"):
    """What was proven is signed; the tables it rests on are in the events before it."""

    statement: Statement
    signature: Signature


class MigrationCompleted(Event, frozen=True, kw_only=True, tag="migration.completed.v1"):
    """Everything arrived, and was compared.

    `skipped_rows` of `skipped_errors` errors did not: somebody decided to leave them out.
    `replaced_rows` of `replaced_errors` errors arrived with another value, as somebody decided.
    """

    seconds: float
    rows: int
    tables: int
    skipped_errors: int = 0
    skipped_rows: int = 0
    replaced_errors: int = 0
    replaced_rows: int = 0


AnyEvent = (
    MigrationCreated
    | MigrationEdited
    | MigrationDeleted
    | CheckpointRecorded
    | RollbackRequested
    | AnyUndoEvent
    | PlanBegun
    | AnyErrorEvent
    | PlanTablesAdded
    | PlanCompleted
    | MappingReviewed
    | PlanApproved
    | MigrationStarted
    | PhaseStarted
    | PhaseCompleted
    | TaskDispatched
    | TaskRetryScheduled
    | TaskStopped
    | TaskWithdrawn
    | SchemaObjectsFound
    | SchemaCreated
    | SnapshotExported
    | SnapshotEnded
    | ChunkCopied
    | ComparisonStarted
    | RangeScanned
    | TableCompared
    | TableRepaired
    | ObjectBuilt
    | TargetChecked
    | CutoverFinished
    | BookkeepingRemoved
    | PauseRequested
    | MigrationPaused
    | MigrationResumed
    | MigrationFailed
    | CancelRequested
    | FenceRaised
    | MigrationCancelled
    | RollbackStarted
    | RollbackCompleted
    | RollbackFailed
    | MigrationCompleted
    | AnyScheduleEvent
    | AnySyncEvent
    | AnyValidationEvent
    | CertificateIssued
    | AnyReviewEvent
)
