"""What executors say about the tasks of a namespace migration. A repeat changes nothing."""

from msgspec import field

from sterna_core.migration.reports import Report, ReportTaskFailed, ReportTaskStopped
from sterna_core.namespace_migration.batch import Batch, Poison
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport
from sterna_core.namespace_migration.references_report import ReferencesReport


class ReportWorkBegun(Report, frozen=True, kw_only=True, tag="report.namespace_work_begun.v1"):
    """An executor has the task."""


class ReportStepDone(Report, frozen=True, kw_only=True, tag="report.namespace_step_done.v1"):
    """A task that is neither a batch nor their planning is done; `figures` say what was measured.

    `aliases` says where each leads by now, where aliases were switched.
    """

    figures: dict[str, float] = field(default_factory=dict)
    benchmark: BenchmarkReport | None = None
    references: ReferencesReport | None = None
    aliases: dict[str, str] = field(default_factory=dict)


class ReportBatchesPlanned(Report, frozen=True, kw_only=True, tag="report.batches_planned.v1"):
    """Some of a collection's batches; `part` counts from 0.

    `left_out` counts documents in between that are not wanted, `undated` those of them without the
    date by which documents are chosen.
    """

    part: int
    batches: tuple[Batch, ...]
    left_out: int = 0
    undated: int = 0


class ReportCollectionPlanned(
    Report, frozen=True, kw_only=True, tag="report.collection_planned.v1"
):
    """All batches of a collection were reported: `parts` parts."""

    parts: int


class ReportBatchDone(Report, frozen=True, kw_only=True, tag="report.batch_done.v1"):
    """A batch's documents are in the target.

    Where `count` batches were asked for together, it is of all of them. `set_aside` counts those
    that cannot be there, `poison` names some of them. `bytes` are those of payloads and vectors; 0
    where nobody has counted them.
    """

    documents: int
    set_aside: int = 0
    poison: tuple[Poison, ...] = ()
    repeated: bool = False
    bytes: int = 0
    count: int = 1


AnyReport = (
    ReportWorkBegun
    | ReportStepDone
    | ReportBatchesPlanned
    | ReportCollectionPlanned
    | ReportBatchDone
    | ReportTaskFailed
    | ReportTaskStopped
)
