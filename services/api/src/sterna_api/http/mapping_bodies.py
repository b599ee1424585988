"""What is sent about mappings."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_api.http.migration_bodies import Expression, Reason
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_core.migration.plan import MappingStatus
from sterna_core.migration.review_commands import MappingReview

Decision = Literal["approved", "rejected"]
MappingId = Annotated[str, Meta(min_length=1, max_length=200)]
_NOTHING = "Give at least one of approved, status, override_transformation and comment"
_TWICE = "This says another thing than approved"
_REJECTED = "A transformation that is given is approved with it; leave out that it is rejected"


class MappingPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed of a mapping; `status` and `approved` say the same thing."""

    approved: bool | None = None
    status: Decision | None = None
    override_transformation: Expression | None = None
    comment: Reason | None = None

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
