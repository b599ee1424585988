"""How sure it is that the target can hold a column, measured on the source's real rows."""

import math
from collections.abc import Mapping

from msgspec import Struct

DECIMALS = 4
UNMEASURED_SAFE = 0.99
UNMEASURED_DOUBTFUL = 0.9


class Measured(Struct, frozen=True, kw_only=True):
    """What was found in the rows of a table that were looked at.

    `rows` is how many, `whole` whether these are all. `present` counts what is not null, and
    `holds` what the target can hold, by column; a column in which nothing can go wrong is not in
    `holds`. `failing` names rows in which something does, `longest` is in characters, and `bounds`
    are the lowest and the highest value.
    """

    rows: int
    whole: bool
    share: float
    present: Mapping[str, int]
    holds: Mapping[str, int]
    failing: Mapping[str, tuple[str, ...]] = {}
    longest: Mapping[str, int] = {}
    bounds: Mapping[str, tuple[str, str]] = {}

    @property
    def estimated_rows(self) -> int:
        """The rows of the whole table, as far as the sample tells."""
        return self.rows if self.whole else round(self.rows / self.share)


class Confidence(Struct, frozen=True):
    """A number between 0 and 1, and what it was measured on."""

    value: float
    evidence: str
    type_unknown: bool = False


def confidence_of(
    measured: Measured | None, column: str, *, type_known: str | None, doubtful: bool
) -> Confidence:
    """Say how sure it is that the target can hold a column.

    The value is the share of rows that it can hold, and 1 only where that is all of them.
    `type_known` says why the type is known to the target, None that it is not. `doubtful` says
    that values could fail, for rows that could not be looked at.
    """
    if type_known is None:
        return Confidence(0.0, "the target does not know the type", type_unknown=True)
    if measured is None:
        value = UNMEASURED_DOUBTFUL if doubtful else UNMEASURED_SAFE
        return Confidence(value, f"no row was looked at in the time given; type {type_known}")
    if measured.rows == 0:
        return Confidence(1.0, f"the table is empty; type {type_known}")
    passed = measured.holds.get(column, measured.rows)
    rate = share(passed, measured.rows)
    rows = f"{measured.rows:,} {'' if measured.whole else 'sampled '}rows"
    nulls = 1 - measured.present.get(column, measured.rows) / measured.rows
    spoken = f"{rate:.2f}" if passed == measured.rows else f"{rate:.4f}"
    failing = measured.failing.get(column)
    named = f" (not {', '.join(failing)})" if failing else ""
    null = f", {nulls:.0%} null" if nulls else ""
    return Confidence(rate, f"{spoken} of {rows} convertible{named}{null}; type {type_known}")


def share(part: int, whole: int) -> float:
    """Give a share, rounded down, so that it is 1 only where it is all; 0 of nothing."""
    scale: int = 10**DECIMALS
    return math.floor(part / whole * scale) / scale if whole else 0.0
