"""Asks a copy and its source the same questions: a copy has to answer as its source does."""

import math

from sterna_core.errors import Terminal
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BenchmarkRetriever

SAMPLE_DOCUMENTS = 20
"""Documents of each collection whose own vectors are asked for."""
_TOLERANCE = 1e-5


class AnswersDiffer(Terminal):
    """The copy does not find what its source does."""

    code = "benchmark_failed"


async def compare_answers(
    work: BenchmarkRetriever, source: Space, target: Space, ids: dict[str, str]
) -> dict[str, float]:
    """Search both exactly for known items; gives how many searches there were and were alike.

    Raises AnswersDiffer where one was not.
    """
    asked = alike = 0
    for collection_id in work.retriever.definition.get("collection_ids", ()):
        page = await source.documents.scan(Span(collection_id), PageLimit(SAMPLE_DOCUMENTS))
        for document in page.documents:
            for uri, vector in document.vectors.items():
                before = await source.vectors.search(
                    Query(
                        feature_uri=uri, vector=vector, collection_ids=(collection_id,), exact=True
                    )
                )
                after = await target.vectors.search(
                    Query(
                        feature_uri=uri,
                        vector=vector,
                        collection_ids=(ids[collection_id],),
                        exact=True,
                    )
                )
                asked += 1
                alike += len(before) == len(after) and all(
                    math.isclose(old.score, new.score, abs_tol=_TOLERANCE)
                    for old, new in zip(before, after, strict=True)
                )
    if alike < asked:
        raise AnswersDiffer(
            f"Of {asked} exact searches {asked - alike} find something else in the copy.",
            details={"searches": asked, "alike": alike},
        )
    return {"searches": float(asked), "alike": float(alike)}
