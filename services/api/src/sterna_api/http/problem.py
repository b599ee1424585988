from collections.abc import Iterable

from msgspec import Struct

from sterna_core.errors import InvalidRequest

Location = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """One thing that is wrong with a request: where, in words, and as a stable type."""

    loc: Location
    msg: str
    type: str


class InvalidShape(InvalidRequest):
    """A request is not of the right shape; every problem is listed. Answered with 422."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__("The request is not of the right shape.")
        self.problems = tuple(problems)
