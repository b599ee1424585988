from typing import Annotated, Any

from msgspec import Meta, Struct

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
OFFSET_MAX = 1_000_000


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class Pagination(Struct, frozen=True):
    """Where a page lies in its list."""

    total: int
    limit: int
    offset: int
    has_more: bool


class PageBody(Struct, frozen=True):
    """A page of a list."""

    data: list[Any]
    pagination: Pagination


def page_body(data: list[Any], *, total: int, limit: int, offset: int) -> PageBody:
    """Give the body of a page."""
    return PageBody(data, Pagination(total, limit, offset, offset + len(data) < total))
