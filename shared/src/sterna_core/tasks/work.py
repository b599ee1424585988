"""What an executor can be asked to do. Each piece may be delivered more than once."""

from typing import Literal

from msgspec import Struct

from sterna_core.migration.incremental import IncrementalOptions
from sterna_core.migration.plan import Mode, Selection
from sterna_core.migration.replacement import AnyReplacement
from sterna_core.migration.set_aside import ROWS_REFUSED_IN_SUCCESSION_MAX, ROWS_REFUSED_MAX
from sterna_core.tasks.table import PageRange, PlannedTable, ReceivingTable, TableSpec
from sterna_core.tasks.undo_work import AnyUndo
from sterna_core.tasks.validation_work import AnyValidation

Side = Literal["source", "target"]
UndoStrategy = Literal["reverse_migration", "truncate"]


class Work(Struct, frozen=True, kw_only=True, tag_field="type"):
    """One piece of work; the subclasses are the kinds."""


class PlanMigration(Work, frozen=True, kw_only=True, tag="work.plan_migration.v1"):
    """Check both databases and propose a plan."""

    selection: Selection
    auto_approve_above: float
    chunk_bytes: int
    batch_rows: int | None
    mode: Mode = "full"
    incremental: IncrementalOptions | None = None


class TryTransformation(Work, frozen=True, kw_only=True, tag="work.try_transformation.v1"):
    """Try an expression of a person on rows of the source, for one column of the target."""

    source_schema: str
    source_table: str
    mapping_id: str
    column: str
    columns: tuple[str, ...]
    source_type: str
    target_type: str
    expression: str


class RowReplacement(Struct, frozen=True, kw_only=True):
    """What the rows of an error get where they are refused; `trial` tries an expression first."""

    error_id: str
    replacement: AnyReplacement
    trial: TryTransformation | None = None


class CheckPlan(Work, frozen=True, kw_only=True, tag="work.check_plan.v1"):
    """Compare a plan with the source as it is now; nothing is written.

    `planned` is cut short where the plan is too large for a record (`planned_whole` False). A
    rehearsal also does all that planning does, and tries the transformations of people.
    """

    plan: PlanMigration
    structure_digest: str
    planned: tuple[PlannedTable, ...]
    planned_whole: bool
    rehearsal: bool
    overrides: tuple[TryTransformation, ...] = ()


class CreateSchema(Work, frozen=True, kw_only=True, tag="work.create_schema.v1"):
    """Refuse conflicts, make the bookkeeping and the fingerprint, create what comes before rows.

    `receiving` names the tables that are there and take rows; then nothing is created.
    """

    selection: Selection
    structure_digest: str
    mode: Mode = "full"
    receiving: tuple[ReceivingTable, ...] = ()
    planned: tuple[PlannedTable, ...] = ()
    planned_whole: bool = False


class HoldSnapshot(Work, frozen=True, kw_only=True, tag="work.hold_snapshot.v1"):
    """Export a snapshot of the source and hold it until withdrawn."""


class CopyChunk(Work, frozen=True, kw_only=True, tag="work.copy_chunk.v1"):
    """Copy one page range of a table, with its receipt in the same target transaction.

    Rows that the target refuses are set aside, at most `refused_max` of them and at most
    `refused_in_succession_max` one after another.
    """

    table: TableSpec
    chunk: int
    pages: PageRange
    snapshot_id: str
    generation: int
    refused_max: int = ROWS_REFUSED_MAX
    refused_in_succession_max: int = ROWS_REFUSED_IN_SUCCESSION_MAX


class ScanRange(Work, frozen=True, kw_only=True, tag="work.scan_range.v1"):
    """Sum one page range of one side into buckets, kept and merged on the target.

    There are `2 ** bucket_bits` buckets. `pass_number` tells comparisons of one table apart.
    """

    table: TableSpec
    pass_number: int
    side: Side
    range_number: int
    pages: PageRange
    bucket_bits: int
    snapshot_id: str
    generation: int
    some_set_aside: bool = False


class CompareTable(Work, frozen=True, kw_only=True, tag="work.compare_table.v1"):
    """Compare the buckets of both sides; scan both first where `scan` is set (small tables).

    In a pass that is not the last (`in_pass`) the receipts of earlier passes are removed, for there
    is no end of these, and no statistics are gathered.
    """

    table: TableSpec
    pass_number: int
    bucket_bits: int
    scan: bool
    snapshot_id: str
    generation: int
    some_set_aside: bool = False
    in_pass: bool = False


class RepairTable(Work, frozen=True, kw_only=True, tag="work.repair_table.v1"):
    """Delete and copy again the rows that differ in the buckets of a comparison.

    Rows of errors that are refused again get what was decided for them.
    """

    table: TableSpec
    pass_number: int
    bucket_bits: int
    snapshot_id: str
    generation: int
    some_set_aside: bool = False
    replacements: tuple[RowReplacement, ...] = ()


class CopyChanges(Work, frozen=True, kw_only=True, tag="work.copy_changes.v1"):
    """Copy again the rows that were written since a moment, as their change column tells.

    In one target transaction with its receipt: what is there and differs is replaced. `since` is
    the latest moment of change that has arrived; None lets the target's own rows say it. Rows are
    read from `overlap_seconds` before that on.
    """

    table: TableSpec
    pass_number: int
    change_column: str
    since: str | None
    overlap_seconds: int
    snapshot_id: str
    generation: int


class RetryRows(Work, frozen=True, kw_only=True, tag="work.retry_rows.v1"):
    """Try the rows of an error again that were set aside; what is refused again is replaced."""

    table: TableSpec
    pass_number: int
    error_id: str
    snapshot_id: str
    generation: int
    replacement: RowReplacement | None = None


class BuildObject(Work, frozen=True, kw_only=True, tag="work.build_object.v1"):
    """Create one object that comes after the rows: an index, a constraint, and the like."""

    object_id: str


class CheckTarget(Work, frozen=True, kw_only=True, tag="work.check_target.v1"):
    """Check what the mode promises of the target beside its rows.

    `schema_only`: its catalog is the planned one. `data_only`: no foreign key is broken.
    """

    selection: Selection
    structure_digest: str
    mode: Mode


class FinishCutover(Work, frozen=True, kw_only=True, tag="work.finish_cutover.v1"):
    """Set sequences, refresh materialised views, analyse."""

    selection: Selection
    mode: Mode = "full"


class RemoveBookkeeping(Work, frozen=True, kw_only=True, tag="work.remove_bookkeeping.v1"):
    """Remove what the target's `_sterna` holds about the migration."""


class RaiseFence(Work, frozen=True, kw_only=True, tag="work.raise_fence.v1"):
    """Make the task's epoch the target's: nothing of an earlier epoch can be written after."""


class RollBack(Work, frozen=True, kw_only=True, tag="work.roll_back.v1"):
    """Remove what the ledger says was created, and compare with the fingerprint.

    `truncate` empties the tables of the ledger instead, and leaves them. `verify` False compares
    nothing afterwards. Where there is no ledger nothing was made, unless `ledger_required` says
    that there was one.
    """

    strategy: UndoStrategy = "reverse_migration"
    verify: bool = True
    ledger_required: bool = False


AnyWork = (
    PlanMigration
    | TryTransformation
    | CheckPlan
    | CreateSchema
    | HoldSnapshot
    | CopyChunk
    | ScanRange
    | CompareTable
    | RepairTable
    | CopyChanges
    | RetryRows
    | BuildObject
    | CheckTarget
    | AnyValidation
    | FinishCutover
    | RemoveBookkeeping
    | RaiseFence
    | RollBack
    | AnyUndo
)
