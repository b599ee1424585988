"""What has happened to a plan before it was started. Tags are never edited."""

from sterna_core.migration.event import Event
from sterna_core.migration.review import Difference, Rehearsal


class MappingCommented(Event, frozen=True, kw_only=True, tag="mapping.commented.v1"):
    """Somebody wrote a comment on a mapping."""

    mapping_id: str
    table_id: str
    comment: str
    by: str


class TransformationProposed(
    Event, frozen=True, kw_only=True, tag="mapping.transformation_proposed.v1"
):
    """Somebody gave an expression for a column; the mapping waits until it was tried."""

    mapping_id: str
    table_id: str
    number: int
    expression: str
    comment: str | None
    by: str
    digest: str


class TransformationAccepted(
    Event, frozen=True, kw_only=True, tag="mapping.transformation_accepted.v1"
):
    """An expression gave what the target takes for every row tried, and is in the plan now.

    `transformation` is what is run: the expression, with a cast to the target's type.
    """

    task_id: str
    mapping_id: str
    table_id: str
    number: int
    transformation: str
    rows: int
    whole: bool
    by: str
    digest: str


class TransformationRefused(
    Event, frozen=True, kw_only=True, tag="mapping.transformation_refused.v1"
):
    """An expression could not be run, or gave what the target does not take; nothing is changed.

    `rows` is how many were tried and `failed` how many of them failed.
    """

    task_id: str
    mapping_id: str
    table_id: str
    number: int
    code: str
    reason: str
    rows: int
    failed: int


class PlanCheckRequested(Event, frozen=True, kw_only=True, tag="plan.check_requested.v1"):
    """The plan is being compared with the source."""

    number: int
    rehearsal: bool
    skip_approval: bool
    by: str


class PlanChecked(Event, frozen=True, kw_only=True, tag="plan.checked.v1"):
    """The plan was compared with the source; without differences it is as it was approved."""

    task_id: str
    number: int
    differences: tuple[Difference, ...] = ()
    rehearsal: Rehearsal | None = None


class PlanCheckFailed(Event, frozen=True, kw_only=True, tag="plan.check_failed.v1"):
    """The plan could not be compared with the source."""

    task_id: str
    number: int
    code: str
    message: str


AnyReviewEvent = (
    MappingCommented
    | TransformationProposed
    | TransformationAccepted
    | TransformationRefused
    | PlanCheckRequested
    | PlanChecked
    | PlanCheckFailed
)
