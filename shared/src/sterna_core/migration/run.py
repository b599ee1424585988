"""How far a run is: its tables, objects, jobs and snapshot."""

from typing import Literal

from msgspec import Struct

from sterna_core.certificate.proof import TableProof
from sterna_core.clock import UtcDatetime
from sterna_core.migration.checkpoint import CheckpointMarks
from sterna_core.migration.data_error import DataError
from sterna_core.migration.error_events import ThresholdLevel
from sterna_core.migration.job import Assignment
from sterna_core.migration.plan import Mode, PhasePlan, PlanSummary, Risk, TablePlan
from sterna_core.migration.reports import PostObject
from sterna_core.migration.sync_run import SyncRun
from sterna_core.migration.validation_run import ValidationRun
from sterna_core.tasks.telemetry import Phase

Verdict = Literal["none", "equal", "differs"]


class Plan(Struct, frozen=True, kw_only=True):
    """A whole plan; `round` counts the times one was made.

    `digest` changes with everything that is decided about the plan.
    """

    tables: dict[str, TablePlan]
    digest: str
    structure_digest: str
    summary: PlanSummary
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]
    round: int = 1


class TableRun(Struct, frozen=True, kw_only=True):
    """How far one table is.

    `generation` is the snapshot its rows belong to (0 before the first chunk); where it is not
    the run's, the table is compared and repaired before it is trusted. `proven` is the
    generation under which both sides were last found equal, `compared_rows`
    how many rows they have, and `proof` what that comparison left behind (without its leaves).
    `again` are chunks before the next that were taken back; `began` is the snapshot of the first.
    In the mode `incremental`, `by_changes` is whether the pass at hand goes by a change column,
    `refused_changes` the generation in which the target did not take what that found, and
    `high_water` the latest moment of change that is known to have arrived.
    """

    next_chunk: int = 0
    copied_chunks: int = 0
    rows: int = 0
    bytes: int = 0
    generation: int = 0
    proven: int = 0
    pass_number: int = 0
    pass_generation: int = 0
    next_scan: int = 0
    scanned: int = 0
    verdict: Verdict = "none"
    compared_rows: int = 0
    proof: TableProof | None = None
    again: tuple[int, ...] = ()
    began: int = 0
    by_changes: bool = False
    refused_changes: int = 0
    high_water: str | None = None


class ObjectRun(Struct, frozen=True, kw_only=True):
    """An object that comes after the rows; `number` counts the builds of the run, from 1."""

    object: PostObject
    built: bool = False
    number: int = 0


class Doubt(Struct, frozen=True, kw_only=True):
    """What may be in the target, or not, since something could not be taken back.

    Tables of whose chunks, and objects, nobody knows; and whether a cutover may have been at work.
    """

    tables: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    unfinish: bool = False


class Snapshot(Struct, frozen=True, kw_only=True):
    """The source as of one moment, held by one executor."""

    generation: int
    snapshot_id: str
    task_id: str


class Run(Struct, frozen=True, kw_only=True):
    """A plan being carried out.

    `order` names the tables, largest first, so that the longest work is not begun last.
    `generation` counts the snapshots there have been; `snapshot` is None while there is none.
    `bookkeeping_settled` is whether `_sterna` on the target is as it is to stay.
    `resumed_at` is when somebody last said that it may go on. `checked` says after how many
    comparisons the target was found to be what its mode promises beside the rows. `errors` are those of rows that were
    set aside, by id; `awaits_errors` while nothing but open ones is left; `threshold` is the
    highest that was reached. `sync` is of the mode `incremental`. `fenced` is the epoch that the
    fence on the target stands at, and `builds` how many objects have been built.
    """

    epoch: int
    phase: Phase
    phase_started_at: UtcDatetime
    started_at: UtcDatetime
    tables: dict[str, TableRun]
    order: tuple[str, ...]
    objects: dict[str, ObjectRun] = {}
    jobs: dict[str, Assignment] = {}
    schema_created: bool = False
    cutover_finished: bool = False
    bookkeeping_settled: bool = False
    generation: int = 0
    snapshot: Snapshot | None = None
    snapshot_requests: int = 0
    resumed_at: UtcDatetime | None = None
    mode: Mode = "full"
    checked: int | None = None
    errors: dict[str, DataError] = {}
    awaits_errors: bool = False
    threshold: ThresholdLevel | None = None
    validation: ValidationRun = ValidationRun()
    rows: int = 0
    bytes: int = 0
    checkpoints: CheckpointMarks = CheckpointMarks()
    fenced: int = 1
    builds: int = 0
    sync: SyncRun = SyncRun()
    doubt: Doubt = Doubt()


def is_up_to_date(run: Run) -> bool:
    """Tell whether every table holds what the snapshot of the pass at hand shows."""
    if not run.tables:
        return True
    return run.snapshot is not None and all(
        table.generation == run.generation for table in run.tables.values()
    )
