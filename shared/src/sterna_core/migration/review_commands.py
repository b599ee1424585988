"""What can be asked about a plan before it is started."""

from msgspec import Struct

from sterna_core.migration.command import Command


class MappingReview(Struct, frozen=True, kw_only=True):
    """What somebody thinks of one mapping; None of `approved` leaves that as it is.

    `override_transformation` is an expression to put in the place of the planned one. It is tried
    first, and the mapping waits until it was.
    """

    mapping_id: str
    approved: bool | None = None
    override_transformation: str | None = None
    comment: str | None = None


class ReviewMappings(Command, frozen=True, kw_only=True, tag="migration.review_mappings.v1"):
    """Review several mappings: all of them, or none where one cannot be.

    `plan_digests` are those that the plan may have; none given means any.
    """

    reviews: tuple[MappingReview, ...]
    plan_digests: tuple[str, ...] = ()


class WantedColumn(Struct, frozen=True, kw_only=True):
    """Which column of the target's table a mapping is to go to; none, where that is empty."""

    mapping_id: str
    target_column: str


class ChooseColumns(Command, frozen=True, kw_only=True, tag="migration.choose_columns.v1"):
    """Let columns go elsewhere than they were matched to; the plan is made again."""

    columns: tuple[WantedColumn, ...]
    plan_digests: tuple[str, ...] = ()


class CheckPlan(Command, frozen=True, kw_only=True, tag="migration.check_plan.v1"):
    """Compare the approved plan with the source as it is now; a rehearsal tries everything."""

    rehearsal: bool = False
    skip_approval: bool = False
    plan_digests: tuple[str, ...] = ()


AnyReviewCommand = ReviewMappings | ChooseColumns | CheckPlan
