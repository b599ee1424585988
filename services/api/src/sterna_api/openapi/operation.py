from typing import Any, Literal

from msgspec import Struct

Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]


class Page(Struct, frozen=True):
    """An answer that is a page of a list of things of one type."""

    item: Any


class Media(Struct, frozen=True):
    """An answer that is not JSON."""

    type: str
    description: str


class Operation(Struct, frozen=True, kw_only=True):
    """What one method at one path takes, answers and needs: documented and enforced from here.

    `answers` gives for each status of success a msgspec type, a Page, a Media, a tuple of these,
    or None for an answer without a body. Errors need no mention: what every operation of its kind
    can answer is added.
    """

    method: Method
    path: str
    scope: str | None
    """What a caller's key must allow; None for what needs no key."""
    summary: str
    body: Any = None
    lines: Any = None
    """Of what type each line of the body is, where that is JSON line by line."""
    file: Media | None = None
    """What the body is, where it is a file."""
    query: Any = None
    answers: dict[int, Any]
    description: str = ""
    takes_token: bool = False
    """The word of an address may stand for a key."""
    headers: dict[str, str] = {}
    """Request headers of this operation only, with what they are for."""

    @property
    def key(self) -> tuple[str, str]:
        """Give where the operation is found in the table."""
        return (self.method, self.path)

    @property
    def tag(self) -> str:
        """Give the group that the operation is shown in."""
        return self.path.split("/")[2] if self.scope is not None else "service"
