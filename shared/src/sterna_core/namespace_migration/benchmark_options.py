"""How a migrated retriever is held against the old one, and what follows from it."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Gate = Literal["fail", "warn", "report"]
QUERIES_MAX = 1_000
QUERIES_BYTES_MAX = 128 * 1024
"""Of all queries as JSON: they lie in one record with what a validation has found."""

QueryText = Annotated[str, Meta(max_length=10_000)]
Name = Annotated[str, Meta(min_length=1, max_length=500)]
Grade = Annotated[int, Meta(ge=0, le=100)]
K = Annotated[int, Meta(ge=1, le=100)]


class JudgedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query, and the documents of the source that it should find; without a score each has 1.

    `query_input` is a text, or the inputs of a retriever by their names.
    """

    query_id: Name
    query_input: QueryText | dict[str, Any]
    relevant_documents: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=QUERIES_MAX)]
    relevance_scores: dict[str, Grade] | None = None

    @property
    def grades(self) -> dict[str, int]:
        """Give each relevant document with its grade."""
        scores = self.relevance_scores or {}
        return {name: scores.get(name, 1) for name in self.relevant_documents}


class BenchmarkOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much worse a migrated retriever may be, by which queries, and what happens if it is.

    Without a gate a copy has `fail`, and `re_extract` has `warn`. `queries` are for the retrievers
    of `retriever_ids` (without them for all); others are asked for `sample_size` known items. The
    first of `k_values` decides. `max_drop` is in points of nDCG.
    """

    gate: Gate | None = None
    queries: Annotated[tuple[JudgedQuery, ...], Meta(max_length=QUERIES_MAX)] = ()
    retriever_ids: Annotated[tuple[Name, ...], Meta(max_length=QUERIES_MAX)] | None = None
    sample_size: Annotated[int, Meta(ge=1, le=QUERIES_MAX)] = 100
    k_values: Annotated[tuple[K, ...], Meta(min_length=1, max_length=10)] = (10,)
    max_drop: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.02
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.95
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 0

    def __post_init__(self) -> None:
        if len({each.query_id for each in self.queries}) < len(self.queries):
            raise ValueError("two queries have the same query_id")
        if self.queries and len(msgspec.json.encode(self.queries)) > QUERIES_BYTES_MAX:
            raise ValueError(f"queries have more than {QUERIES_BYTES_MAX} bytes together")

    def queries_of(self, retriever_id: str) -> tuple[JudgedQuery, ...]:
        """Give the queries that were given for a retriever."""
        named = self.retriever_ids
        return self.queries if named is None or retriever_id in named else ()
