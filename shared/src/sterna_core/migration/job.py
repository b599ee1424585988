"""The pieces a run is made of, as the journal names them."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.ids import TASK, derived_id
from sterna_core.migration.validation_options import Kind
from sterna_core.tasks.work import Side


class Job(Struct, frozen=True, kw_only=True, tag_field="job"):
    """One piece of a run; the subclasses are the kinds."""


class PlanJob(Job, frozen=True, kw_only=True, tag="plan"):
    """Propose a plan; `round` counts the times it was asked for."""

    round: int


class SchemaJob(Job, frozen=True, kw_only=True, tag="schema"):
    """Create what comes before the rows."""

    run: int = 1


class TrialJob(Job, frozen=True, kw_only=True, tag="trial"):
    """Try an expression of a user; `number` counts what was tried for the plan of a round."""

    round: int
    number: int


class PlanCheckJob(Job, frozen=True, kw_only=True, tag="plan_check"):
    """Compare a plan with the source as it is now; a rehearsal tries all that a start would."""

    round: int
    number: int
    rehearsal: bool


class SnapshotJob(Job, frozen=True, kw_only=True, tag="snapshot"):
    """Hold a snapshot of the source; `request` counts the times one was asked for."""

    request: int
    run: int = 1


class ChunkJob(Job, frozen=True, kw_only=True, tag="chunk"):
    """Copy a chunk."""

    table_id: str
    chunk: int


class ScanJob(Job, frozen=True, kw_only=True, tag="scan"):
    """Sum a range of one side for a comparison."""

    table_id: str
    pass_number: int
    side: Side
    range_number: int


class CompareJob(Job, frozen=True, kw_only=True, tag="compare"):
    """Compare the sums of both sides."""

    table_id: str
    pass_number: int


class RepairJob(Job, frozen=True, kw_only=True, tag="repair"):
    """Copy again what differs."""

    table_id: str
    pass_number: int


class ChangesJob(Job, frozen=True, kw_only=True, tag="changes"):
    """Copy again what was written lately."""

    table_id: str
    pass_number: int


class RetryJob(Job, frozen=True, kw_only=True, tag="retry_rows"):
    """Try the rows of an error again; `number` counts the times."""

    table_id: str
    error_id: str
    number: int


class BuildJob(Job, frozen=True, kw_only=True, tag="build"):
    """Create an object that comes after the rows."""

    object_id: str


class CheckJob(Job, frozen=True, kw_only=True, tag="check"):
    """Check what a mode promises of the target beside its rows, after so many comparisons."""

    number: int = 0


class ValidateJob(Job, frozen=True, kw_only=True, tag="validate"):
    """Go through one part of a kind of validation; `round` counts the times it was begun."""

    kind: Kind
    part: int
    round: int


class CutoverJob(Job, frozen=True, kw_only=True, tag="cutover"):
    """Finish the target."""


class BookkeepingJob(Job, frozen=True, kw_only=True, tag="bookkeeping"):
    """Remove what is kept on the target about the migration, once nobody needs it."""


class FenceJob(Job, frozen=True, kw_only=True, tag="fence"):
    """Shut the target to work of earlier epochs."""

    epoch: int


class RollbackJob(Job, frozen=True, kw_only=True, tag="rollback"):
    """Remove what was created."""

    epoch: int


class DropObjectsJob(Job, frozen=True, kw_only=True, tag="drop_objects"):
    """Drop objects that came after the rows, newest first; `unfinish` what the cutover did."""

    object_ids: tuple[str, ...]
    unfinish: bool = False


class UndoRowsJob(Job, frozen=True, kw_only=True, tag="undo_rows"):
    """Take back chunks of a table."""

    table_id: str


AnyJob = (
    PlanJob
    | TrialJob
    | PlanCheckJob
    | SchemaJob
    | SnapshotJob
    | ChunkJob
    | ScanJob
    | CompareJob
    | RepairJob
    | ChangesJob
    | RetryJob
    | BuildJob
    | CheckJob
    | ValidateJob
    | CutoverJob
    | BookkeepingJob
    | FenceJob
    | RollbackJob
    | DropObjectsJob
    | UndoRowsJob
)


class Assignment(Struct, frozen=True, kw_only=True):
    """A job that is not done: with an executor, or waiting for another attempt.

    `slot` is the place it takes among those at work at once. `snapshot_id` and `generation` are
    those it was dispatched with. `ready_at` is when a waiting job may be tried again.
    """

    job: AnyJob
    attempt: int
    slot: int
    dispatched_at: UtcDatetime
    snapshot_id: str = ""
    generation: int = 0
    standing: Literal["dispatched", "waiting"] = "dispatched"
    failures: int = 0
    ready_at: UtcDatetime | None = None


def task_id(migration_id: str, job: AnyJob, epoch: int = 1) -> str:
    """Give the task that belongs to a job: the same over attempts, deliveries and owners.

    Another epoch's is another task, so that what is reported late of one that was taken back
    says nothing about the one that does it again.
    """
    config = job.__struct_config__
    later = epoch > 1 and not isinstance(job, FenceJob | RollbackJob)
    parts = (
        str(config.tag),
        # The first run's tasks have the ids that they had before there could be a second run.
        *(
            str(getattr(job, name))
            for name in job.__struct_fields__
            if name != "run" or getattr(job, name) != 1
        ),
        *((f"epoch {epoch}",) if later else ()),
    )
    return derived_id(TASK, migration_id, *parts)
