"""Commands that executors send: what became of a task. A repeat is ignored by the decider."""

from typing import Literal

from msgspec import Struct

from sterna_core.certificate.proof import TableProof
from sterna_core.migration.plan import PhasePlan, PlanSummary, Risk, TablePlan
from sterna_core.migration.review import Difference, Rehearsal
from sterna_core.migration.set_aside import SetAside
from sterna_core.migration.validation_events import Finding

ObjectWave = Literal["index", "attach", "foreign_key", "behaviour"]
"""In what order objects follow the rows: index and unique constraints, what attaches or refers to
them, foreign keys, and last what acts on writes (triggers, rules, policies)."""


class Report(Struct, frozen=True, kw_only=True, tag_field="type"):
    """What became of a task."""

    task_id: str
    attempt: int
    executor_id: str


class ReportPlanBegun(Report, frozen=True, kw_only=True, tag="report.plan_begun.v1"):
    """The executor looks at both databases from now on."""


class ReportTablesPlanned(Report, frozen=True, kw_only=True, tag="report.tables_planned.v1"):
    """Some tables of the plan; `part` counts from 0."""

    part: int
    tables: tuple[TablePlan, ...]


class ReportPlanCompleted(Report, frozen=True, kw_only=True, tag="report.plan_completed.v1"):
    """The plan is whole: `parts` parts.

    `structure_digest` is SHA-256 over the structure of the selected source tables; it is computed
    again before anything is created.
    """

    parts: int
    structure_digest: str
    summary: PlanSummary
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]


class ReportTransformationTried(
    Report, frozen=True, kw_only=True, tag="report.transformation_tried.v1"
):
    """An expression of a user was tried; `code` and `reason` say why it is refused, if it is.

    `expression` is what is to be run. `rows` were tried, `failed` of them failed, and `whole` says
    whether these are all rows of the table.
    """

    expression: str
    rows: int
    failed: int
    whole: bool
    code: str | None = None
    reason: str = ""


class ReportPlanChecked(Report, frozen=True, kw_only=True, tag="report.plan_checked.v1"):
    """A plan was compared with the source as it is now, and tried where that was asked for."""

    differences: tuple[Difference, ...] = ()
    rehearsal: Rehearsal | None = None


class PostObject(Struct, frozen=True, kw_only=True):
    """An object to create after the rows; its DDL lies in `_sterna` on the target."""

    object_id: str
    kind: str
    name: str
    wave: ObjectWave
    table_id: str | None


class ReportObjectsFound(Report, frozen=True, kw_only=True, tag="report.objects_found.v1"):
    """Some of the objects to create after the rows; `part` counts from 0."""

    part: int
    objects: tuple[PostObject, ...]


class CreatedObject(Struct, frozen=True, kw_only=True):
    """An entry of the ledger: something that the migration made on the target."""

    kind: str
    name: str


class ReportSchemaCreated(Report, frozen=True, kw_only=True, tag="report.schema_created.v1"):
    """What comes before the rows exists; `created` says how many objects of each kind.

    `skipped` names what was left out, since it hangs on something that is not selected.
    """

    object_parts: int
    created: dict[str, int]
    skipped: tuple[str, ...] = ()
    fingerprint_digest: str


class ReportSnapshotExported(Report, frozen=True, kw_only=True, tag="report.snapshot_exported.v1"):
    """The holder has a snapshot; readers may set it."""

    snapshot_id: str


class ReportSnapshotLost(Report, frozen=True, kw_only=True, tag="report.snapshot_lost.v1"):
    """The holder lost the connection that held the snapshot."""

    snapshot_id: str


class ReportChunkCopied(Report, frozen=True, kw_only=True, tag="report.chunk_copied.v1"):
    """The chunk's rows and its receipt are committed; `repeated` where the receipt was there."""

    rows: int
    bytes: int
    seconds: float
    repeated: bool
    set_aside: tuple[SetAside, ...] = ()


class ReportRangeScanned(Report, frozen=True, kw_only=True, tag="report.range_scanned.v1"):
    """The range's sums are merged on the target."""

    rows: int
    seconds: float


class ReportTableCompared(Report, frozen=True, kw_only=True, tag="report.table_compared.v1"):
    """Both sides were compared: equal where `differing_buckets` is 0.

    The digests are SHA-256 over the buckets' counts and sums, in order.
    """

    source_rows: int
    target_rows: int
    differing_buckets: int
    source_digest: str
    target_digest: str
    seconds: float
    proof: TableProof | None = None
    rows_set_aside: int = 0
    rows_replaced: int = 0


class ReportTableRepaired(Report, frozen=True, kw_only=True, tag="report.table_repaired.v1"):
    """Rows that differed were deleted and copied again, in one target transaction.

    `set_aside` tells of every row of the table that the target refuses, under this snapshot.
    """

    rows_deleted: int
    rows_copied: int
    seconds: float
    set_aside: tuple[SetAside, ...] = ()


