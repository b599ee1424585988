"""The stages of a migration's life: one shape each."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.migration.about import About
from sterna_core.migration.agenda import Farewell
from sterna_core.migration.job import Assignment
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.review import Review
from sterna_core.migration.run import Plan, Run
from sterna_core.migration.undo_scope import UndoScope
from sterna_core.tasks.work import UndoStrategy


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of a migration's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such migration; `deleted` where there was.

    `farewell` is what others have still to be told of it.
    """

    deleted: bool = False
    farewell: Farewell | None = None


class Planning(Stage, frozen=True, kw_only=True, tag="planning"):
    """An executor looks at both databases, or is to: `begun` says which."""

    about: About
    round: int
    begun: bool = False
    jobs: dict[str, Assignment] = {}
    tables: dict[str, TablePlan] = {}
    parts: int = 0


class PlanFailed(Stage, frozen=True, kw_only=True, tag="plan_failed"):
    """No plan could be made; resuming plans again. `code` says why."""

    about: About
    round: int
    code: str = ""


class PlanReady(Stage, frozen=True, kw_only=True, tag="plan_ready"):
    """The plan waits for a person's approval of some mappings."""

    about: About
    plan: Plan
    round: int = 1
    review: Review = Review()


class Approved(Stage, frozen=True, kw_only=True, tag="approved"):
    """The plan may be started."""

    about: About
    plan: Plan
    round: int = 1
    review: Review = Review()


class Running(Stage, frozen=True, kw_only=True, tag="running"):
    """Tasks are at work."""

    about: About
    plan: Plan
    run: Run


class Pausing(Stage, frozen=True, kw_only=True, tag="pausing"):
    """No new task is given out; those at work come to their end."""

    about: About
    plan: Plan
    run: Run


class Paused(Stage, frozen=True, kw_only=True, tag="paused"):
    """Nothing is at work."""

    about: About
    plan: Plan
    run: Run
    since: UtcDatetime


class Failed(Stage, frozen=True, kw_only=True, tag="failed"):
    """Something must be put right before the run can be resumed or cancelled."""

    about: About
    plan: Plan
    run: Run
    since: UtcDatetime
    code: str


class Cancelling(Stage, frozen=True, kw_only=True, tag="cancelling"):
    """The target is being shut to every executor."""

    about: About
    plan: Plan
    run: Run
    rollback: bool
    strategy: UndoStrategy = "reverse_migration"
    verify: bool = True
    ledger: bool = False


class RollingBack(Stage, frozen=True, kw_only=True, tag="rolling_back"):
    """What was created is being removed."""

    about: About
    plan: Plan
    run: Run
    strategy: UndoStrategy = "reverse_migration"
    verify: bool = True
    ledger: bool = False


class RollbackBlocked(Stage, frozen=True, kw_only=True, tag="rollback_blocked"):
    """The rollback failed; cancelling again tries again."""

    about: About
    plan: Plan
    run: Run


class Restoring(Stage, frozen=True, kw_only=True, tag="restoring"):
    """A part of the run is being taken back; then it is paused.

    `tried` are tables, and `begun` objects, of which something may be in the target that was
    not reported. `unfinish` where the cutover may have done its work.
    """

    about: About
    plan: Plan
    run: Run
    undo: UndoScope
    tried: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    unfinish: bool = False
    removed: dict[str, int] = {}


class Cancelled(Stage, frozen=True, kw_only=True, tag="cancelled"):
    """Ended; the target was left as it stood. `epoch` is the last, or 0 where nothing was begun.

    `ledger` says whether the target holds what a rollback goes by.
    """

    about: About
    epoch: int = 0
    ledger: bool = False


class RolledBack(Stage, frozen=True, kw_only=True, tag="rolled_back"):
    """Ended; the target is as it was found."""

    about: About


class Completed(Stage, frozen=True, kw_only=True, tag="completed"):
    """Everything arrived, and was compared; `epoch` and `ledger` are as in `Cancelled`."""

    about: About
    epoch: int = 0
    ledger: bool = False


ActiveState = Running | Pausing | Paused | Failed
EndingState = Cancelling | RollingBack | RollbackBlocked
FinalState = Cancelled | RolledBack | Completed
State = (
    Absent
    | Planning
    | PlanFailed
    | PlanReady
    | Approved
    | ActiveState
    | Restoring
    | EndingState
    | FinalState
)
