"""What an estimate tells. Every figure says how sure it is."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace_migration.finding import Finding


class Interval(Struct, frozen=True, kw_only=True):
    """A figure with the bounds that hold it in 95 of 100 samples; both are the figure if known."""

    value: float
    low: float
    high: float


class Count(Struct, frozen=True, kw_only=True):
    """How many there are: counted (`exact`), or as the store has it in its statistics."""

    count: int
    exact: bool = True


class SampleFigures(Struct, frozen=True, kw_only=True):
    """What was read of the source, and tried.

    `spread` tells whether it comes from all over the collections, or from where they begin. Texts
    were `embedded` or `rejected` (no vector can be made of them), and others not tried: time was
    up, or embedding costs money.
    """

    documents: int = 0
    texts: int = 0
    without_text: int = 0
    embedded: int = 0
    rejected: int = 0
    spread: bool = True


class Estimates(Struct, frozen=True, kw_only=True):
    """What a migration would take, as measured on a sample; nothing was written for it.

    What could not be found out is null, and `notes` say why. `counts` has the largest buckets and
    collections; tokens and cost are those of texts that are embedded anew, as if none had been
    embedded before.
    """

    measured_at: UtcDatetime
    documents: Count | None = None
    objects: Count | None = None
    counts: dict[str, Count] = {}
    bytes: Interval | None = None
    tokens: Interval | None = None
    cost_usd: Interval | None = None
    duration_seconds: Interval | None = None
    embedding_seconds: Interval | None = None
    sample: SampleFigures = SampleFigures()
    notes: tuple[Finding, ...] = ()


def known(value: float) -> Interval:
    """Give a figure that nobody has to guess."""
    return Interval(value=value, low=value, high=value)
