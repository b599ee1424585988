"""What is sent about mappings."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_api.http.connection_bodies import Identifier
from sterna_api.http.migration_bodies import Expression, Reason
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_core.migration.plan import MappingStatus
from sterna_core.migration.review_commands import MappingReview, WantedColumn

Decision = Literal["approved", "rejected"]
MappingId = Annotated[str, Meta(min_length=1, max_length=200)]
_NOTHING = (
    "Give at least one of approved, status, override_transformation, comment and target_column"
)
_ALONE = "The plan is made again with another target_column: review it then, not with it"
_TWICE = "This says another thing than approved"
_REJECTED = "A transformation that is given is approved with it; leave out that it is rejected"


class MappingPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed of a mapping; `status` and `approved` say the same thing."""

    approved: bool | None = None
    status: Decision | None = None
    override_transformation: Expression | None = None
    comment: Reason | None = None
    target_column: Identifier | UnsetType | None = UNSET

    def review(self, mapping_id: str, loc: Location) -> MappingReview:
        """Give what is asked for; raises InvalidShape where it cannot be meant."""
        return _review(self, mapping_id, loc)


class OneMappingPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed of one mapping among several."""

    id: MappingId
    approved: bool | None = None
    status: Decision | None = None
    override_transformation: Expression | None = None
    comment: Reason | None = None
    target_column: Identifier | UnsetType | None = UNSET

    def review(self, loc: Location) -> MappingReview:
        """Give what is asked for; raises InvalidShape where it cannot be meant."""
        return _review(self, self.id, loc)


class MappingsPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed of several mappings: all of it is, or nothing."""

    mappings: Annotated[list[OneMappingPatch], Meta(min_length=1, max_length=100)]


class MappingsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which mappings to list; `table` is `schema.table` of the source."""

    status: MappingStatus | None = None
    table: Annotated[str, Meta(max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


def chosen(
    patches: Sequence[tuple[str, MappingPatch | OneMappingPatch, Location]],
) -> tuple[WantedColumn, ...]:
    """Give where columns are to go by some patches, each with the mapping's id and its place.

    None are given where no patch says that; raises InvalidShape where only some do, or where one
    says more.
    """
    if all(patch.target_column is UNSET for _, patch, _ in patches):
        return ()
    problems = [
        Problem((*loc, "target_column"), _ALONE, "contradiction")
        for _, patch, loc in patches
        if patch.target_column is UNSET
        or (patch.approved, patch.status, patch.override_transformation, patch.comment)
        != (None, None, None, None)
    ]
    if problems:
        raise InvalidShape(problems)
    return tuple(
        WantedColumn(mapping_id=mapping_id, target_column=patch.target_column or "")
        for mapping_id, patch, _ in patches
    )


def _review(given: MappingPatch | OneMappingPatch, mapping_id: str, loc: Location) -> MappingReview:
    approved = given.approved
    if given.status is not None:
        if approved is not None and approved != (given.status == "approved"):
            raise InvalidShape([Problem((*loc, "status"), _TWICE, "contradiction")])
        approved = given.status == "approved"
    if given.override_transformation is not None and approved is False:
        loc = (*loc, "override_transformation")
        raise InvalidShape([Problem(loc, _REJECTED, "contradiction")])
    if approved is None and given.override_transformation is None and given.comment is None:
        raise InvalidShape([Problem(loc, _NOTHING, "nothing_given")])
    return MappingReview(
        mapping_id=mapping_id,
        approved=approved,
        override_transformation=given.override_transformation,
        comment=given.comment,
    )
