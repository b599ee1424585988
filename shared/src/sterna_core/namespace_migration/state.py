"""The stages of a namespace migration's life: one shape each."""

from msgspec import Struct

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.job import Assignment
from sterna_core.namespace_migration.progress import MigrationStage
from sterna_core.namespace_migration.view import NamespaceMigrationView


class CollectionRun(Struct, frozen=True, kw_only=True):
    """A collection's batches: those before `next` were given out; what is not done is a job.

    `given_up` are those that nobody tries any more, until somebody resumes the migration.
    """

    batches: tuple[Batch, ...] = ()
    parts: int = 0
    is_planned: bool = False
    next: int = 0
    done: int = 0
    given_up: tuple[int, ...] = ()

    @property
    def documents(self) -> int:
        """How many documents all batches have."""
        return sum(each.expected for each in self.batches)


class Run(Struct, frozen=True, kw_only=True):
    """How far the work is. `steps` are the tasks of the stage at hand that are done.

    `ids` has the new id of every resource, and `attached` names those that something is applied to.
    """

    epoch: int
    resources: tuple[Resource, ...]
    ids: dict[str, str]
    attached: tuple[str, ...]
    stage: MigrationStage = "namespace_setup"
    steps: frozenset[str] = frozenset()
    collections: dict[str, CollectionRun] = {}
    jobs: dict[str, Assignment] = {}

    @property
    def at_work(self) -> int:
        """How many tasks are with executors."""
        return sum(1 for each in self.jobs.values() if each.standing == "dispatched")


class Stage(Struct, frozen=True, kw_only=True, tag_field="state"):
    """A stage of life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is none, or none any more."""

    existed: bool = False


class Known(Stage, frozen=True, kw_only=True):
    """There is one."""

    view: NamespaceMigrationView


class Draft(Known, frozen=True, kw_only=True, tag="draft"):
    """It waits to be started."""


class Validating(Known, frozen=True, kw_only=True, tag="validating"):
    """It was found possible, and what goes along is being recorded."""

    digest: str
    parts: int
    recorded: int = 0
    resources: tuple[Resource, ...] = ()


class Active(Known, frozen=True, kw_only=True):
    """It has begun and not ended."""

    run: Run


class Pending(Active, frozen=True, kw_only=True, tag="pending"):
    """No executor has begun yet."""


class Running(Active, frozen=True, kw_only=True, tag="running"):
    """Executors are at it."""


class Pausing(Active, frozen=True, kw_only=True, tag="pausing"):
    """What is at work comes to its end."""


class Paused(Active, frozen=True, kw_only=True, tag="paused"):
    """Nothing is at work."""


class Failed(Active, frozen=True, kw_only=True, tag="failed"):
    """It stands still until somebody resumes or cancels it."""


class Cancelling(Active, frozen=True, kw_only=True, tag="cancelling"):
    """It is cancelled; the target is being shut to what was at work."""


class RollingBack(Active, frozen=True, kw_only=True, tag="rolling_back"):
    """Aliases are led back to the source."""

    drops_target: bool


class RolledBack(Known, frozen=True, kw_only=True, tag="rolled_back"):
    """Readers are where they were before it; without `dropped` the target is still there."""

    dropped: bool


class RollbackFailed(Known, frozen=True, kw_only=True, tag="rollback_failed"):
    """It is not rolled back, or not wholly; `drops_target` is what was asked for."""

    drops_target: bool


class Completed(Known, frozen=True, kw_only=True, tag="completed"):
    """Everything has arrived."""


class Cancelled(Known, frozen=True, kw_only=True, tag="cancelled"):
    """It was given up."""


ActiveState = Pending | Running | Pausing | Paused | Failed
"""What goes on, or could go on."""
WithJobs = ActiveState | Cancelling | RollingBack
"""What executors may be at work for."""
State = (
    Absent
    | Draft
    | Validating
    | Pending
    | Running
    | Pausing
    | Paused
    | Failed
    | Cancelling
    | Completed
    | Cancelled
    | RollingBack
    | RolledBack
    | RollbackFailed
)
