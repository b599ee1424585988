"""Which rows of an ordered span are refused: all others are copied, in order, each once.

Where a span is refused, a row of it is found: the one that the refusal names, or the one in the
middle. What is before that row, the row alone, and what is after it are then tried, in order. So
each row is decided on after all that come before it, and a row that is refused alone is refused.
With a refusal that names its row every row travels about twice; without, about as often as the
logarithm of their number for each row that is refused.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sterna_core.errors import DataRejected

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Span(Generic[Place]):
    """Rows between two places, without the rows at these; None is the very beginning or end.

    `only` is the place of the one row that is meant.
    """

    after: Place | None = None
    before: Place | None = None
    only: Place | None = None

    def parts(self, at: Place) -> tuple["Span[Place]", "Span[Place]", "Span[Place]"]:
        """Divide into what is before a place, the row there, and what is after it."""
        return Span(self.after, at), Span(only=at), Span(at, self.before)


@dataclass(frozen=True, slots=True)
class RefusedRow(Generic[Place]):
    """A row that is refused also when it comes alone, and with what error."""

    place: Place
    error: DataRejected


class Rows(Protocol[Place]):
    """Rows that can be tried span by span."""

    async def attempt(self, span: Span[Place]) -> int:
        """Copy a span, all of it or nothing, and count it. Raises DataRejected."""
        ...

    async def named(self, span: Span[Place], error: DataRejected) -> Place | None:
        """Give the place of the row that a refusal of `span` names, if it names one."""
        ...

    async def middle(self, span: Span[Place]) -> Place | None:
        """Give the place of a row in the middle of a span; none where it has no rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many refused rows are too many: in all, and one after another."""

    rows: int
    in_succession: int

    def without_succession(self) -> "Bounds":
        """Give the same bound on all rows alone, for rows that are known to be refused."""
        return Bounds(rows=self.rows, in_succession=self.rows)


class Tally:
    """Counts refused rows, over all spans that are sifted one after another."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._refused = 0
        self._in_succession = 0

    def arrived(self, rows: int) -> None:
        """Count rows that were taken."""
        if rows:
            self._in_succession = 0

    def refused(self, error: DataRejected) -> None:
        """Count a row that was refused; raises DataRejected beyond the bounds."""
        self._refused += 1
        self._in_succession += 1
        if self._refused > self._bounds.rows or self._in_succession > self._bounds.in_succession:
            raise DataRejected(
                f"too many rows are refused: the last for SQLSTATE {error.details.get('sqlstate')}",
                code="too_many_data_errors",
                details={
                    **error.details,
                    "refused": self._refused,
                    "in_succession": self._in_succession,
                },
            )


async def sift(
    rows: Rows[Place], whole: Span[Place], tally: Tally
) -> tuple[list[RefusedRow[Place]], int]:
    """Copy what is not refused of a span; give what is refused, in order, and the rows copied.

    Raises DataRejected with the code `too_many_data_errors` beyond the bounds of the tally.
    """
    refused: list[RefusedRow[Place]] = []
    copied = 0
    trusts_names = True
    tried = [(whole, False)]
    while tried:
        span, is_named = tried.pop()
        try:
            count = await rows.attempt(span)
        except DataRejected as error:
            if span.only is not None:
                refused.append(RefusedRow(span.only, error))
                tally.refused(error)
                continue
            at = await rows.named(span, error) if trusts_names else None
            named = at is not None
            if at is None:
                at = await rows.middle(span)
            if at is None:
                raise  # a span without rows was refused: it is not about its rows
            before, alone, after = span.parts(at)
            tried += ((after, False), (alone, named), (before, False))
        else:
            copied += count
            tally.arrived(count)
            if is_named:
                # The server read ahead, and named a row before the one that it minded.
                trusts_names = False
    return refused, copied
