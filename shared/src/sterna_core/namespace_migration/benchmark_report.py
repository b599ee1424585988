"""What the queries of a benchmark have shown, retriever by retriever."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace_migration.benchmark_options import Gate

Mode = Literal["given", "known_item", "known_vectors", "none"]
Verdict = Literal["passed", "failed", "inconclusive"]
PAIRS_MIN = 10
"""With fewer queries nothing is concluded."""
WORST_TOLD = 10
"""Queries that are named because they lost most."""


class RetrieverQuality(Struct, frozen=True, kw_only=True):
    """What one side finds, and how long it takes, the embedding of the query included.

    `metrics` has `ndcg@k` and `recall@k` for each k, and `mrr`: means over all queries.
    """

    metrics: dict[str, float]
    latency_p50_ms: float
    latency_p95_ms: float


class WorseQuery(Struct, frozen=True, kw_only=True):
    """A query that found less in the target, by its nDCG."""

    query_id: str
    before: float
    after: float


class Difference(Struct, frozen=True, kw_only=True):
    """New minus old, of nDCG, as the mean over pairs and the interval around it."""

    mean: float
    lower: float
    upper: float


class BenchmarkReport(Struct, frozen=True, kw_only=True):
    """A retriever and its successor, asked the same questions.

    `given` are the user's queries, `known_item` those that were made of documents. With
    `known_vectors` only exact answers to vectors of the source were compared, and with `none`
    nothing; `reason` says why. `left_out` counts queries that could not be asked.
    """

    mode: Mode
    gate: Gate
    verdict: Verdict
    queries: int = 0
    left_out: int = 0
    k: int = 10
    max_drop: float = 0.0
    confidence: float = 0.95
    before: RetrieverQuality | None = None
    after: RetrieverQuality | None = None
    difference: Difference | None = None
    worst: tuple[WorseQuery, ...] = ()
    searches: int = 0
    alike: int = 0
    reason: str | None = None
    accepted_by: str | None = None
    accepted_at: UtcDatetime | None = None

    @property
    def refuses(self) -> bool:
        """Tell whether the migration may not go on with this."""
        return self.gate == "fail" and self.verdict != "passed" and self.accepted_by is None

    @property
    def code(self) -> str:
        """Name what is wrong where something is."""
        return "benchmark_failed" if self.verdict == "failed" else "benchmark_inconclusive"

    @property
    def message(self) -> str:
        """Say what was found, without what was asked."""
        if self.difference is None:
            return self.reason or "The retriever was not held against the old one."
        span = self.difference
        found = (
            f"nDCG@{self.k} of {self.queries} queries changes by {span.mean:+.4f}, with"
            f" {self.confidence:.0%} confidence between {span.lower:+.4f} and {span.upper:+.4f}"
        )
        if self.verdict == "passed":
            return f"{found}."
        if self.verdict == "inconclusive":
            return f"{found}: {self.reason}"
        return f"{found}; no more than {self.max_drop:.4f} may be lost."