class ReportChangesCopied(Report, frozen=True, kw_only=True, tag="report.changes_copied.v1"):
    """What was written lately is in the target, in one transaction with its receipt.

    Rows that were the same on both sides were left alone.
    """

    rows_read: int
    rows_removed: int
    rows_written: int
    high_water: str | None
    seconds: float


class ReportChangesRefused(Report, frozen=True, kw_only=True, tag="report.changes_refused.v1"):
    """The target does not take what was written lately; nothing was changed."""

    code: str
    message: str


class ReportRowsRetried(Report, frozen=True, kw_only=True, tag="report.rows_retried.v1"):
    """Rows that were set aside were tried again: so many arrived, so many were refused again.

    `rows_replaced` of those that arrived have another value than the source. `code` and `reason` say
    why a replacement cannot be carried out, where it cannot.
    """

    rows_copied: int
    rows_left: int
    seconds: float
    rows_replaced: int = 0
    code: str | None = None
    reason: str = ""


class ReportObjectBuilt(Report, frozen=True, kw_only=True, tag="report.object_built.v1"):
    """The object exists on the target."""

    seconds: float


class ReportTargetChecked(Report, frozen=True, kw_only=True, tag="report.target_checked.v1"):
    """The target was looked at: `checked` things, and in words what of them is not as promised.

    `count` says how many differences there are; not all of them need be named.
    """

    checked: int
    differences: tuple[str, ...]
    count: int
    seconds: float


class ReportValidated(Report, frozen=True, kw_only=True, tag="report.validated.v1"):
    """A part of a kind of validation was gone through.

    Not every finding need be here, those that did not pass come first.
    """

    checked: int
    failed: int
    findings: tuple[Finding, ...]
    seconds: float


class ReportCutoverFinished(Report, frozen=True, kw_only=True, tag="report.cutover_finished.v1"):
    """Sequences are set, views filled, statistics gathered; the bookkeeping is still there."""

    sequences: int
    materialized_views: int
    receipts: int
    seconds: float


class ReportBookkeepingRemoved(
    Report, frozen=True, kw_only=True, tag="report.bookkeeping_removed.v1"
):
    """The migration has nothing left in `_sterna`."""


class ReportFenceRaised(Report, frozen=True, kw_only=True, tag="report.fence_raised.v1"):
    """Nothing of an earlier epoch can be written any more."""


class ReportRolledBack(Report, frozen=True, kw_only=True, tag="report.rolled_back.v1"):
    """The ledger was undone; `differences` from the fingerprint is empty where all is as before."""

    removed: dict[str, int]
    differences: tuple[str, ...]


class ReportTaskStopped(Report, frozen=True, kw_only=True, tag="report.task_stopped.v1"):
    """The task was withdrawn and stopped; nothing of it was committed."""


class ReportObjectsDropped(Report, frozen=True, kw_only=True, tag="report.objects_dropped.v1"):
    """The objects are gone, and `others` with them that hang together with them.

    `dropped` counts what was dropped; all of these objects are to be built again.
    """

    others: tuple[str, ...]
    dropped: int
    seconds: float


class ReportRowsUndone(Report, frozen=True, kw_only=True, tag="report.rows_undone.v1"):
    """The rows of the chunks are gone, with their receipts; `rows` and `bytes` are left."""

    rows: int
    bytes: int
    rows_removed: int
    seconds: float


class ReportTaskFailed(Report, frozen=True, kw_only=True, tag="report.task_failed.v1"):
    """The task failed; `transient` says whether the same attempt may succeed later."""

    code: str
    message: str
    transient: bool
    details: dict[str, str | int | float | bool | list[str] | None]


class ClaimTask(Report, frozen=True, kw_only=True, tag="claim.task.v1"):
    """Is this task still wanted? Accepted without an event where it is, refused where it is not."""


AnyReport = (
    ReportPlanBegun
    | ReportTablesPlanned
    | ReportPlanCompleted
    | ReportTransformationTried
    | ReportPlanChecked
    | ReportObjectsFound
    | ReportSchemaCreated
    | ReportSnapshotExported
    | ReportSnapshotLost
    | ReportChunkCopied
    | ReportRangeScanned
    | ReportTableCompared
    | ReportTableRepaired
    | ReportChangesCopied
    | ReportChangesRefused
    | ReportRowsRetried
    | ReportObjectBuilt
    | ReportTargetChecked
    | ReportValidated
    | ReportCutoverFinished
    | ReportBookkeepingRemoved
    | ReportFenceRaised
    | ReportRolledBack
    | ReportObjectsDropped
    | ReportRowsUndone
    | ReportTaskStopped
    | ReportTaskFailed
)
